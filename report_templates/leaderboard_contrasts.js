// The contrasts: every view is on the page, that of the chosen measure and language is shown.

/** Show the view of a state, without the contrasts of entries that are hidden. */
function showContrasts(data, state, views) {
  for (const view of views) {
    view.hidden = view.dataset.measure !== state.measure || view.dataset.language !== scope(data, state);
  }
  const hidden = new Set(data.entries.filter((_, i) => !visible(data, state, i)).map((entry) => entry.name));
  for (const row of document.querySelectorAll('#contrasts [data-rows]')) {
    row.hidden = JSON.parse(row.dataset.rows).some((entry) => hidden.has(entry));
  }
  const rows = [...document.querySelectorAll('#contrasts tbody:not([hidden]) tr')];
  const headline = document.querySelector('#contrasts .headline:not([hidden])');
  if (headline) {
    headline.textContent = contrastHeadline(data, rows.filter((row) => !row.hidden), rows.length);
  }
}

/** Return the finding on the shown rows of a view in one sentence. As in contrasts_section.headline. */
function contrastHeadline(data, rows, count) {
  const { words, named } = data.contrasts;
  const most = Math.max(...words.map((word) => rows.filter((row) => row.dataset.word === word).length));
  const parts = words.flatMap((word) => {
    const names = rows.filter((row) => row.dataset.word === word).map((row) => row.querySelector('.pair').textContent);
    const listed = [...new Set(names)];
    const those = named.includes(word) && listed.length <= 3 ? ` (${listed.join(', ')})` : '';
    return names.length ? [`${most === rows.length && names.length > 1 ? 'all' : names.length} ${word}${those}`] : [];
  });
  const hidden = count - rows.length;
  if (!rows.length) {
    return `${quantity(count, 'published contrast')} measured here, all of hidden entries.`;
  }
  return `Of ${quantity(rows.length, 'published contrast')} measured here${hidden ? `, without ${hidden} of hidden entries` : ''}: ${parts.join('; ')}.`;
}
