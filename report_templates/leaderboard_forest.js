// The first figure under other switches: differences to the chosen baseline, one row per shown entry.

const FOREST = { left: 190, right: 170, row: 20, width: 768 };

/** Show the figure of a state: the page's own for the first state, else one drawn of the numbers of the table. */
function showForest(data, state) {
  const figure = document.getElementById('figure-forest');
  if (!figure) {
    return;
  }
  const own = figure.querySelector('svg:not(.switched)');
  const first = firstState(data);
  const switched = ['measure', 'language', 'baseline', 'recipe', 'hide'].some((name) => String(state[name]) !== String(first[name]));
  if (!figure.style.minHeight) { // what comes below keeps its place
    figure.style.minHeight = `${figure.getBoundingClientRect().height}px`;
  }
  figure.querySelector('.switched')?.remove();
  own.toggleAttribute('hidden', switched);
  figure.querySelectorAll('.own').forEach((part) => { part.hidden = switched; });
  if (switched) {
    own.after(forest(data, state));
  }
  figure.querySelector('.what').textContent = switched ? forestTitle(state) : figure.dataset.title;
}

function forestTitle(state) {
  return `Difference to ${state.baseline} in ${state.measure}, ${state.language || 'average of the languages'}, \u00d7 100`;
}

function forest(data, state) {
  const rows = ordered(data, state).filter((entry) => visible(data, state, entry)).map((entry) => ({
    name: data.entries[entry].name, anchor: data.entries[entry].anchor, ...(found(data, state, entry, scope(state)) ?? { delta: null }),
  })).filter((row) => row.delta !== null);
  const ends = (some) => some.flatMap((row) => [row.delta, row.delta_ci_low ?? row.delta, row.delta_ci_high ?? row.delta]);
  const inner = rows.filter((row) => !row.anchor);
  const limits = [0, ...ends(inner.length ? inner : rows)];
  const [low, high] = [Math.min(...limits), Math.max(...limits)];
  const span = (high - low) || 1;
  const inside = FOREST.width - FOREST.left - FOREST.right;
  const x = (value) => FOREST.left + inside * Math.min(1.02, Math.max(-0.02, (value - low) / span));
  const height = FOREST.row * (rows.length + 1);
  const svg = drawn('svg', { class: 'drawn switched', viewBox: `0 0 ${FOREST.width} ${height}`, role: 'img', 'aria-label': forestTitle(state) });
  svg.append(drawn('line', { x1: x(0), x2: x(0), y1: 0, y2: height - FOREST.row, stroke: 'currentColor' }));
  rows.forEach((row, i) => svg.append(...forestRow(row, FOREST.row * (i + 0.5), x, low, high)));
  for (const end of [low, high]) {
    svg.append(written(x(end), height - 6, 'middle', hundred(end)));
  }
  return svg;
}

/** Return the marks of one row: the interval and a point, filled where the difference is shown, or an arrow beyond the axis. */
function forestRow(row, y, x, low, high) {
  const numbers = row.delta_ci_low === null ? '' : ` [${hundred(row.delta_ci_low)}, ${hundred(row.delta_ci_high)}]`;
  const texts = [
    written(FOREST.left - 14, y + 4, 'end', row.name.length > 28 ? `${row.name.slice(0, 27)}\u2026` : row.name),
    written(FOREST.width, y + 4, 'end', `${signed(row.delta)}${numbers}${row.difference_note === 'one seed' ? '*' : ''}`),
  ];
  if (row.delta < low || row.delta > high) {
    return [...texts, written(x(row.delta), y + 5, 'middle', row.delta > high ? '\u25ba' : '\u25c4')];
  }
  const bar = { x1: x(row.delta_ci_low ?? row.delta), x2: x(row.delta_ci_high ?? row.delta), y1: y, y2: y, stroke: 'currentColor', 'stroke-width': 2 };
  const dashes = row.difference_note === 'one seed' ? { 'stroke-dasharray': '4 3' } : {};
  const shown = row.p_adjusted !== null && row.p_adjusted <= 0.05;
  const point = { cx: x(row.delta), cy: y, r: 4.5, stroke: 'currentColor', 'stroke-width': 1.5, fill: shown ? 'currentColor' : 'var(--back)' };
  return [...texts, drawn('line', { ...bar, ...dashes }), drawn('circle', point)];
}

function written(x, y, anchor, text) {
  const made = drawn('text', { x, y, 'text-anchor': anchor, fill: 'currentColor', 'font-size': 13 });
  made.textContent = text;
  return made;
}

function drawn(name, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  return made;
}
