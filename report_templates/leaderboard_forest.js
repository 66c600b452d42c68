// The first figure under other switches: differences to the chosen baseline, one row per shown entry.

function forestTitle(data, state) {
  return `Difference to ${state.baseline} in ${state.measure}, ${scopeWords(data, state)}, \u00d7 100`;
}

function forest(data, state, [width, height]) {
  const rows = shownEntries(data, state).map((entry) => ({
    name: shownName(data, entry), anchor: data.entries[entry].anchor, ...(found(data, state, entry, scope(state)) ?? { delta: null }),
  })).filter((row) => row.delta !== null);
  const ends = (some) => some.flatMap((row) => [row.delta, row.delta_ci_low ?? row.delta, row.delta_ci_high ?? row.delta]);
  const inner = rows.filter((row) => !row.anchor);
  const domain = extent([0, ...ends(inner.length ? inner : rows)].map((value) => 100 * value));
  const box = rowBox([150, 18, width - 290, height - 58], rows.length);
  const x = scale(domain, box[0], box[0] + box[2]);
  const y = rowPlace(box, rows.length);
  return [
    ruled(x(0), box[1], x(0), box[1] + box[3], { stroke: 'currentColor' }),
    ...rows.flatMap((row, i) => [
      ...rowName(box, row.name, y(i)),
      written(width, y(i) + 4, 'end', differenceText(row)),
      ...forestMarks(row, y(i), x, domain),
    ]),
    ...axisBelow(box, x, ticks(domain, 7), `worse than ${shortened(state.baseline, 20)}  \u2190  \u0394  \u2192  better`),
  ];
}

function differenceText(row) {
  const interval = row.delta_ci_low === null ? '' : ` [${hundred(row.delta_ci_low)}, ${hundred(row.delta_ci_high)}]`;
  return `${signed(row.delta)}${interval}${row.difference_note === 'one seed' ? '*' : ''}`;
}

/** Return the marks of one row: the interval and a point, filled where the difference is shown, or an arrow beyond the axis. */
function forestMarks(row, y, x, [low, high]) {
  const value = 100 * row.delta;
  if (value < low || value > high) {
    return [written(x(value > high ? high : low), y + 4.5, 'middle', value > high ? '\u25ba' : '\u25c4')];
  }
  const inside = (end) => x(Math.min(high, Math.max(low, 100 * (end ?? row.delta))));
  const dashes = row.difference_note === 'one seed' ? { 'stroke-dasharray': '4 3' } : {};
  const bar = { stroke: 'currentColor', 'stroke-width': 2.2, ...dashes };
  const shown = row.p_adjusted !== null && row.p_adjusted <= 0.05;
  const point = { stroke: 'currentColor', 'stroke-width': 1.5, fill: shown ? 'currentColor' : 'var(--back)' };
  return [ruled(inside(row.delta_ci_low), y, inside(row.delta_ci_high), y, bar), diamond(x(value), y, 4.6, point)];
}
