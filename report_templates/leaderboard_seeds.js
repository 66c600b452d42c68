// The figures of seeds and of ranks under other switches: as in seeds_plot.py and ranks_plot.py.

function seedsTitle(data, state) {
  return `${state.measure} of every seed${state.language ? `, ${state.language}` : ''}, \u00d7 100`;
}

/** Draw one dot per seed, lowest on top, in one panel per language or in that of the chosen one. */
function seeds(data, state, [width, height]) {
  const measure = data.measures.indexOf(state.measure);
  const languages = state.language ? [state.language] : data.languages.slice(0, Math.min(6, data.languages.length - 1));
  const scores = (entry, language) => data.seeds[measure][entry][data.languages.indexOf(language)] ?? [];
  const entries = shownEntries(data, state).filter((entry) => languages.some((language) => scores(entry, language).length));
  const domain = extent(entries.flatMap((entry) => languages.flatMap((language) => scores(entry, language))).map((score) => 100 * score));
  const columns = Math.min(3, languages.length);
  const panelHeight = height / Math.ceil(languages.length / columns);
  const panelWidth = (width - 150) / columns;
  return languages.flatMap((language, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const box = rowBox([150 + column * panelWidth, 20 + row * panelHeight, panelWidth - 14, panelHeight - 44], entries.length);
    const [x, y] = [scale(domain, box[0], box[0] + box[2]), rowPlace(box, entries.length)];
    const rowHeight = box[3] / Math.max(1, entries.length);
    return [
      written(box[0], box[1] - 6, 'start', language, { 'font-size': SIZE.text }),
      ...entries.flatMap((entry, at) => [
        ...rowName(box, column ? '' : shownName(data, entry), y(at)),
        ...seedMarks(scores(entry, language).map((score) => x(100 * score)), y(at), Math.min(8.5, rowHeight / 2)),
      ]),
      ...axisBelow(box, x, ticks(domain, columns > 1 ? 4 : 8), ''),
    ];
  });
}

function seedMarks(places, y, spread) {
  if (!places.length) {
    return [];
  }
  const mean = places.reduce((sum, place) => sum + place, 0) / places.length;
  const dot = (cx, i) => drawn('circle', { cx, cy: y + spread * (i / (places.length - 1) - 0.5), r: 2.1, fill: 'var(--link)' });
  return [ruled(mean, y - 6.5, mean, y + 6.5, { stroke: 'currentColor', 'stroke-width': 1.2 }), ...places.map(dot)];
}

function ranksTitle(data, state) {
  return `Rank on ${state.measure}, ${scopeWords(data, state)}, with its 95 % interval`;
}

/** Draw the rank of each shown entry among all entries, its interval and its letters. */
function ranks(data, state, [width, height]) {
  const all = data.entries.map((_, entry) => found(data, state, entry, scope(state)));
  const scored = all.filter((score) => score && score.rank_best !== null);
  const rows = shownEntries(data, state).filter((entry) => scored.includes(all[entry]));
  const rank = (entry) => 1 + scored.filter((score) => score.mean > all[entry].mean).length;
  const box = rowBox([150, 24, width - 212, height - 66], rows.length);
  const domain = [0.4, Math.max(1, scored.length) + 0.6];
  const x = scale(domain, box[0], box[0] + box[2]);
  const y = rowPlace(box, rows.length);
  const whole = scored.length > 20 ? ticks(domain, 10) : Array.from({ length: Math.max(1, scored.length) }, (_, i) => i + 1);
  const bar = { stroke: 'var(--link)', 'stroke-width': 5, 'stroke-opacity': 0.55 };
  return [
    written(width, 13, 'end', 'letters', { fill: 'var(--soft)' }),
    ...rows.flatMap((entry, i) => [
      ...rowName(box, shownName(data, entry), y(i)),
      ruled(x(all[entry].rank_best - 0.2), y(i), x(all[entry].rank_worst + 0.2), y(i), bar),
      diamond(x(rank(entry)), y(i), 4, { fill: 'currentColor' }),
      written(width, y(i) + 4, 'end', all[entry].letters, { 'font-size': SIZE.text }),
    ]),
    ...axisBelow(box, x, whole, `rank among ${scored.length} entries (1 is best)`),
  ];
}
