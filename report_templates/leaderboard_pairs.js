// Every two entries. As in pairs_section.py and pairs.html.j2, with the same numbers and rules.

const MARKS = { better: 'higher', worse: 'lower', '': 'tie' };
const PAIR = ['suite', 'measure', 'language', 'entry', 'baseline', ...DIFFERENCE, 'shown'];

/** Fill the table with the entries of a state, and open or fold it. */
function showPairs(data, state, details) {
  if (!details) {
    return;
  }
  const measured = shownEntries(data, state).filter((entry) => found(data, state, entry, scope(data, state)));
  const entries = measured.slice(0, RULES.entries);
  const title = `Every two entries in ${state.measure}, ${languageName(data, scope(data, state))[0]}, \u00d7 100`;
  details.open = Boolean(state.pairs);
  details.querySelector('.what').textContent = title;
  details.querySelector('.own').textContent = pairsCaption(data, state, entries, measured.length);
  details.querySelector('[role=region]').setAttribute('aria-label', title);
  const [head, body] = details.querySelector('table').children;
  head.rows[0].replaceChildren(head.rows[0].cells[0], ...entries.map((entry) => columnHead(data, entry)));
  body.replaceChildren(...entries.map((entry) => pairRow(data, state, entry, entries)));
}

function columnHead(data, entry) {
  const head = element('th', '', element('span', 'upright', isolated(entryName(data, entry))));
  head.scope = 'col';
  return head;
}

function pairRow(data, state, entry, entries) {
  const score = found(data, state, entry, scope(data, state));
  const head = element('th', '', isolated(entryName(data, entry)), ' ', line('small letters', score.letters ?? ''));
  head.scope = 'row';
  const cells = entries.map((other) => (other === entry ? element('td', 'self', hundred(score.mean)) : pairCell(data, state, entry, other)));
  return element('tr', '', head, ...cells);
}

function pairCell(data, state, entry, other) {
  const difference = pairDifference(data, state, entry, other, scope(data, state));
  if (difference === null) {
    return element('td');
  }
  const value = signed(difference.delta);
  const text = data.compared.includes(scope(data, state)) ? toQueries(data, state, entry, other, value) : value;
  const p = difference.difference_note || (difference.p_adjusted === null ? '' : chance(difference.p_adjusted));
  const below = p ? [' ', line('small', p)] : [];
  return element('td', MARKS[shownDirection(difference)], line('delta', text), ...below);
}

/** Return the difference of two entries in a language, null where they were not compared. */
function pairDifference(data, state, entry, other, language) {
  const baseline = data.baselines.find((one) => one.entry === other);
  const place = [data.measures.indexOf(state.measure), entry, data.languages.indexOf(language)];
  const difference = baseline && differenceTo(data, baseline, place);
  return difference && difference[1] !== null ? named(DIFFERENCE, difference) : null;
}

/** Return the differences of every two of some entries, the first less the second. */
function differencesOf(data, state, entries, language) {
  return entries.flatMap((entry, i) => entries.slice(i + 1).flatMap((other) => {
    const difference = pairDifference(data, state, entry, other, language);
    return difference ? [{ entry, other, ...difference }] : [];
  }));
}

function pairsCaption(data, state, entries, count) {
  if (entries.length < 2) {
    return 'Fewer than two entries that are shown were measured.';
  }
  const pairs = differencesOf(data, state, entries, scope(data, state));
  return `${pairs.filter(shownDirection).length} of ${quantity(pairs.length, 'pair')} shown to differ.${entryLimit(count)}`;
}

/** Return the pairs that are shown as rows of a file: each once, in every language that is shown, the average last. */
function pairRows(data, state) {
  const entries = shownEntries(data, state);
  return scopes(data, state).flatMap((language) => differencesOf(data, state, entries, language).map((pair) => {
    const [entry, baseline] = [pair.entry, pair.other].map((place) => data.entries[place].name);
    const shown = shownDirection(pair);
    return { ...pair, suite: data.suite, measure: state.measure, language, entry, baseline, shown };
  })).map((row) => named(PAIR, PAIR.map((name) => row[name])));
}
