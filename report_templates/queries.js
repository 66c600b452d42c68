"use strict";
// Draws any two entries of a language from the page's data. The state is the fragment: #a=…&b=…&show=…&query=….
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const names = data.entries.map((entry) => entry.name);
  const listed = data.entries.some((entry) => Object.keys(entry.lists).length);
  const foldable = data.judged || listed; // whether there is more of a query than its line
  const control = (id) => document.getElementById(id);
  const [pairOf, selectA, selectB, show, count, search] = ["pair-of", "a", "b", "show", "count", "search"].map(control);
  const sample = document.querySelector(".text");
  const said = { lang: sample ? sample.lang : "", dir: sample ? sample.dir : "auto" };
  const state = { a: data.first, b: data.second, show: "both", query: "" };

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }
  const bdi = (text) => element("bdi", {}, text);
  const small = (text) => element("p", { class: "small" }, text);

  function words(text, tag = "p") {
    const made = element(tag, { class: "text", dir: said.dir }, text);
    if (said.lang) made.lang = said.lang;
    return made;
  }

  function heading(title) {
    const made = words(bdi(title));
    made.classList.add("title");
    return made;
  }

  // The fragment

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function readState() {
    const given = new Map();
    for (const part of location.hash.slice(1).split("&")) {
      const [name, ...rest] = part.split("=");
      given.set(name, decoded(rest.join("=")));
    }
    const place = (name, otherwise) => (names.includes(given.get(name)) ? names.indexOf(given.get(name)) : otherwise);
    state.a = place("a", data.first);
    state.b = place("b", data.second);
    if (state.a === state.b) separate("b", given.has("a") ? data.first : data.second);
    state.show = ["won", "lost"].includes(given.get("show")) ? given.get("show") : "both";
    state.query = given.get("query") ?? "";
    state.unknown = [...given].filter(([name, value]) => value && !["a", "b", "show", "query"].includes(name)).map(([name]) => `Switch ${name}`);
    state.unknown.push(...["a", "b"].filter((name) => given.has(name) && !names.includes(given.get(name))).map((name) => `Entry ${name}`));
    if (!["", "both", "won", "lost"].includes(given.get("show") ?? "")) state.unknown.push(`Choice ${given.get("show")}`);
  }

  function separate(which, wanted) {
    const other = which === "a" ? state.b : state.a;
    const choices = [wanted, data.baseline, data.second, data.first, 0, 1];
    state[which] = choices.find((place) => place !== other);
  }

  function writeState() {
    const parts = [`a=${encodeURIComponent(names[state.a])}`, `b=${encodeURIComponent(names[state.b])}`];
    if (state.show !== "both") parts.push(`show=${state.show}`);
    if (state.query) parts.push(`query=${encodeURIComponent(state.query)}`);
    history.replaceState(null, "", `#${parts.join("&")}`);
  }

  // The pair

  function balance() {
    const { a, b } = state;
    const found = data.balances[a < b ? `${a}-${b}` : `${b}-${a}`];
    if (!found || a < b) return found;
    const [won, tied, lost, ...parts] = found;
    const [gained, given, mostGained, mostGiven] = parts.map((value) => -value);
    return [lost, tied, won, given, gained, mostGiven, mostGained];
  }

  function hanging([won, , lost, gained, given, mostGained, mostGiven]) {
    if (!won && !lost) return "The two are equal on every query.";
    const difference = gained + given;
    const [side, number, largest] = difference < 0 ? ["lost", lost, mostGiven] : ["won", won, mostGained];
    const few = number > data.most ? `the ${data.most} queries ${side} by A most` : `the queries ${side} by A`;
    return `If ${few} were ties, the difference would be ${signed(difference - largest)}.`;
  }

  function drawPair() {
    const address = (entry) => `../entries/${encodeURIComponent(entry.name)}.html`;
    const link = (entry) => element("a", { href: address(entry) }, bdi(entry.label));
    const [a, b] = [data.entries[state.a], data.entries[state.b]];
    control("pair").replaceChildren(
      element("strong", {}, "A"), " is ", link(a), ` (mean ${hundred(a.mean)}), `,
      element("strong", {}, "B"), " is ", link(b), ` (mean ${hundred(b.mean)}): Δ ${signed(a.mean - b.mean)}.`,
    );
    control("compared").replaceChildren(bdi(a.label), " against ", bdi(b.label));
    const found = balance();
    control("balance").hidden = !found;
    if (!found) return;
    const [won, tied, lost, gained, given, mostGained, mostGiven] = found;
    const rows = [
      [thousands(won), signed(gained), signed(mostGained)],
      [thousands(tied), "", ""],
      [thousands(lost), signed(given), signed(mostGiven)],
      [thousands(data.total), signed(gained + given), ""],
    ];
    control("balance").querySelectorAll("tbody tr").forEach((row, i) => {
      row.querySelectorAll("td").forEach((cell, j) => { cell.textContent = rows[i][j]; });
    });
    control("balance").querySelector(":scope > p").textContent = hanging(found);
  }

  function chosen() {
    const { a, b } = state;
    const isPair = ([one, other]) => (a === one && b === other) || (a === other && b === one);
    if (data.of === "first") return isPair([data.first, data.second]);
    const listed = [a, b].includes(data.baseline) || data.contrasts.some(isPair);
    return data.of === "every" || listed || data.queries.length === data.total;
  }

  // What kind of query A helps: rows are those of the written page, for groups are the same for all pairs

  function drawPanels() {
    const panels = control("panels");
    if (!panels) return;
    const { a, b } = state;
    const found = data.gains[a < b ? `${a}-${b}` : `${b}-${a}`];
    panels.hidden = !found;
    control("no-panels").hidden = Boolean(found);
    if (!found) return;
    const rows = [];
    for (let i = 0; i < found.length; i += 2) rows.push([a < b ? found[i] : -found[i], found[i + 1]]);
    const reach = Math.max(...rows.map(([value, half]) => Math.abs(value) + (half ?? 0)));
    const limit = data.limits.find((one) => reach <= one) ?? data.limits.at(-1);
    const place = (number) => 50 + (50 * Math.max(-limit, Math.min(limit, number))) / limit;
    const overall = place((data.entries[a].mean - data.entries[b].mean) / data.unit);
    const ends = String(Math.round(100 * limit * data.unit));
    for (const ticks of panels.querySelectorAll(".ticks")) {
      [`\u2212${ends}`, "0", `+${ends}`].forEach((text, i) => { ticks.children[i].textContent = text; });
    }
    panels.querySelectorAll("tbody tr").forEach((row, i) => {
      const [value, half] = rows[i];
      const [low, high] = [value - (half ?? 0), value + (half ?? 0)];
      const said = half === null ? "" : `[${signed(low * data.unit)}, ${signed(high * data.unit)}]`;
      row.querySelector(".of-difference").textContent = signed(value * data.unit);
      row.querySelector(".of-interval").textContent = said;
      const lines = { overall: [overall, overall], reach: [place(low), place(high)], dot: [place(value), place(value)] };
      for (const [name, [x1, x2]] of Object.entries(lines)) {
        const line = row.querySelector(`.${name}`);
        line.setAttribute("x1", x1);
        line.setAttribute("x2", x2);
      }
    });
  }

  function seeds(a, b) {
    const shared = a.seeds.filter((seed) => b.seeds.includes(seed));
    return shared.length ? [shared[0], shared[0]] : [a.seeds[0], b.seeds[0]];
  }

  // One query

  const difference = (query) => query.scores[state.a] - query.scores[state.b]; // in units

  function mark(grade) {
    const judged = grade > 0 ? `✓ relevant, grade ${grade}` : "✗ judged not relevant";
    return element("span", { class: "mark" }, grade === undefined ? "– not judged" : judged);
  }

  function rank(number) {
    if (number === undefined) return "?";
    if (number === 0) return "not found";
    return number > 0 ? String(number) : `> ${-number}`;
  }

  function ranks(query) {
    const pair = [data.entries[state.a], data.entries[state.b]];
    const place = data.queries.indexOf(query);
    const [a, b] = seeds(...pair).map((seed, i) => (pair[i].ranks[seed] ?? [])[place]);
    return (query.relevant ?? []).map((_, i) => (a || b ? `${rank(a?.[i])} vs ${rank(b?.[i])}` : ""));
  }

  function passage(place, grade, score, ranked) {
    const [id, text, title] = data.passages[place];
    const about = element("span", { class: "about" });
    if (data.judged) about.append(mark(grade), " · ");
    about.append(bdi(id));
    if (ranked) about.append(" · rank ", element("span", { class: "ranks" }, ranked));
    if (score !== undefined) about.append(` · score ${score.toFixed(4)}`);
    const item = element("li", grade ? { class: "relevant" } : {}, about);
    if (title) item.append(heading(title));
    if (text) item.append(words(text));
    return item;
  }

  function list(letter, entry, seed, place, grades) {
    const rows = (entry.lists[seed] ?? [])[place];
    const heading = element("h4", {}, `${letter}: `, bdi(entry.label), rows ? `, seed ${seed}` : "");
    if (!rows) return element("section", {}, heading, small("No list: its run file is not at hand."));
    if (!rows.length) return element("section", {}, heading, small("It found no passage."));
    const items = element("ol", {});
    for (let i = 0; i < rows.length; i += 2) items.append(passage(rows[i], grades.get(rows[i]), rows[i + 1]));
    return element("section", {}, heading, items);
  }

  function body(query) {
    const made = element("div", { class: "body" });
    const grades = new Map([...(query.relevant ?? []), ...(query.judged ?? [])]);
    if (data.judged) {
      const ranked = ranks(query);
      const relevant = query.relevant.map(([place, grade], i) => passage(place, grade, undefined, ranked[i]));
      const items = element("ul", {}, ...relevant);
      if (query.more) items.append(element("li", {}, `and ${query.more} more`));
      const title = `Relevant passages${ranked.some(Boolean) ? ", rank in A vs B" : ""}`;
      made.append(element("h4", {}, title), items);
    }
    if (listed) {
      const pair = [data.entries[state.a], data.entries[state.b]];
      const place = data.queries.indexOf(query);
      const chosen = seeds(...pair);
      const lists = pair.map((entry, i) => list("AB"[i], entry, chosen[i], place, grades));
      made.append(element("div", { class: "lists" }, ...lists));
    }
    return made;
  }

  function article(query) {
    const delta = element("span", { class: "difference" }, signed(difference(query) * data.unit));
    const [a, b] = [state.a, state.b].map((place) => query.scores[place] * data.unit);
    const ranked = ranks(query).filter(Boolean);
    const few = ranked.slice(0, data.ranks).join(", ") + (ranked.length > data.ranks ? ", …" : "");
    const both = element("span", { class: "both small" }, `A ${hundred(a)}, B ${hundred(b)}${few && ` · rank ${few}`}`);
    const line = [element("h3", {}, delta, " ", bdi(query.query_id)), both];
    if (query.text) line.push(words(query.text, "span"));
    const article = element("article", { class: "query", "data-query": query.query_id });
    if (!foldable) {
      article.append(element("div", { class: "unfolded" }, ...line));
      return article;
    }
    const summary = element("summary", {}, ...line);
    const details = element("details", {}, summary);
    const fill = () => { if (!details.querySelector(".body")) details.append(body(query)); };
    details.addEventListener("toggle", fill);
    summary.addEventListener("click", () => {
      fill();
      if (!details.open) state.query = query.query_id;
      else if (state.query === query.query_id) state.query = "";
      writeState();
    });
    article.append(details);
    return article;
  }

  function unfold(details) {
    details.open = true;
    details.dispatchEvent(new Event("toggle")); // now: the browser's own comes in a later task, after a print
  }

  // All that is shown

  function sections() {
    const most = count.value === "all" ? data.queries.length : Number(count.value);
    const won = data.queries.filter((query) => difference(query) > 0);
    const lost = data.queries.filter((query) => difference(query) < 0);
    won.sort((one, other) => difference(other) - difference(one));
    lost.sort((one, other) => difference(one) - difference(other));
    const term = search.value.trim().normalize("NFC").toLowerCase();
    if (term) {
      const holds = (text) => (text ?? "").normalize("NFC").toLowerCase().includes(term);
      const tied = data.queries.filter((query) => difference(query) === 0);
      const found = [...won, ...tied, ...lost.reverse()].filter((query) => holds(query.query_id) || holds(query.text));
      const status = `Found: ${found.length} of the ${data.queries.length} queries on this page.`;
      return [status, [["found", "Found, from won to lost", found.slice(0, most)]]];
    }
    const shown = [
      ["won", "Won most: A above B", won.slice(0, most)], ["lost", "Lost most: B above A", lost.slice(0, most)],
    ].filter(([side]) => state.show === "both" || state.show === side);
    const status = `Shown: ${shown.map(([side, , queries]) => `${queries.length} ${side} by A`).join(", ")}.`;
    const linked = data.queries.find((query) => query.query_id === state.query);
    const there = shown.some(([, , queries]) => queries.includes(linked));
    if (linked && !there) shown.unshift(["linked", "Linked", [linked]]);
    return [status, shown];
  }

  function draw() {
    selectA.value = state.a;
    selectB.value = state.b;
    show.value = state.show;
    if (pairOf) {
      pairOf.value = `${state.a}-${state.b}`;
      if (pairOf.selectedIndex < 0) pairOf.value = "";
    }
    drawPair();
    drawPanels();
    const [status, shown] = sections();
    const made = shown.map(([id, title, queries]) => {
      const heading = element("h2", { id }, title);
      const articles = queries.length ? queries.map(article) : [element("p", {}, "None.")];
      return element("section", { "aria-labelledby": id }, heading, ...articles);
    });
    control("results").replaceChildren(...made);
    const open = opened() ?? document.querySelector(".query");
    if (open && foldable) unfold(open.querySelector("details"));
    const wrong = chosen() ? [] : [" The queries won and lost most by these two are not all on this page."];
    wrong.push(...state.unknown.map((part) => ` ${part} of the URL is not on this page.`));
    if (state.query && !data.queries.some((query) => query.query_id === state.query)) {
      wrong.push(" The query of the URL is not on this page.");
    }
    control("status").textContent = status + wrong.join("");
  }

  const opened = () => [...document.querySelectorAll(".query")].find((one) => one.dataset.query === state.query);

  function arrive() {
    readState();
    draw();
    const linked = opened();
    if (!linked) return;
    linked.scrollIntoView({ block: "start" });
    linked.querySelector("summary")?.focus({ preventScroll: true });
  }

  function choose(which, place) {
    const other = which === "a" ? "b" : "a";
    if (place === state[other]) state[other] = state[which];
    state[which] = place;
    changed();
  }

  function changed() {
    state.unknown = [];
    draw();
    writeState();
  }

  pairOf?.addEventListener("change", () => {
    if (pairOf.value) [state.a, state.b] = pairOf.value.split("-").map(Number);
    changed();
  });
  selectA.addEventListener("change", () => choose("a", Number(selectA.value)));
  selectB.addEventListener("change", () => choose("b", Number(selectB.value)));
  control("swap").addEventListener("click", () => {
    [state.a, state.b] = [state.b, state.a];
    changed();
  });
  show.addEventListener("change", () => {
    state.show = show.value;
    changed();
  });
  count.addEventListener("change", draw);
  search.addEventListener("input", draw);
  window.addEventListener("hashchange", arrive);
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll(".query details:not([open])").forEach(unfold);
  });

  control("controls").hidden = false;
  arrive();
})();
