// What the figures are drawn of: text, marks and axes. As in harness/report/figures/shapes.py, with the same rules.

const DATA = JSON.parse(document.getElementById('data').textContent);
const RULES = DATA.rules;
const INK = 'currentColor';
const SOFT = 'var(--soft)';
const LINE = 'var(--line)';
const ACCENT = 'var(--link)';
const BACK = 'var(--back)';

function rounded(value) {
  return Math.floor(100 * value + 0.5) / 100;
}

/** Return a length as an attribute has it. */
function number(value) {
  return String(rounded(value) + 0);
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, typeof value === 'number' ? number(value) : value);
  }
  made.append(...children);
  return made;
}

function written(x, y, anchor, text, attributes = {}) {
  return drawn('text', { x, y, 'text-anchor': anchor, fill: INK, 'font-size': RULES.small, ...attributes }, text);
}

function ruled(x1, y1, x2, y2, attributes = {}) {
  return drawn('line', { x1, y1, x2, y2, stroke: SOFT, 'stroke-width': 1, ...attributes });
}

function diamond(x, y, radius, attributes) {
  const points = [[x - radius, y], [x, y - radius], [x + radius, y], [x, y + radius]];
  return drawn('path', { d: `M${polyline(points)}z`, ...attributes });
}

function polyline(points) {
  return points.map(([x, y]) => `${number(x)} ${number(y)}`).join('L');
}

/** Return the mark of the i-th language. */
function mark(i, x, y, radius, attributes) {
  const transform = `translate(${number(x)} ${number(y)}) scale(${number(radius)})`;
  return drawn('path', { d: RULES.marks[i], transform, ...attributes });
}

/** Return the ends of an axis over values, with room on both sides. */
function extent(values, room) {
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const beside = room * (high - low) || 1;
  return [low - beside, high + beside];
}

/**
 * Return the ends of an axis over values: those of anchors do not widen it where they would squeeze the others.
 * `held` are values that it holds whatever the others are.
 */
function anchoredExtent(inner, anchors, room, held = []) {
  const own = [...held, ...inner];
  const everything = [...own, ...anchors];
  const width = inner.length ? Math.max(...own) - Math.min(...own) : 0;
  const squeezed = width > 0 && Math.max(...everything) - Math.min(...everything) > RULES.squeeze * width;
  return extent(squeezed ? own : everything, room);
}

/** Return round numbers in a domain, at most about `most` of them. */
function ticks([low, high], most) {
  const rough = (high - low) / most;
  const power = Number(`1e${Math.floor(Math.log10(rough))}`);
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** Return 1, 2 and 5 times the powers of ten in a domain. */
function logarithmicTicks([low, high]) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${first + i}`));
  return powers.flatMap((power) => [power, 2 * power, 5 * power]).filter((value) => value >= low && value <= high);
}

/** Return at most six digits of a number. */
function tickText(value) {
  return String(Number(value.toPrecision(6)) + 0).replace('-', '\u2212');
}

/** Return where a value of a domain lies between two positions. */
function scale(domain, start, end, logarithmic = false) {
  const place = logarithmic ? Math.log : (value) => value;
  const [low, high] = domain.map(place);
  return (value) => rounded(start + ((end - start) * (place(value) - low)) / (high - low));
}

/** Return a horizontal axis below a box (left, top, width, height), labelled where there is a label. */
function axisBelow([left, top, width, height], x, values, label) {
  const y = top + height;
  return [
    ruled(left, y, left + width, y),
    ...values.flatMap((value) => [ruled(x(value), y, x(value), y + 3.5), written(x(value), y + 15, 'middle', tickText(value))]),
    ...(label ? [written(left + width / 2, y + 30, 'middle', label, { 'font-size': RULES.text })] : []),
  ];
}

/** Return a vertical axis left of a box, labelled where there is a label. */
function axisLeft([left, top, , height], y, values, label) {
  const [x, middle] = [left - 36, top + height / 2];
  const turned = { 'font-size': RULES.text, transform: `rotate(-90 ${number(x)} ${number(middle)})` };
  return [
    ruled(left, top, left, top + height),
    ...values.flatMap((value) => [ruled(left - 3.5, y(value), left, y(value)), written(left - 7, y(value) + 4, 'end', tickText(value))]),
    ...(label ? [written(x, middle, 'middle', label, turned)] : []),
  ];
}

/** Return the guide line of a row, and its name where there is one. */
function rowName([left, , width], name, y) {
  const guide = ruled(left, y, left + width, y, { stroke: LINE, 'stroke-width': 0.6 });
  return name ? [guide, written(left - 10, y + 4, 'end', name, { 'font-size': RULES.text })] : [guide];
}

/** Return the space that the names of entries beside an axis need. */
function nameMargin(data, entries) {
  const widest = Math.max(0, ...entries.map((entry) => data.names[entry][1]));
  return rounded(RULES.text * Math.min(widest, RULES.name) + 14);
}

/** Return the height of each row, which is less where that many have no room. */
function rowHeight(height, room, rows) {
  return rounded(Math.min(height, room / Math.max(1, rows)));
}

/** Return a legend of [text, its width in font sizes, its mark at (x, y)] along the upper edge, and its height. */
function legend(items, left) {
  const rules = RULES.legend;
  const parts = [];
  let [x, row] = [left, 0];
  items.forEach(([text, width, marked], i) => {
    const needed = rules.between + RULES.small * width;
    if (i && x + needed - rules.last > RULES.width) {
      [x, row] = [left, row + 1];
    }
    const y = rules.row * (row + 0.5);
    parts.push(marked(x + rules.mark, y), written(x + rules.text, y + 3.7, 'start', text));
    x += needed;
  });
  return [parts, items.length ? rules.row * (row + 1) : 0];
}

/** Return the width of small Latin letters in font sizes. */
function plainWidth(text) {
  return RULES.letter * text.length;
}
