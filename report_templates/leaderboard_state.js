// What is shown, as the part of the address after #: measure=AP&language=ko&hide=bm25,base&sort=average:desc

const COLUMNS = ['entry', 'difference', 'rank', 'seeds', 'queries', 'minutes', 'memory', 'verdict'];

function firstState(data) {
  return { measure: data.measures[0], language: '', baseline: data.baseline, recipe: '', hide: [], sort: '', order: '' };
}

/** Return the state that a fragment names; what it names and there is not is left as it is at first. */
function readState(data, fragment) {
  const state = firstState(data);
  const names = data.entries.map((entry) => entry.name);
  const known = {
    measure: data.measures,
    language: data.languages.slice(0, -1),
    baseline: [...(data.own ? [data.baseline] : []), ...data.baselines.map((one) => names[one.entry])],
    recipe: data.entries.map((entry) => entry.recipe),
  };
  for (const part of fragment.split('&')) {
    const [name, value = ''] = split(part, part.indexOf('='));
    if (name === 'hide') {
      state.hide = value.split(',').map(decoded).filter((entry) => names.includes(entry));
    } else if (name === 'sort') {
      const [column, order] = split(value, value.lastIndexOf(':')).map(decoded);
      if ([...COLUMNS, ...data.languages].includes(column) && ['asc', 'desc'].includes(order)) {
        Object.assign(state, { sort: column, order });
      }
    } else if (Object.hasOwn(known, name) && known[name].includes(decoded(value))) {
      state[name] = decoded(value);
    }
  }
  return state;
}

/** Return the fragment of a state, without what is as at first. */
function writeState(data, state) {
  const first = firstState(data);
  const parts = ['measure', 'language', 'baseline', 'recipe']
    .filter((name) => state[name] !== first[name])
    .map((name) => `${name}=${encoded(state[name])}`);
  if (state.hide.length) {
    parts.push(`hide=${state.hide.map(encoded).join(',')}`);
  }
  if (state.sort) {
    parts.push(`sort=${encoded(state.sort)}:${state.order}`);
  }
  return parts.join('&');
}

function split(text, at) {
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function encoded(text) {
  return encodeURIComponent(text).replaceAll('%40', '@');
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
