// The figures follow the switches: each shows the page's own drawing at first, else one of the same size, drawn of the tables' numbers.

const MOST_ROWS = 40;
const MOST_HIGH = 24; // of a row
const FOLLOWED = ['measure', 'language', 'recipe', 'hide'];
const SWITCHED = {
  forest: { title: forestTitle, draw: forest, follows: [...FOLLOWED, 'baseline'] },
  seeds: { title: seedsTitle, draw: seeds, follows: FOLLOWED },
  ranks: { title: ranksTitle, draw: ranks, follows: FOLLOWED },
  cost: { title: costTitle, draw: cost, follows: FOLLOWED },
  geometry: { title: geometryTitle, draw: geometry, follows: FOLLOWED },
};

function showFigures(data, state) {
  for (const [id, kind] of Object.entries(SWITCHED)) {
    const figure = document.getElementById(`figure-${id}`);
    if (figure) {
      showFigure(data, state, figure, kind);
    }
  }
  const learning = document.getElementById('figure-learning');
  if (learning) {
    showLearning(data, state, learning);
  }
}

/** Show the figure of a state: the page's own for the first state, else one that is drawn in its place. */
function showFigure(data, state, figure, { title, draw, follows }) {
  const own = figure.querySelector('svg:not(.switched)');
  const first = firstState(data);
  const switched = follows.some((name) => String(state[name]) !== String(first[name]));
  figure.querySelector('.switched')?.remove();
  own.toggleAttribute('hidden', switched);
  if (switched) {
    const size = own.getAttribute('viewBox').split(' ').slice(2).map(Number);
    const attributes = { class: 'drawn switched', viewBox: `0 0 ${size.join(' ')}`, role: 'img', 'aria-label': title(data, state) };
    own.after(drawn('svg', attributes, ...draw(data, state, size)));
  }
  showTitle(figure, switched ? title(data, state) : figure.dataset.title, switched);
}

/** Name what a figure shows; what its caption and its reading say of the page's own drawing goes, and its place stays. */
function showTitle(figure, title, switched) {
  const caption = figure.querySelector('figcaption');
  if (!caption.style.minHeight) {
    caption.style.minHeight = `${caption.getBoundingClientRect().height}px`;
  }
  caption.querySelector('.what').textContent = title;
  caption.querySelector('.own').hidden = switched;
  figure.querySelector('p.own')?.classList.toggle('away', switched);
}

/** Show the curves of the chosen language, or the mean of the languages, and of each only those of the shown entries. */
function showLearning(data, state, figure) {
  const layers = [...figure.querySelectorAll('[data-language]')];
  const drawnOf = (language) => layers.some((layer) => layer.dataset.language === language);
  const wanted = String(data.languages.indexOf(scope(state)));
  const language = drawnOf(wanted) ? wanted : String(data.languages.length - 1);
  for (const layer of layers) {
    layer.toggleAttribute('hidden', layer.dataset.language !== language);
  }
  for (const mark of figure.querySelectorAll('[data-entry]')) {
    mark.toggleAttribute('hidden', !visible(data, state, Number(mark.dataset.entry)));
  }
  const chosen = state.language && drawnOf(wanted);
  figure.querySelector('.what').textContent = chosen ? `${figure.dataset.title}, ${state.language}` : figure.dataset.title;
}

/** Return the places of the entries that figures show, in the order of the table. */
function shownEntries(data, state) {
  return ordered(data, state).filter((entry) => visible(data, state, entry)).slice(0, MOST_ROWS);
}

function scopeWords(data, state) {
  return state.language || (data.languages.length > 2 ? 'average of the languages' : data.languages[0]);
}

function shownName(data, entry) {
  return data.entries[entry].label ?? data.entries[entry].name;
}

/** Return a box that is no higher than its rows need. */
function rowBox([left, top, width, height], rows) {
  return [left, top, width, Math.min(height, MOST_HIGH * Math.max(1, rows))];
}

/** Return the middle of each row of a box. */
function rowPlace([, top, , height], rows) {
  return (row) => top + (height / Math.max(1, rows)) * (row + 0.5);
}
