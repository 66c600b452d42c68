// What captions of figures say: names isolated from the text around them, counts, and limits. As in labels.py and captions.py.

const BEYOND_AXIS = ' An arrow: beyond the axis, for it would squeeze the others.';

function isolated(name) {
  return element('bdi', '', name);
}

/** Return names with commas and "and"; names beyond the limit are only counted. */
function nameList(names) {
  const parts = names.slice(0, RULES.names).map(isolated);
  if (names.length > RULES.names) {
    parts.push(`${names.length - RULES.names} more`);
  }
  return parts.flatMap((part, i) => (i ? [i === parts.length - 1 ? ' and ' : ', ', part] : [part]));
}

function quantity(count, noun) {
  return `${count} ${count === 1 ? noun : noun === 'entry' ? 'entries' : `${noun}s`}`;
}

function entryLimit(count, noun = 'entry') {
  return count > RULES.entries ? ` The first ${RULES.entries} of ${quantity(count, noun)} are drawn.` : '';
}

function languageLimit(languages) {
  const count = languages.length;
  return count > RULES.languages ? ` The first ${RULES.languages} of ${count} languages are drawn.` : '';
}

/** Return what a title says of the language. */
function ofLanguage(data, state) {
  return state.language ? `, ${languageName(data, state.language)[0]}` : '';
}

/** Return the languages that are shown, without the average. */
function shownLanguages(data, state) {
  return state.language ? [state.language] : data.languages.slice(0, -1);
}

/** Return the first languages that are shown, as many as have a hue of their own. */
function namedLanguages(data, state) {
  return shownLanguages(data, state).slice(0, RULES.languages);
}

/** Return the label of a language and its width in font sizes. */
function languageName(data, language) {
  return data.language_names[data.languages.indexOf(language)];
}

function entryName(data, entry) {
  return data.names[entry][0];
}

/** Return the name of the baseline, the name beside a point, each with its width. */
function baselineNames(data, state) {
  const first = state.baseline === data.baseline;
  return first ? data.baseline_names : data.names[data.entries.findIndex((entry) => entry.name === state.baseline)];
}

/** Return the entries that are shown, in the order of the table. */
function shownEntries(data, state) {
  return ordered(data, state).filter((entry) => visible(data, state, entry));
}
