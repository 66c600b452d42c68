"use strict";
// Buttons with data-copies="ID" put that element's text on the clipboard; #said says so, in the words of
// the button's label "Copy …".
(() => {
  const said = document.getElementById("said");
  let clearing = 0;

  const say = (text) => {
    said.textContent = text;
    clearTimeout(clearing);
    clearing = setTimeout(() => { said.textContent = ""; }, 6000);
  };

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copy = async (element) => {
    try {
      await navigator.clipboard.writeText(element.textContent);
      return true;
    } catch {
      select(element); // stays selected, for a copy by hand where this one is refused too
      return document.execCommand("copy");
    }
  };

  for (const button of document.querySelectorAll("button[data-copies]")) {
    button.hidden = false;
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copies]");
    if (!button) return;
    const what = button.getAttribute("aria-label").replace(/^Copy /, "");
    const done = await copy(document.getElementById(button.dataset.copies));
    say(done ? `copied: ${what}` : `${what} is selected; copy it with Ctrl+C or ⌘C`);
  });
})();
