// The score of every seed, and ranks. As in seeds_figure.py, seeds_plot.py, ranks_figure.py and ranks_plot.py.

const SEEDS = { title: seedsTitle, caption: seedsCaption, reading: seedsReading, description: seedsDescription, draw: seeds };
const RANKS = { title: ranksTitle, caption: ranksCaption, reading: ranksReading, description: ranksDescription, draw: ranks };

function seedScores(data, state, entry, language) {
  return data.seeds[data.measures.indexOf(state.measure)][entry][data.languages.indexOf(language)] ?? [];
}

/** Return the entries that have two seeds in a language that is drawn. */
function seedsRows(data, state) {
  return shownEntries(data, state).filter((entry) => namedLanguages(data, state).some((one) => seedScores(data, state, entry, one).length));
}

/** Return the score of each entry in each language over its seeds, with its standard deviation. */
function repeatedScores(data, state, entries) {
  return entries.flatMap((entry) => namedLanguages(data, state).flatMap((language) => {
    const values = seedScores(data, state, entry, language);
    const score = found(data, state, entry, language);
    const about = { entry: entryName(data, entry), language: languageName(data, language)[0], values };
    return values.length && score ? [{ ...about, mean: score.mean, sd: score.seed_sd }] : [];
  }));
}

function seedsTitle(data, state) {
  return `${state.measure} of every seed${ofLanguage(data, state)}, \u00d7 100`;
}

function seedsDescription(data, state) {
  return repeatedScores(data, state, seedsRows(data, state).slice(0, RULES.entries))
    .map((one) => `${one.entry} in ${one.language}: ${one.values.map(hundred).join(', ')} (sd ${hundred(one.sd)})`).join('; ');
}

/** Return the spread of a score over seeds, compared with the spread over the entries of a language. */
function seedsCaption(data, state) {
  const repeated = repeatedScores(data, state, seedsRows(data, state));
  if (!repeated.length) {
    return ['No entry that is shown has two seeds.'];
  }
  const widest = repeated.reduce((most, one) => (one.sd > most.sd ? one : most));
  const ranges = [...new Set(repeated.map((one) => one.language))].map((language) => {
    const means = repeated.filter((one) => one.language === language).map((one) => one.mean);
    return Math.max(...means) - Math.min(...means);
  });
  return [
    `From seed to seed a score moves by a standard deviation of ${hundred(median(repeated.map((one) => one.sd)))} in the median, and of `
      + `${hundred(widest.sd)} at most (`, isolated(widest.entry), ' in ', isolated(widest.language),
    `); the entries' means of a language lie up to ${hundred(Math.max(...ranges))} apart.`,
  ];
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function seedsReading(data, state) {
  const rows = seedsRows(data, state);
  const single = shownEntries(data, state).filter((entry) => !rows.includes(entry) && !data.entries[entry].failed);
  return [
    'One dot per seed, lowest on top, all over the same queries; the upright line is their mean. All '
      + `panels have one scale.${entryLimit(rows.length)}${languageLimit(shownLanguages(data, state))}`,
    ...(single.length ? [' Of one seed, and left out: ', ...nameList(single.map((entry) => entryName(data, entry))), '.'] : []),
  ];
}

/** Draw one dot per seed, lowest on top, in one panel per language or in that of the chosen one. */
function seeds(data, state, height) {
  const rules = RULES.seeds;
  const languages = namedLanguages(data, state);
  const rows = seedsRows(data, state).slice(0, RULES.entries);
  const scores = rows.flatMap((entry) => languages.flatMap((language) => seedScores(data, state, entry, language)));
  const domain = extent(scores.map((score) => 100 * score), rules.room);
  const columns = Math.min(rules.columns, languages.length);
  const panel = height / Math.ceil(languages.length / columns);
  const step = rowHeight(rules.row, panel - rules.above - rules.around - rules.below, rows.length);
  const left = nameMargin(data, rows);
  const width = (RULES.width - left - rules.gap * columns) / columns;
  return languages.flatMap((language, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const top = row * panel + rules.above;
    const box = [left + column * (width + rules.gap), top, width, step * rows.length + rules.around];
    const x = scale(domain, box[0], box[0] + width);
    return [
      written(box[0], top - 6, 'start', languageName(data, language)[0], { 'font-size': RULES.text }),
      ...rows.flatMap((entry, at) => {
        const y = top + rules.around / 2 + step * (at + 0.5);
        const places = seedScores(data, state, entry, language);
        return [...rowName(box, column ? '' : entryName(data, entry), y), ...seedMarks(places, x, y, step)];
      }),
      ...axisBelow(box, x, ticks(domain, columns > 1 ? rules.ticks : rules.ticks_alone), ''),
    ];
  });
}

function seedMarks(scores, x, y, step) {
  if (!scores.length) {
    return [];
  }
  const mean = x((100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length);
  const dots = scores.map((score, i) => {
    const below = 0.5 * step * (i / (scores.length - 1) - 0.5);
    return drawn('circle', { cx: x(100 * score), cy: y + below, r: 2.1, fill: ACCENT });
  });
  return [ruled(mean, y - 6.5, mean, y + 6.5, { stroke: INK, 'stroke-width': 1.2 }), ...dots];
}

/** Return the rank of every entry that has one, also of those that are not shown, in the order of the table. */
function allRanks(data, state) {
  const ranked = ordered(data, state).map((entry) => ({ entry, ...(found(data, state, entry, scope(data, state)) ?? { rank_best: null }) }))
    .filter((score) => score.rank_best !== null);
  return ranked.map((score) => ({ ...score, rank: 1 + ranked.filter((other) => other.mean > score.mean).length }));
}

function shownRanks(data, state) {
  return allRanks(data, state).filter((one) => visible(data, state, one.entry));
}

function ranksTitle(data, state) {
  return `Rank on ${state.measure}${ofLanguage(data, state)} with its 95 % interval`;
}

function ranksDescription(data, state) {
  return shownRanks(data, state).slice(0, RULES.entries)
    .map((one) => `${entryName(data, one.entry)}: rank ${one.rank}, ${one.rank_best} to ${one.rank_worst}, ${one.letters}`).join('; ');
}

/** Return in one sentence which entries may be the best, how many ranks are certain, and the widest interval if not all. */
function ranksCaption(data, state) {
  const shown = shownRanks(data, state);
  if (!shown.length) {
    return ['No entry that is shown has a rank.'];
  }
  const certain = shown.filter((one) => one.rank_best === one.rank_worst).length;
  const widest = shown.reduce((most, one) => (one.rank_worst - one.rank_best > most.rank_worst - most.rank_best ? one : most));
  const counted = `; ${certain} of ${shown.length} ranks ${certain === 1 ? 'is' : 'are'} certain`;
  const rest = [
    '; the widest interval is that of ',
    isolated(entryName(data, widest.entry)), `, ${widest.rank_best} to ${widest.rank_worst}.`,
  ];
  return [...rankLeaders(data, state, shown), counted, ...(certain === shown.length ? ['.'] : rest)];
}

function rankLeaders(data, state, shown) {
  const all = allRanks(data, state);
  const best = all.reduce((highest, one) => (one.mean > highest.mean ? one : highest));
  const tied = all.filter((one) => shareLetter(one.letters, best.letters)).map((one) => one.entry);
  const leading = shown.filter((one) => tied.includes(one.entry)).map((one) => entryName(data, one.entry));
  if (!leading.length) {
    return ['All that are shown are shown to be worse than the best'];
  }
  if (tied.length === 1) {
    return [...nameList(leading), ' is shown to be better than all others'];
  }
  const count = leading.length === 1 ? '1 entry is' : `${leading.length} entries are`;
  return [`${count} not shown to differ from the best: `, ...nameList(leading)];
}

function shareLetter(first, second) {
  const letters = second.match(/[a-z]\d*/g) ?? [];
  return (first.match(/[a-z]\d*/g) ?? []).some((letter) => letters.includes(letter));
}

function ranksReading(data, state) {
  return [
    'The diamond is the rank by the mean. The bar is the 95 % interval of all ranks together: from 1 + the number '
      + 'of those shown to be better, to the number of entries less those shown to be worse. Two entries share a '
      + `letter where they are not shown to differ (p > ${RULES.alpha_text}, Holm's over all pairs).${entryLimit(shownRanks(data, state).length)}`,
  ];
}

/** Draw the rank of each shown entry among all entries, its interval and its letters. */
function ranks(data, state, height) {
  const { row, letters, above: top, below } = RULES.ranks;
  const rows = shownRanks(data, state).slice(0, RULES.entries);
  const left = nameMargin(data, rows.map((one) => one.entry));
  const step = rowHeight(row, height - top - below, rows.length);
  const box = [left, top, RULES.width - left - letters - 10, step * rows.length];
  const last = Math.max(1, ...rows.map((one) => Math.max(one.rank_worst, one.rank)));
  const x = scale([0.4, last + 0.6], left, left + box[2]);
  const bar = { stroke: ACCENT, 'stroke-width': 5, 'stroke-opacity': 0.55 };
  return [
    written(RULES.width, top - 11, 'end', 'letters', { fill: SOFT }),
    ...rows.flatMap((one, i) => {
      const y = top + step * (i + 0.5);
      return [
        ...rowName(box, entryName(data, one.entry), y),
        ruled(x(one.rank_best - 0.2), y, x(one.rank_worst + 0.2), y, bar),
        diamond(x(one.rank), y, 3.9, { fill: INK }),
        written(RULES.width, y + 4, 'end', one.letters, { 'font-size': RULES.text }),
      ];
    }),
    ...axisBelow(box, x, rankTicks(last), `rank among ${quantity(allRanks(data, state).length, 'entry')} (1 is best)`),
  ];
}

/** Return every rank, or of many the first and every fifth, tenth or more. */
function rankTicks(last) {
  const { every, fifth, tens } = RULES.ranks;
  const step = last <= every ? 1 : last <= fifth ? 5 : 10 * (1 + Math.floor(last / tens));
  return [...new Set([1, ...Array.from({ length: Math.floor(last / step) }, (_, i) => step * (i + 1))])];
}
