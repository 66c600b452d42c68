// What is shown, as the part of the address after #: measure=AP&language=ko&pairs=shown&hide=bm25,base&sort=average:desc

const COLUMNS = ['entry', 'difference', 'rank', 'seeds', 'queries', 'minutes', 'memory', 'verdict'];

function firstState(data) {
  return { measure: data.measures[0], language: '', baseline: data.baseline, recipe: '', pairs: '', hide: [], sort: '', order: '' };
}

/** Return the values that each switch has on this page, and what the switch is called. */
function switches(data) {
  const names = data.entries.map((entry) => entry.name);
  return {
    measure: ['measure', data.measures],
    language: ['language', data.languages.slice(0, -1)],
    baseline: ['baseline', [...(data.own ? [data.baseline] : []), ...data.baselines.map((one) => names[one.entry])]],
    recipe: ['recipe', data.entries.map((entry) => entry.recipe)],
    pairs: ['pairs', document.getElementById('pairwise') ? ['shown'] : []],
    hide: ['entry', names],
    sort: ['column', [...COLUMNS, ...scopes(data, firstState(data))]],
  };
}

/**
 * Return the state that a fragment names, and what it names that this page does not have, as [switch, kind, value].
 * Of that, the state has what the page shows at first.
 */
function readState(data, fragment) {
  const state = firstState(data);
  const known = switches(data);
  const unknown = [];
  const keep = (name, value) => {
    const [kind, values] = known[name];
    return values.includes(value) || (unknown.push([name, kind, value]), false);
  };
  for (const part of fragment.split('&').filter((text) => text.includes('='))) {
    const [name, value] = split(part, part.indexOf('='));
    if (name === 'hide') {
      state.hide = value.split(',').filter(Boolean).map(decoded).filter((entry) => keep(name, entry));
    } else if (name === 'sort') {
      const [column, order] = split(value, value.lastIndexOf(':')).map(decoded);
      if (keep(name, column) && ['asc', 'desc'].includes(order)) {
        Object.assign(state, { sort: column, order });
      }
    } else if (!Object.hasOwn(known, name)) {
      unknown.push(['', 'switch', decoded(name)]);
    } else if (value && keep(name, decoded(value))) {
      state[name] = decoded(value);
    }
  }
  return [state, unknown];
}

/** Return the query of the address where it names a switch, as readState does: a view stands after #. */
function viewInQuery(data) {
  const names = [...new URLSearchParams(location.search).keys()];
  return names.some((name) => Object.hasOwn(switches(data), name)) ? [['', 'query', `${decoded(location.search)} (a view stands after #)`]] : [];
}

/** Return the fragment of a state, without what is as at first. */
function writeState(data, state) {
  const first = firstState(data);
  const parts = ['measure', 'language', 'baseline', 'recipe', 'pairs']
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
