// The contrasts: every view is on the page, that of the chosen measure and language is shown.

/** Show the view of a state, without the contrasts of entries that are hidden. */
function showContrasts(data, state, views) {
  for (const view of views) {
    view.hidden = view.dataset.measure !== state.measure || view.dataset.language !== scope(state);
  }
  const hidden = new Set(data.entries.filter((_, i) => !visible(data, state, i)).map((entry) => entry.name));
  for (const row of document.querySelectorAll('#contrasts [data-rows]')) {
    row.hidden = JSON.parse(row.dataset.rows).some((entry) => hidden.has(entry));
  }
}
