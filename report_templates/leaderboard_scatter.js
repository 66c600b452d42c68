// The figures of cost and of geometry under other switches: as in cost_plot.py and geometry_plot.py.

function costTitle(data, state) {
  return `${state.measure} \u00d7 100, ${scopeWords(data, state)}, against ${timeUnit(data).name} a cell`;
}

function timeUnit(data) {
  const slow = Math.max(...data.entries.map((entry) => entry.seconds ?? 0)) >= 120;
  return slow ? { name: 'minutes', seconds: 60 } : { name: 'seconds', seconds: 1 };
}

/** Draw the score of each shown entry against its time, filled along the front of the best scores within a time. */
function cost(data, state, [width, height]) {
  const unit = timeUnit(data);
  const points = shownEntries(data, state).flatMap((entry) => {
    const { seconds } = data.entries[entry];
    const score = found(data, state, entry, scope(state));
    return seconds && score ? [{ name: shownName(data, entry), at: [seconds / unit.seconds, 100 * score.mean] }] : [];
  });
  const box = [50, 10, width - 120, height - 60];
  const times = points.map((point) => point.at[0]);
  const logarithmic = points.length > 1 && Math.max(...times) > 10 * Math.min(...times);
  const domain = logarithmic ? [Math.min(...times) / 1.3, Math.max(...times) * 1.3] : extent(times, 0.06);
  const scores = extent(points.map((point) => point.at[1]), 0.06);
  const x = scale(domain, box[0], box[0] + box[2], logarithmic);
  const y = scale(scores, box[1] + box[3], box[1]);
  const front = points.filter((point) => !points.some((other) => beats(other, point)));
  const label = `${unit.name} a cell${logarithmic ? ', logarithmic' : ''}`;
  return [
    ...axisBelow(box, x, logarithmic ? logarithmicTicks(domain) : ticks(domain, 7), label),
    ...axisLeft(box, y, ticks(scores, 8), `${state.measure} \u00d7 100`),
    frontLine(front.map((point) => [x(point.at[0]), y(point.at[1])])),
    ...scatter([box[0], box[1], width - box[0], box[3]], points.map((point) => ({ ...point, filled: front.includes(point) })), x, y),
  ];
}

/** Return whether a point has a higher score in the same time or less, or the same score in less. */
function beats({ at: [time, score] }, { at: [otherTime, otherScore] }) {
  return time <= otherTime && score >= otherScore && (time < otherTime || score > otherScore);
}

function frontLine(places) {
  const steps = places.sort((a, b) => a[0] - b[0]).map(([x, y], i) => (i ? `H${x}V${y}` : `M${x} ${y}`)).join('');
  return drawn('path', { d: steps || 'M0 0', fill: 'none', stroke: 'var(--soft)', 'stroke-dasharray': '4 3' });
}

/** Return points with their names; `filled` points are filled. */
function scatter(box, points, x, y) {
  const places = points.map((point) => ({ ...point, x: x(point.at[0]), y: y(point.at[1]) }));
  const dot = { r: 3.3, stroke: 'var(--link)', 'stroke-width': 1.4 };
  return [
    ...pointNames(box, places),
    ...places.map((point) => drawn('circle', { cx: point.x, cy: point.y, fill: point.filled ? 'var(--link)' : 'var(--back)', ...dot })),
  ];
}

function geometryTitle(data, state) {
  return `Uniformity and alignment against ${state.measure} \u00d7 100, ${scopeWords(data, state)}`;
}

/** Draw the score of each shown entry against the uniformity and the alignment of its vectors. */
function geometry(data, state, [width, height]) {
  const language = data.languages.indexOf(scope(state));
  const points = shownEntries(data, state).flatMap((entry) => {
    const measured = data.geometry[entry]?.[language];
    const score = found(data, state, entry, scope(state));
    return measured && score ? [{ name: shownName(data, entry), measured, score: 100 * score.mean }] : [];
  });
  const scores = extent(points.map((point) => point.score), 0.08);
  const panel = (width - 112) / 2;
  return [
    written(48, 11, 'start', 'filled: trained; hollow: not trained'),
    ...['uniformity', 'alignment'].flatMap((quantity, i) => {
      const box = [48 + i * (panel + 48), 30, panel, height - 74];
      const domain = extent(points.map((point) => point.measured[i]), 0.08);
      const [x, y] = [scale(domain, box[0], box[0] + panel), scale(scores, box[1] + box[3], box[1])];
      const placed = points.map((point) => ({ name: point.name, at: [point.measured[i], point.score], filled: point.measured[2] }));
      return [
        ...axisBelow(box, x, ticks(domain, 5), `${quantity}  (\u2190 better)`),
        ...axisLeft(box, y, ticks(scores, 8), i ? '' : `${state.measure} \u00d7 100`),
        ...scatter(box, placed, x, y),
      ];
    }),
  ];
}
