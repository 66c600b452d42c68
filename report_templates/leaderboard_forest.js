// Differences to the baseline, one row per entry. As in forest_figure.py and forest_plot.py.

const FOREST = { title: forestTitle, caption: forestCaption, reading: forestReading, description: forestDescription, draw: forest };

/** Return the direction of a difference, '' where none is shown. */
function shownDirection(score) {
  const shown = score.p_adjusted !== null && score.delta !== null && score.p_adjusted <= RULES.alpha;
  return shown ? (score.delta > 0 ? 'better' : 'worse') : '';
}

function differenceText(score) {
  if (score.delta_ci_low === null || score.delta_ci_high === null) {
    return signed(score.delta);
  }
  const star = score.difference_note === 'one seed' ? '*' : '';
  return `${signed(score.delta)} [${signed(score.delta_ci_low)}, ${signed(score.delta_ci_high)}]${star}`;
}

/** Return the main difference of a row, null where there is none. */
function mainDifference(data, state, entry) {
  const score = found(data, state, entry, scope(data, state));
  return score && score.delta !== null ? score : null;
}

/** Return the difference of each language, with its place, where a row shows them. */
function languageDifferences(data, state, entry) {
  const languages = shownLanguages(data, state);
  const scores = languages.map((language, i) => [i, found(data, state, entry, language)]);
  return languages.length > 1 ? scores.filter(([, score]) => score && score.delta !== null) : [];
}

function allDifferences(data, state, entry) {
  const score = mainDifference(data, state, entry);
  return [...(score ? [score] : []), ...languageDifferences(data, state, entry).map(([, one]) => one)];
}

function isBaseline(data, state, entry) {
  return baselineOf(data, state, entry) === entry && !data.entries[entry].failed;
}

/** Return the entries that are compared, and what they are compared with. */
function forestRows(data, state) {
  return shownEntries(data, state).filter((entry) => allDifferences(data, state, entry).length || isBaseline(data, state, entry));
}

function forestTitle(data, state) {
  return `Difference to ${baselineNames(data, state)[0]} in ${state.measure}${ofLanguage(data, state)}, \u00d7 100`;
}

function forestDescription(data, state) {
  return forestRows(data, state).slice(0, RULES.entries).map((entry) => {
    const score = mainDifference(data, state, entry);
    const text = score ? differenceText(score) : isBaseline(data, state, entry) ? 'baseline' : 'no average';
    return `${entryName(data, entry)}: ${text}`;
  }).join('; ');
}

function forestReading(data, state) {
  const languages = shownLanguages(data, state);
  const several = languages.length > 1;
  const main = several ? 'the average of the languages' : languageName(data, languages[0])[0];
  const rows = forestRows(data, state);
  const oneSeed = rows.some((entry) => allDifferences(data, state, entry).some((score) => score.difference_note === 'one seed'));
  const domain = forestDomain(data, state, rows.slice(0, RULES.entries));
  const beyond = rows.some((entry) => isBeyond(mainDifference(data, state, entry), domain));
  return [
    `One row per entry, in the order of the table; the diamond is ${main}${several ? ', the small ones the languages' : ''}, the bar its 95 % interval `
      + `over queries and seeds. Filled: shown, p \u2264 ${RULES.alpha_text} after Holm's correction over all pairs of entries. The `
      + `band is \u00b1 ${fixed(RULES.margin, 2)}, the margin of equivalence.`
      + (oneSeed ? ' Dashed, with *: one seed of a trained entry, so that the bar is without the spread over seeds.' : '')
      + (beyond ? BEYOND_AXIS : '')
      + entryLimit(rows.length, 'row'),
  ];
}

/** Return in one sentence how many entries differ from the baseline in each direction, and the best entry. */
function forestCaption(data, state) {
  const baseline = isolated(baselineNames(data, state)[0]);
  const scores = forestRows(data, state).flatMap((entry) => {
    const score = mainDifference(data, state, entry);
    return score ? [{ name: entryName(data, entry), ...score }] : [];
  });
  if (!scores.length) {
    const every = shownLanguages(data, state).length > 1 ? ' in every language' : '';
    return ['No entry that is shown is compared with ', baseline, `${every}.`];
  }
  const names = (some) => some.map((score) => score.name);
  const higher = scores.filter((score) => shownDirection(score) === 'better');
  const lower = scores.filter((score) => shownDirection(score) === 'worse');
  const oneSeed = scores.filter((score) => score.difference_note === 'one seed');
  const undecided = scores.filter((score) => ![...higher, ...lower, ...oneSeed].includes(score));
  const best = scores.reduce((highest, score) => (score.delta > highest.delta ? score : highest));
  const total = quantity(scores.length, 'entry');
  const count = higher.length === scores.length && scores.length > 1 ? `All ${total}` : `${higher.length} of ${total}`;
  return [
    `${count} scored higher than `, baseline, ` (p \u2264 ${RULES.alpha_text})`,
    `, ${lower.length || 'none'} lower`, ...(lower.length ? [' (', ...nameList(names(lower)), ')'] : []),
    ...(undecided.length ? [`, ${undecided.length} not shown to differ (`, ...nameList(names(undecided)), ')'] : []),
    ...(oneSeed.length ? [`, ${oneSeed.length} with an unknown spread over seeds (`, ...nameList(names(oneSeed)), ')'] : []),
    '; the highest is ', isolated(best.name), `, ${differenceText(best)}.`,
  ];
}

/** Draw the rows in the order of the table; languages have marks of their own if there are few enough. */
function forest(data, state, height) {
  const rules = RULES.forest;
  const rows = forestRows(data, state).slice(0, RULES.entries);
  const left = nameMargin(data, rows);
  const [parts, above] = forestLegend(data, state, left);
  const top = above + rules.above;
  const step = rowHeight(forestRowHeight(data, state), height - top - rules.around - rules.below, rows.length);
  const box = [left, top, RULES.width - left - rules.numbers - 10, step * rows.length + rules.around];
  const domain = forestDomain(data, state, rows);
  const x = scale(domain, left, left + box[2]);
  const [low, high] = [x(-RULES.margin), x(RULES.margin)];
  return [
    ...parts,
    drawn('rect', { x: low, y: top, width: high - low, height: box[3], fill: SOFT, 'fill-opacity': 0.2 }),
    ruled(x(0), top, x(0), top + box[3], { stroke: INK }),
    ...rows.flatMap((entry, i) => forestRow(data, state, entry, [box, top + rules.around / 2 + step * i, step], [domain, x])),
    written(RULES.width, top - 4, 'end', '\u0394 [95 %]', { fill: SOFT }),
    ...axisBelow(box, x, ticks(domain, rules.ticks), `worse than ${baselineNames(data, state)[2]}  \u2190  \u0394  \u2192  better`),
  ];
}

/** Return the ends of the axis: anchors do not widen it where they would squeeze the other entries. */
function forestDomain(data, state, rows) {
  const ends = (anchor) => rows.filter((entry) => Boolean(data.entries[entry].anchor) === anchor)
    .flatMap((entry) => allDifferences(data, state, entry))
    .flatMap((score) => [score.delta, score.delta_ci_low, score.delta_ci_high])
    .filter((end) => end !== null).map((end) => 100 * end);
  return anchoredExtent(ends(false), ends(true), RULES.forest.room, [-RULES.margin, RULES.margin]);
}

function isBeyond(score, [low, high]) {
  return score !== null && (100 * score.delta < low || 100 * score.delta > high);
}

function forestRowHeight(data, state) {
  const { row, rows, language, unnamed } = RULES.forest;
  const count = shownLanguages(data, state).length;
  return count === 1 ? row : count <= RULES.languages ? rows + language * count : unnamed;
}

function forestLegend(data, state, left) {
  const languages = shownLanguages(data, state);
  const filled = (x, y) => average(x, y, false);
  if (languages.length === 1) {
    return legend([[...languageName(data, languages[0]), filled]], left);
  }
  const items = languages.length <= RULES.languages
    ? languages.map((language, i) => [...languageName(data, language), (x, y) => mark(i, x, y, 1.9, { fill: RULES.hues[i] })])
    : [[`each of ${languages.length} languages`, plainWidth(`each of ${languages.length} languages`), (x, y) => mark(0, x, y, 1.9, { fill: SOFT })]];
  return legend([['average', plainWidth('average'), filled], ...items], left);
}

function average(x, y, hollow) {
  return diamond(x, y, 4.6, { stroke: INK, 'stroke-width': 1.5, fill: hollow ? BACK : INK });
}

function forestRow(data, state, entry, [box, top, step], axis) {
  const [, x] = axis;
  const middle = top + step / 2;
  const name = rowName(box, entryName(data, entry), middle);
  const score = mainDifference(data, state, entry);
  if (isBaseline(data, state, entry)) {
    const zero = ruled(x(0), middle - 5.5, x(0), middle + 5.5, { stroke: INK, 'stroke-width': 2 });
    return [...name, zero, written(RULES.width, middle + 4, 'end', 'baseline')];
  }
  const text = written(RULES.width, middle + 4, 'end', score ? differenceText(score) : 'needs every language');
  if (isBeyond(score, axis[0])) {
    return [...name, text, forestArrow(middle, score, axis)];
  }
  const languages = shownLanguages(data, state).length;
  const y = languages > 1 ? top + RULES.forest.average : middle;
  return [
    ...name,
    text,
    ...languageDifferences(data, state, entry).flatMap(([i, one]) => forestLanguage(i, top, one, axis, languages <= RULES.languages)),
    ...(score ? [
      ...forestInterval(y, score, axis, { stroke: INK, 'stroke-width': 2.2 }),
      average(x(100 * score.delta), y, !shownDirection(score)),
    ] : []),
  ];
}

/** Return an arrow at the end of the axis. */
function forestArrow(y, score, [[low, high], x]) {
  const [end, turn] = score.delta > 0 ? [x(high), 1] : [x(low), -1];
  return drawn('path', { d: `M${polyline([[end - 4 * turn, y - 4], [end + 4 * turn, y], [end - 4 * turn, y + 4]])}z`, fill: INK });
}

/** Return the mark of a language, with its interval where languages have marks of their own. */
function forestLanguage(i, top, score, axis, own) {
  const x = axis[1](100 * score.delta);
  if (isBeyond(score, axis[0])) {
    return [];
  }
  if (!own) {
    return [mark(0, x, top + RULES.forest.first, 1.9, { fill: SOFT, 'fill-opacity': 0.7 })];
  }
  const y = top + RULES.forest.first + RULES.forest.language * i;
  return [...forestInterval(y, score, axis, { stroke: RULES.hues[i], 'stroke-width': 0.9 }), mark(i, x, y, 1.9, { fill: RULES.hues[i] })];
}

/** Return the interval as far as the axis reaches. */
function forestInterval(y, score, [[low, high], x], style) {
  if (score.delta_ci_low === null || score.delta_ci_high === null) {
    return [];
  }
  const [from, to] = [score.delta_ci_low, score.delta_ci_high].map((end) => x(Math.min(high, Math.max(low, 100 * end))));
  const dashes = score.difference_note === 'one seed' ? { 'stroke-dasharray': '4 2' } : {};
  return [ruled(from, y, to, y, { ...style, ...dashes })];
}
