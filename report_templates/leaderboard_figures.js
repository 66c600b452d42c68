// The figures follow the switches: each is drawn again of the data, in the size that it has on the page.

const SWITCHED = { forest: FOREST, seeds: SEEDS, ranks: RANKS, cost: COST_FIGURE, geometry: GEOMETRY };

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

/** Draw the figure of a state in place of the one before. */
function showFigure(data, state, figure, kind) {
  const svg = figure.querySelector('svg');
  const height = Number(svg.getAttribute('viewBox').split(' ')[3]);
  const [title, description] = svg.children;
  svg.replaceChildren(title, description, ...kind.draw(data, state, height));
  showWords(figure, kind.title(data, state), kind.description(data, state), kind.caption(data, state));
  reserved(figure.querySelector('p')).replaceChildren(...kind.reading(data, state));
}

/** Say what a figure shows: in its caption, and to screen readers. */
function showWords(figure, title, description, caption) {
  const [titleElement, descriptionElement] = figure.querySelector('svg').children;
  titleElement.textContent = title;
  descriptionElement.textContent = description;
  figure.querySelector('[role=region]').setAttribute('aria-label', title);
  reserved(figure.querySelector('figcaption')).querySelector('.what').textContent = title;
  figure.querySelector('.own').replaceChildren(...caption);
}

/** Keep the space of a text, and of one line more: what the switches make of it moves nothing below. */
function reserved(text) {
  if (!text.style.minHeight) {
    text.style.minHeight = `${text.getBoundingClientRect().height + parseFloat(getComputedStyle(text).lineHeight)}px`;
  }
  return text;
}

/** Measure the space of all texts again, at another width of the page. */
function reserveAgain() {
  for (const text of document.querySelectorAll('#pictures figcaption, #pictures figcaption ~ p')) {
    if (text.style.minHeight) {
      text.style.minHeight = '';
      reserved(text);
    }
  }
}

/** Show the curves of the chosen language, or the mean of the languages, and of each only those of the shown entries. */
function showLearning(data, state, figure) {
  const last = data.languages.length - 1;
  const wanted = data.languages.indexOf(scope(data, state));
  const place = data.losses.some((ends) => ends?.[wanted]) ? wanted : last;
  for (const layer of figure.querySelectorAll('[data-language]')) {
    layer.toggleAttribute('hidden', layer.dataset.language !== String(place));
  }
  for (const curve of figure.querySelectorAll('[data-entry]')) {
    curve.toggleAttribute('hidden', !visible(data, state, Number(curve.dataset.entry)));
  }
  const title = place < last ? `${figure.dataset.title}, ${languageName(data, state.language)[0]}` : figure.dataset.title;
  const shown = shownCurves(data, state, place);
  const description = shown.map(({ entry, ends }) => `${entryName(data, entry)}: ${ends[place][0]}`).join('; ');
  showWords(figure, title, description, learningCaption(data, shown, place));
}

/** Return the entries with a curve in the panels that are shown, and the ends of all of their curves, in the page's order. */
function shownCurves(data, state, place) {
  return data.losses.flatMap((ends, entry) => (ends?.[place] && visible(data, state, entry) ? [{ entry, ends }] : []));
}

/** Return for how many entries the loss fell in every language that is shown. */
function learningCaption(data, shown, place) {
  const last = data.languages.length - 1;
  const fell = ({ ends }) => {
    const chosen = (place < last ? [ends[place]] : ends.slice(0, last)).filter(Boolean);
    return (chosen.length ? chosen : ends.filter(Boolean)).every((curve) => curve[1]);
  };
  const others = shown.filter((one) => !fell(one)).map((one) => entryName(data, one.entry));
  return [
    'From the first tenth of the steps to the last, the loss fell in ',
    place < last ? isolated(data.language_names[place][0]) : 'every language',
    ` for ${shown.length - others.length} of ${quantity(shown.length, 'entry')}`,
    ...(others.length ? ['; not for ', ...nameList(others), '.'] : ['.']),
  ];
}
