// What is shown as a file: raw numbers, one row for each shown entry and language, or for every two entries.

const ABOUT = ['suite', 'entry', 'language', 'measure'];
const COST = ['minutes', 'peak_memory_bytes'];

/** Return the shown rows: entries in their order, each with the shown languages, the average last. */
function shownRows(data, state) {
  const languages = scopes(data, state);
  return ordered(data, state).filter((entry) => visible(data, state, entry)).flatMap((entry) => {
    const { name, minutes, memory, failed } = data.entries[entry];
    return languages.map((language) => {
      const about = { suite: data.suite, entry: name, language, measure: state.measure };
      const numbers = found(data, state, entry, language) ?? named([...SCORE, ...DIFFERENCE], []);
      const baseline = data.entries[baselineOf(data, state, entry)]?.name ?? state.baseline;
      return { ...about, ...numbers, baseline, minutes, peak_memory_bytes: memory, failed };
    });
  });
}

function asJson(data, state) {
  const about = { suite: data.suite, measure: state.measure, language: state.language || 'all', ...(state.pairs ? {} : { baseline: state.baseline }) };
  const told = (_, value) => (value === undefined ? null : value);
  return `${JSON.stringify({ ...about, rows: (state.pairs ? pairRows : shownRows)(data, state) }, told, 1)}\n`;
}

function asCsv(data, state) {
  const rows = (state.pairs ? pairRows : shownRows)(data, state);
  const names = state.pairs ? PAIR : [...ABOUT, ...SCORE, 'baseline', ...DIFFERENCE, ...COST, 'failed'];
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]))];
  return lines.map((values) => `${values.map(field).join(',')}\r\n`).join('');
}

/** Return a field of RFC 4180. Text that a spreadsheet would take for a formula has an apostrophe before it. */
function field(value) {
  if (typeof value !== 'string') {
    return String(value ?? '');
  }
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Let the browser save what is shown. */
function download(data, state, form) {
  const [kind, text] = form === 'csv' ? ['text/csv', asCsv(data, state)] : ['application/json', asJson(data, state)];
  const address = URL.createObjectURL(new Blob([text], { type: `${kind};charset=utf-8` }));
  const link = element('a');
  link.href = address;
  const kinds = state.pairs ? ['pairs'] : [];
  link.download = `${[data.suite, state.measure, state.language || 'all', ...kinds].join('-').replace(/[^\w@.-]+/g, '_')}.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address));
}
