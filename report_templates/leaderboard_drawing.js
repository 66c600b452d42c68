// What the switched figures are drawn of: text, marks, axes and the names beside points. Lengths are those of the page's own figures.

const SIZE = { text: 11.5, small: 10.5, label: 12.5 };
const ANGLES = [0, 30, -30, 60, -60, 90, -90, 180, 150, -150, 120, -120];

function drawn(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function written(x, y, anchor, text, attributes = {}) {
  return drawn('text', { x, y, 'text-anchor': anchor, fill: 'currentColor', 'font-size': SIZE.small, ...attributes }, text);
}

function ruled(x1, y1, x2, y2, attributes = {}) {
  return drawn('line', { x1, y1, x2, y2, stroke: 'var(--soft)', 'stroke-width': 1, ...attributes });
}

function diamond(x, y, radius, attributes) {
  return drawn('path', { d: `M${x - radius} ${y}L${x} ${y - radius}L${x + radius} ${y}L${x} ${y + radius}z`, ...attributes });
}

function shortened(name, most = 28) {
  return name.length > most ? `${name.slice(0, Math.floor(most / 3))}\u2026${name.slice(-Math.floor((2 * most) / 3))}` : name;
}

/** Return the ends of an axis over values, with room on both sides. */
function extent(values, room = 0.05) {
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const beside = room * (high - low) || 1;
  return [low - beside, high + beside];
}

/** Return round numbers in [low, high], about `most` of them. */
function ticks([low, high], most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(9)));
}

/** Return 1, 2 and 5 times the powers of ten in [low, high]. */
function logarithmicTicks([low, high]) {
  const powers = Array.from({ length: Math.ceil(Math.log10(high / low)) + 2 }, (_, i) => 10 ** (Math.floor(Math.log10(low)) + i));
  return powers.flatMap((power) => [power, 2 * power, 5 * power]).filter((value) => value >= low && value <= high);
}

/** Return where a value lies between two positions, for the ends of an axis. */
function scale([low, high], from, to, logarithmic = false) {
  const place = logarithmic ? Math.log : (value) => value;
  return (value) => from + ((to - from) * (place(value) - place(low))) / (place(high) - place(low));
}

function tickText(value) {
  return String(Number(value.toPrecision(6))).replace('-', '\u2212');
}

/** Return a horizontal axis below a box (left, top, width, height), labelled where there is a label. */
function axisBelow([left, top, width, height], x, values, label) {
  const y = top + height;
  return [
    ruled(left, y, left + width, y),
    ...values.flatMap((value) => [ruled(x(value), y, x(value), y + 3.5), written(x(value), y + 15, 'middle', tickText(value))]),
    ...(label ? [written(left + width / 2, y + 30, 'middle', label, { 'font-size': SIZE.text })] : []),
  ];
}

/** Return a vertical axis left of a box, labelled where there is a label. */
function axisLeft([left, top, , height], y, values, label) {
  const middle = top + height / 2;
  return [
    ruled(left, top, left, top + height),
    ...values.flatMap((value) => [ruled(left - 3.5, y(value), left, y(value)), written(left - 7, y(value) + 4, 'end', tickText(value))]),
    ...(label ? [written(left - 36, middle, 'middle', label, { 'font-size': SIZE.text, transform: `rotate(-90 ${left - 36} ${middle})` })] : []),
  ];
}

/** Return the guide line of a row, and its name where there is one. */
function rowName([left, , width], name, y) {
  const guide = ruled(left, y, left + width, y, { stroke: 'var(--line)', 'stroke-width': 0.6 });
  return name ? [guide, written(left - 10, y + 4, 'end', shortened(name), { 'font-size': SIZE.text })] : [guide];
}

/** Return the names beside their points (x, y, name) inside a box, clear of points and of each other, with leader lines. */
function pointNames([left, top, width, height], points) {
  const taken = points.map(({ x, y }) => [x - 5, y - 5, x + 5, y + 5]);
  const free = ([l, t, r, b]) => l >= left && t >= top && r <= left + width && b <= top + height
    && !taken.some((box) => l < box[2] && box[0] < r && t < box[3] && box[1] < b);
  return points.flatMap(({ x, y, name }) => {
    const text = shortened(name, 20);
    const size = 0.56 * SIZE.small * text.length + 2;
    for (let distance = 10; distance < 170; distance += 6) {
      for (const angle of ANGLES) {
        const [dx, dy] = [distance * Math.cos((angle * Math.PI) / 180), -distance * Math.sin((angle * Math.PI) / 180)];
        const l = Math.abs(angle) < 90 ? x + dx : Math.abs(angle) === 90 ? x - size / 2 : x + dx - size;
        const box = [l, y + dy - SIZE.label / 2, l + size, y + dy + SIZE.label / 2];
        if (free(box)) {
          taken.push(box);
          const end = [Math.min(Math.max(x, box[0]), box[2]), Math.min(Math.max(y, box[1]), box[3])];
          const leader = distance > 10 ? [ruled(x, y, ...end, { 'stroke-width': 0.6 })] : [];
          return [...leader, written(l + size / 2, y + dy + 3.7, 'middle', text)];
        }
      }
    }
    return [];
  });
}
