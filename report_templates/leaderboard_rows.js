// The numbers behind the tables: one entry's in one language or averaged, and the order of the rows.

const SCORE = ['n_queries', 'n_seeds', 'mean', 'ci_low', 'ci_high', 'seed_sd', 'rank_best', 'rank_worst', 'letters', 'verdict'];
const DIFFERENCE = ['p_adjusted', 'delta', 'delta_ci_low', 'delta_ci_high', 'difference_note'];

/** Return what there is on an entry (its place) in a language under the state's measure and baseline; else null. */
function found(data, state, entry, language) {
  const measure = data.measures.indexOf(state.measure);
  const place = data.languages.indexOf(language);
  const score = data.scores[measure][entry][place];
  if (score === null) {
    return null;
  }
  const baseline = data.baselines.find((one) => one.entry === baselineOf(data, state, entry));
  const difference = baseline ? differenceTo(data, baseline, [measure, entry, place]) : null;
  return { ...named(SCORE, score), ...named(DIFFERENCE, difference ?? DIFFERENCE.map(() => null)) };
}

/** Return what an entry is compared with (its place): the baseline of the state, or that of the entry's own base model. */
function baselineOf(data, state, entry) {
  const own = data.own && state.baseline === data.baseline;
  return own ? data.own[entry] : data.entries.findIndex((one) => one.name === state.baseline);
}

/** Return the baseline as the tables name it. */
function baselineName(data, state) {
  return data.entries.find((one) => one.name === state.baseline)?.label ?? state.baseline;
}

/** Return a difference to a baseline, or the opposite difference with its sign changed, or null. */
function differenceTo(data, baseline, [measure, entry, place]) {
  const listed = baseline.differences[measure][entry][place];
  if (listed) {
    return listed;
  }
  const other = data.baselines.find((one) => one.entry === entry);
  const opposite = other?.differences[measure][baseline.entry][place];
  if (!opposite) {
    return null;
  }
  const [p, delta, low, high, note] = opposite;
  const turned = [delta, high, low].map((value) => (value === null ? null : 0 - value));
  return [p, ...turned, note];
}

function named(names, values) {
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/** Return the language that the difference, rank, seeds and queries are of: the chosen one, the average, or the only one. */
function scope(data, state) {
  return state.language || data.overall;
}

/** Return the languages that a state shows, the average last: of one language there is none. */
function scopes(data, state) {
  return state.language ? [state.language] : [...new Set([...data.languages.slice(0, -1), data.overall])];
}

/** Return the languages of a state in words. */
function scopeWords(data, state) {
  return state.language || (scopes(data, state).length > 1 ? 'all languages' : data.overall);
}

/** Return the seeds and queries of an entry: those of its languages together where no language is chosen. */
function counts(data, state, entry) {
  const languages = state.language ? [state.language] : data.languages.slice(0, -1);
  const scores = languages.map((language) => found(data, state, entry, language)).filter(Boolean);
  const seeds = scores.map((score) => score.n_seeds);
  const range = [...new Set([Math.min(...seeds), Math.max(...seeds)])];
  return { seeds: seeds.length ? range : [], queries: scores.reduce((sum, score) => sum + score.n_queries, 0) };
}

/** Return each verdict on an entry with the languages that it is about. */
function verdicts(data, state, entry) {
  const languages = [...new Set([scope(data, state), ...scopes(data, state)])];
  const groups = new Map();
  for (const language of languages) {
    const word = found(data, state, entry, language)?.verdict;
    if (word) {
      groups.set(word, [...(groups.get(word) ?? []), language]);
    }
  }
  return [...groups];
}

function visible(data, state, entry) {
  const { name, recipe } = data.entries[entry];
  return !state.hide.includes(name) && (!state.recipe || !recipe || recipe === state.recipe);
}

/** Return what a row is sorted by, null where it has nothing of it. */
function sortValue(data, state, entry) {
  const one = data.entries[entry];
  const score = found(data, state, entry, scope(data, state));
  switch (state.sort) {
    case 'entry': return one.name;
    case 'minutes': case 'memory': return one.failed ? null : one[state.sort];
    case 'verdict': return verdicts(data, state, entry).map(([word]) => word).join() || null;
    case 'seeds': return counts(data, state, entry).seeds.at(-1) ?? null;
    case 'queries': return counts(data, state, entry).queries || null;
    case 'difference': return score?.delta ?? null;
    case 'rank': return score?.rank_best ?? null;
    default: return found(data, state, entry, state.sort)?.mean ?? null;
  }
}

/** Return the places of all entries in the order of the state; what has no value comes last, in the page's order. */
function ordered(data, state) {
  const places = data.entries.map((_, i) => i);
  if (!state.sort) {
    return places;
  }
  const keys = places.map((i) => sortValue(data, state, i));
  const sign = state.order === 'desc' ? -1 : 1;
  const compare = (a, b) => (keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b);
  return [...places.filter((i) => keys[i] !== null).sort(compare), ...places.filter((i) => keys[i] === null)];
}
