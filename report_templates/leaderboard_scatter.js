// Score against cost, and against the geometry of the vectors. As in cost_figure.py, cost_plot.py, geometry_figure.py and geometry_plot.py.

const COST_FIGURE = { title: costTitle, caption: costCaption, reading: costReading, description: costDescription, draw: cost };
const GEOMETRY = { title: geometryTitle, caption: geometryCaption, reading: geometryReading, description: geometryDescription, draw: geometry };

/** Return the entries that are shown and have a time and a score. */
function entryCosts(data, state) {
  return shownEntries(data, state).flatMap((entry) => {
    const { seconds } = data.entries[entry];
    const score = found(data, state, entry, scope(data, state));
    return seconds && score ? [{ entry, seconds, score: score.mean }] : [];
  });
}

/** Return the unit of the time axis, the same whatever is shown. */
function timeUnit(data) {
  const slow = Math.max(...data.entries.map((entry) => entry.seconds ?? 0)) >= RULES.cost.minutes;
  return slow ? { name: 'minutes', seconds: 60 } : { name: 'seconds', seconds: 1 };
}

/** Return the entries for which no other entry has a higher score in the same time or less, fastest first. */
function paretoFront(costs) {
  const front = [];
  for (const one of [...costs].sort((a, b) => a.seconds - b.seconds || b.score - a.score)) {
    if (!front.length || one.score > front.at(-1).score) {
      front.push(one);
    }
  }
  return front;
}

function costTitle(data, state) {
  return `${state.measure} \u00d7 100${ofLanguage(data, state)} against ${timeUnit(data).name} per cell`;
}

function costDescription(data, state) {
  const unit = timeUnit(data);
  return entryCosts(data, state).slice(0, RULES.entries)
    .map((one) => `${entryName(data, one.entry)}: ${fixed(one.seconds / unit.seconds, 2)} ${unit.name}, ${hundred(one.score)}`).join('; ');
}

function costCaption(data, state) {
  const costs = entryCosts(data, state);
  if (!costs.length) {
    return ['No entry that is shown has a time of its own.'];
  }
  const front = paretoFront(costs);
  const others = costs.length - front.length;
  return [
    ...nameList(front.map((one) => entryName(data, one.entry))),
    ` ${front.length === 1 ? 'is' : 'are'} beaten by no other entry in both score and time`,
    others ? `; the ${quantity(others, 'other')} ${others === 1 ? 'is' : 'are'}.` : '.',
  ];
}

function costReading(data, state) {
  const costs = entryCosts(data, state);
  const drawnCosts = costs.slice(0, RULES.entries);
  const arrows = drawnCosts.some((one) => beyondScores(one, scoreDomain(data, drawnCosts))) ? BEYOND_AXIS : '';
  const untimed = shownEntries(data, state).filter((entry) => !data.entries[entry].seconds && found(data, state, entry, scope(data, state)));
  return [
    'The time is that of training, encoding and search, a mean over the cells of all languages, on whatever '
      + "machine they ran. What cells share (mined negatives, experts' scores) is left out; in records of older "
      + 'versions it counts for the cell that made it. Filled, and along the dashed line: the highest score within a '
      + `time.${arrows}${entryLimit(costs.length)}`,
    ...(untimed.length ? [
      ' Without a time: ', ...nameList(untimed.map((entry) => entryName(data, entry))), ', of whose records none says what computing it took.',
    ] : []),
  ];
}

/** Return the ends of the axis of scores. */
function scoreDomain(data, costs) {
  const scores = (anchor) => costs.filter((one) => Boolean(data.entries[one.entry].anchor) === anchor).map((one) => 100 * one.score);
  return anchoredExtent(scores(false), scores(true), RULES.cost.room);
}

/** Return whether a score lies above the axis (1), below it (-1) or on it (0). */
function beyondScores({ score }, [low, high]) {
  return Number(100 * score > high) - Number(100 * score < low);
}

/** Return the point of an entry, an arrow with its score at the end of the axis that it lies beyond. */
function costPoint(one, unit, [low, high], filled) {
  const [point, edge] = [{ entry: one.entry, x: one.seconds / unit.seconds, filled }, RULES.cost.edge * (high - low)];
  const arrow = beyondScores(one, [low, high]);
  return arrow ? { ...point, y: arrow > 0 ? high - edge : low + edge, arrow, note: hundred(one.score) } : { ...point, y: 100 * one.score };
}

/** Draw the score of each shown entry against its time, filled along the front of the best scores within a time. */
function cost(data, state, height) {
  const { left, above: top, right, below, room, beside, logarithmic: from } = RULES.cost;
  const costs = entryCosts(data, state).slice(0, RULES.entries);
  const unit = timeUnit(data);
  const box = [left, top, RULES.width - left - right, height - top - below];
  const times = costs.map((one) => one.seconds / unit.seconds);
  const logarithmic = times.length > 0 && Math.max(...times) > from * Math.min(...times);
  const domain = logarithmic ? [Math.min(...times) / beside, Math.max(...times) * beside] : extent(times, room);
  const scores = scoreDomain(data, costs);
  const [x, y] = [scale(domain, left, left + box[2], logarithmic), scale(scores, top + box[3], top)];
  const front = paretoFront(costs);
  const points = costs.map((one) => costPoint(one, unit, scores, front.includes(one)));
  const along = frontSteps(front.map((one) => points[costs.indexOf(one)]).map((point) => [x(point.x), y(point.y)]));
  const label = `${unit.name} per cell${logarithmic ? ', logarithmic' : ''}`;
  const dashed = { fill: 'none', stroke: SOFT, 'stroke-dasharray': '4 3' };
  return [
    ...axisBelow(box, x, logarithmic ? logarithmicTicks(domain) : ticks(domain, RULES.cost.ticks), label),
    ...axisLeft(box, y, ticks(scores, RULES.cost.ticks_left), `${state.measure} \u00d7 100`),
    ...(along.length ? [drawn('path', { d: `M${polyline(along)}`, ...dashed })] : []),
    ...scatter(data, [left, top, RULES.width - left, box[3]], points, [x, y], along),
  ];
}

/** Return the corners of the front: along in time, then up in score. */
function frontSteps(places) {
  return places.flatMap((place, i) => (i ? [[place[0], places[i - 1][1]], place] : [place]));
}

/** Return the points of the first entries that are shown, of those that have one. */
function geometryPoints(data, state, language) {
  const place = data.languages.indexOf(language);
  return shownEntries(data, state).slice(0, RULES.entries).flatMap((entry) => {
    const measured = data.geometry[entry]?.[place];
    const score = found(data, state, entry, language);
    return measured && score ? [{ entry, measured, score: score.mean }] : [];
  });
}

function geometryTitle(data, state) {
  return `Uniformity and alignment against ${state.measure} \u00d7 100${ofLanguage(data, state)}`;
}

function geometryDescription(data, state) {
  return geometryPoints(data, state, scope(data, state)).map(({ entry, measured, score }) => {
    const [uniformity, alignment] = measured.slice(0, 2).map((value) => fixed(value, 2));
    return `${entryName(data, entry)}: uniformity ${uniformity}, alignment ${alignment}, score ${hundred(score)}`;
  }).join('; ');
}

/** Return Spearman's rho of each quantity with the score, over the entries of each language. */
function geometryCaption(data, state) {
  const parts = ['uniformity', 'alignment'].map((quantityName, i) => {
    const rhos = namedLanguages(data, state).flatMap((language) => {
      const points = geometryPoints(data, state, language);
      const rho = spearman(points.map((point) => point.measured[i]), points.map((point) => point.score));
      return rho === null ? [] : [[`${fixed(rho, 2)} (`, isolated(languageName(data, language)[0]), ')']];
    });
    return [`${quantityName} `, ...(rhos.length ? rhos.flatMap((rho, at) => (at ? [', ', ...rho] : rho)) : ['not defined'])];
  });
  return ["Spearman's \u03c1 with the score over the entries of a language: ", ...parts[0], '; ', ...parts[1], '.'];
}

/** Return Spearman's rho with midranks for ties, null for too few points, and where one of the two is constant. */
function spearman(left, right) {
  if (left.length < RULES.correlated || new Set(left).size === 1 || new Set(right).size === 1) {
    return null;
  }
  const middle = (left.length + 1) / 2;
  const centred = [left, right].map((values) => values.map((value) => {
    const below = values.filter((other) => other < value).length;
    return below + (values.filter((other) => other === value).length + 1) / 2 - middle;
  }));
  const product = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  return product(centred[0], centred[1]) / Math.sqrt(product(centred[0], centred[0]) * product(centred[1], centred[1]));
}

function geometryReading(data, state) {
  const languages = shownLanguages(data, state);
  const link = element('a', '', 'The numbers');
  link.href = '#geometry';
  const text = `One point per entry, the mean over its ${languages.length > 1 ? 'seeds and languages' : 'seeds'}, after training; both are better where lower.`
    + `${entryLimit(shownEntries(data, state).length)}${languageLimit(languages)}`;
  return [`${text} `, link, '.'];
}

/** Draw the score of each shown entry against the uniformity and the alignment of its vectors. */
function geometry(data, state, height) {
  const { left, right, above: between, below, room } = RULES.geometry;
  const points = geometryPoints(data, state, scope(data, state));
  const [parts, above] = geometryLegend(data);
  const top = above + between;
  const width = (RULES.width - 2 * left - right) / 2;
  const scores = extent(points.map((point) => 100 * point.score), room);
  return [...parts, ...['uniformity', 'alignment'].flatMap((quantityName, i) => {
    const box = [left + i * (width + left), top, width, height - top - below];
    const domain = extent(points.map((point) => point.measured[i]), room);
    const [x, y] = [scale(domain, box[0], box[0] + width), scale(scores, top + box[3], top)];
    const placed = points.map(({ entry, measured, score }) => ({ entry, x: measured[i], y: 100 * score, filled: measured[2] }));
    return [
      ...axisBelow(box, x, ticks(domain, RULES.geometry.ticks), `${quantityName}  (\u2190 better)`),
      ...axisLeft(box, y, ticks(scores, RULES.geometry.ticks_left), i ? '' : `${state.measure} \u00d7 100`),
      ...scatter(data, box, placed, [x, y]),
    ];
  })];
}

/** Return the legend, which is the same whatever is shown; none where all entries are trained. */
function geometryLegend(data) {
  if (data.geometry.flatMap((measured) => measured ?? []).every((point) => !point || point[2])) {
    return [[], 0];
  }
  const items = [['trained', plainWidth('trained'), (x, y) => dot(x, y, true)], ['not trained', plainWidth('not trained'), (x, y) => dot(x, y, false)]];
  return legend(items, RULES.geometry.left);
}
