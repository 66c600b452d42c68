// The switches over the tables of the leaderboard: they are all on the page without this.

const DESCENDING_FIRST = ['difference', 'seeds', 'queries'];

function start() {
  const data = DATA;
  const controls = document.getElementById('controls');
  const boards = [...document.querySelectorAll('section.board')];
  const tables = boards.map((board) => board.querySelector('table'));
  const rows = tables.map((table) => [...table.tBodies[0].rows]);
  const views = [...document.querySelectorAll('#contrasts .view')];
  const pairs = document.getElementById('pairwise');
  const notice = document.getElementById('unknown');
  let [state, unknown] = readState(data, location.hash.slice(1));
  unknown.push(...viewInQuery(data));

  function show() {
    const at = data.measures.indexOf(state.measure);
    boards.forEach((board, i) => {
      board.hidden = i !== at;
    });
    showContrasts(data, state, views);
    showFigures(data, state);
    showTable(data, state, tables[at], rows[at]);
    showPairs(data, state, pairs);
    showControls(data, state, controls);
    document.getElementById('shown').textContent = told(data, state);
    showUnknown(data, state, notice, unknown);
  }

  function change(changes) {
    state = { ...state, ...changes };
    unknown = [];
    show();
    history.replaceState(null, '', `#${writeState(data, state)}`);
  }

  function sortBy(column) {
    const first = DESCENDING_FIRST.includes(column) || data.languages.includes(column) ? 'desc' : 'asc';
    const second = first === 'desc' ? 'asc' : 'desc';
    const order = state.sort !== column ? first : state.order === first ? second : '';
    change({ sort: order && column, order });
  }

  for (const table of tables) {
    addButtons(table, sortBy);
  }
  pairs?.addEventListener('toggle', () => pairs.open === Boolean(state.pairs) || change({ pairs: pairs.open ? 'shown' : '' }));
  listen(data, controls, change, (form) => download(data, state, form));
  addEventListener('hashchange', () => {
    if (!location.hash || location.hash.includes('=')) {
      [state, unknown] = readState(data, location.hash.slice(1));
      show();
    }
    scrollToFragment();
  });
  addEventListener('resize', () => {
    stickHead(tables[data.measures.indexOf(state.measure)]);
    reserveAgain();
  });
  controls.hidden = false;
  document.getElementById('shown').hidden = false;
  show();
  scrollToFragment();
}

/** Go to the element that the address names, now that tables before it are gone or back. */
function scrollToFragment() {
  document.getElementById(decoded(location.hash.slice(1)))?.scrollIntoView();
}

/** Make a button of every head of a table. */
function addButtons(table, sortBy) {
  for (const head of table.tHead.rows[0].cells) {
    const label = head.querySelector('.head');
    const button = element('button', 'head', ...label.childNodes);
    button.type = 'button';
    button.addEventListener('click', () => sortBy(head.dataset.column));
    label.replaceWith(button);
  }
}

function listen(data, controls, change, save) {
  for (const select of controls.querySelectorAll('select')) {
    select.addEventListener('change', () => change({ [select.name]: select.value }));
  }
  const pairs = controls.querySelector('[name=pairs]');
  pairs?.addEventListener('change', () => {
    change({ pairs: pairs.checked ? 'shown' : '' });
    document.getElementById('pairwise').scrollIntoView();
  });
  const boxes = [...controls.querySelectorAll('[name=entry]')];
  for (const box of boxes) {
    box.addEventListener('change', () => {
      change({ hide: boxes.filter((one) => !one.checked).map((one) => data.entries[one.value].name) });
    });
  }
  controls.querySelector('#show-all').addEventListener('click', () => change({ hide: [], recipe: '' }));
  for (const button of controls.querySelectorAll('[data-form]')) {
    button.addEventListener('click', () => save(button.dataset.form));
  }
}

function showControls(data, state, controls) {
  for (const select of controls.querySelectorAll('select')) {
    select.value = state[select.name];
  }
  for (const box of controls.querySelectorAll('[name=pairs]')) {
    box.checked = Boolean(state.pairs);
  }
  for (const box of controls.querySelectorAll('[name=entry]')) {
    box.checked = !state.hide.includes(data.entries[box.value].name);
  }
}

/** Return what is shown in words. */
function told(data, state) {
  return [
    state.measure,
    scopeWords(data, state),
    shownCount(data, state),
    ...hiddenContrasts(),
    ...(data.baselines.length ? [`differences to ${baselineName(data, state)}`] : []),
    ...(state.pairs ? ['every two entries'] : []),
    sortWords(data, state),
  ].join(', ');
}

/** Say what the address asks for in vain, and what is shown instead; said once, the line keeps its place. */
function showUnknown(data, state, notice, unknown) {
  notice.style.visibility = unknown.length || !notice.textContent ? '' : 'hidden';
  if (!unknown.length) {
    return;
  }
  const asked = unknown.slice(0, RULES.names).map(([, kind, value]) => [`${kind} `, isolated(value.length > 60 ? `${value.slice(0, 59)}\u2026` : value)]);
  const more = unknown.length > asked.length ? [[`${unknown.length - asked.length} more`]] : [];
  const listed = [...asked, ...more].flatMap((part, i, parts) => (i ? [i === parts.length - 1 ? ' and ' : ', ', ...part] : part));
  const shown = {
    measure: state.measure,
    language: scopeWords(data, state),
    baseline: `differences to ${baselineName(data, state)}`,
    recipe: 'all recipes',
    hide: shownCount(data, state),
    sort: sortWords(data, state),
  };
  const instead = [...new Set(unknown.map(([name]) => shown[name]).filter(Boolean))].join(', ');
  notice.replaceChildren('This link asks for ', ...listed, `, which this page does not have${instead ? `; shown: ${instead}` : ''}.`);
}

function shownCount(data, state) {
  return `${data.entries.filter((_, i) => visible(data, state, i)).length} of ${data.entries.length} entries`;
}

function sortWords(data, state) {
  const order = { asc: 'lowest first', desc: 'highest first' }[state.order];
  return state.sort ? `sorted by ${state.sort}, ${order}` : pageOrder(data);
}

/** Return the page's own order, which is that of no column: what ranks without a model is last whatever it scores. */
function pageOrder(data) {
  const average = scopes(data, firstState(data)).length > 1 ? 'average ' : '';
  const last = data.entries.some((entry) => entry.anchor) ? ', rows without a model last' : '';
  return `highest ${average}${data.measures[0]} first${last}`;
}

/** Return how many contrasts of the view are of hidden entries. */
function hiddenContrasts() {
  const rows = [...document.querySelectorAll('#contrasts tbody:not([hidden]) tr')];
  const count = rows.filter((row) => row.hidden).length;
  return count ? [`${count} of ${rows.length} contrasts hidden`] : [];
}

/** Print every table and every part that is folded. */
function unfold() {
  const folded = [...document.querySelectorAll('details:not([open])')];
  folded.forEach((one) => { one.open = true; });
  addEventListener('afterprint', () => folded.forEach((one) => { one.open = false; }), { once: true });
}

addEventListener('beforeprint', unfold);
start();
