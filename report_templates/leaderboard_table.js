// The tables: columns of the chosen language, cells of the chosen baseline, rows in order. As in board.html.j2.

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) {
    made.className = className;
  }
  made.append(...children);
  return made;
}

function line(className, ...children) {
  return element('span', className ? `line ${className}` : 'line', ...children);
}

function bracketed(low, high, print) {
  return low === null ? [] : [line('interval', `[${print(low)}, ${print(high)}]`)];
}

const FILL = {
  difference(data, state, entry) {
    const score = found(data, state, entry, scope(data, state));
    if (!score || score.delta === null) {
      return baselineOf(data, state, entry) === entry ? [line('small', 'baseline')] : [];
    }
    const value = signed(score.delta);
    const shown = data.compared.includes(scope(data, state)) ? toQueries(data, state, entry, baselineOf(data, state, entry), value) : value;
    const chanceOf = score.p_adjusted === null ? '' : `p ${chance(score.p_adjusted)}`;
    const text = score.difference_note || chanceOf;
    const p = text ? [line('small', text)] : [];
    return [line('', shown), ...bracketed(score.delta_ci_low, score.delta_ci_high, signed), ...p];
  },
  rank(data, state, entry) {
    const score = found(data, state, entry, scope(data, state));
    if (!score || score.rank_best === null) {
      return [];
    }
    const ranks = [...new Set([score.rank_best, score.rank_worst])].join('\u2013');
    return [line('', ranks), line('small letters', score.letters)];
  },
  seeds(data, state, entry) {
    const spread = found(data, state, entry, scope(data, state))?.seed_sd ?? null;
    const seeds = line('', counts(data, state, entry).seeds.join('\u2013'));
    return spread === null ? [seeds] : [seeds, line('small', `sd ${hundred(spread)}`)];
  },
  queries(data, state, entry) {
    const { queries } = counts(data, state, entry);
    return [queries ? thousands(queries) : ''];
  },
  verdict(data, state, entry) {
    return verdicts(data, state, entry).flatMap(([word, languages]) => [
      element('span', 'verdict', word),
      element('span', 'verdict small', element('bdi', '', languages.join(', '))),
    ]);
  },
};

/** Return a difference as a link to the queries that it is made of. */
function toQueries(data, state, entry, other, text) {
  const link = element('a', '', text);
  const pair = `a=${encoded(data.entries[entry].name)}&b=${encoded(data.entries[other].name)}`;
  link.href = `queries/${encoded(scope(data, state))}.html#${pair}`;
  return link;
}

/** Show the state in the table of its measure. `rows` are the table's, in the order of the page. */
function showTable(data, state, table, rows) {
  const heads = [...table.tHead.rows[0].cells];
  const columns = heads.map((head) => head.dataset.column);
  const gone = columns.map((column) => Boolean(state.language) && data.languages.includes(column) && column !== state.language);
  heads.forEach((head, i) => {
    head.hidden = gone[i];
    sortedHead(head, state);
  });
  fillHead(data, table, state);
  table.style.setProperty('--languages', state.language ? 0 : data.languages.length - 1);
  rows.forEach((row, entry) => {
    row.hidden = !visible(data, state, entry);
    if (data.entries[entry].failed) {
      row.cells[1].colSpan = gone.filter((one) => !one).length - 1;
      return;
    }
    columns.forEach((column, i) => {
      row.cells[i].hidden = gone[i];
      if (Object.hasOwn(FILL, column) && !data.languages.includes(column)) {
        row.cells[i].replaceChildren(...FILL[column](data, state, entry));
      }
    });
  });
  table.tBodies[0].append(...ordered(data, state).map((entry) => rows[entry]));
  stickHead(table);
}

/** Keep the head in sight below the bar of switches, where the table need not scroll sideways. */
function stickHead(table) {
  const box = table.parentElement;
  box.classList.remove('fits');
  box.classList.toggle('fits', table.offsetWidth <= box.clientWidth);
  document.documentElement.style.setProperty('--bar', `${document.getElementById('controls').offsetHeight}px`);
}

function fillHead(data, table, state) {
  const texts = { language: scope(data, state), baseline: baselineName(data, state) };
  for (const part of table.tHead.querySelectorAll('[data-fill]')) {
    part.textContent = texts[part.dataset.fill];
  }
}

/** Say in a head whether the reader sorted by it, and how: the page's own order is that of no column. */
function sortedHead(head, state) {
  if (head.dataset.column === state.sort) {
    head.setAttribute('aria-sort', state.order === 'desc' ? 'descending' : 'ascending');
  } else {
    head.removeAttribute('aria-sort');
  }
}
