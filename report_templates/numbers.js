'use strict';

// Numbers as the page prints them: those of harness/report/numbers.py, digit by digit.

function fixed(value, digits) {
  const doubled = Math.abs(value) * 2 ** (digits + 1);
  let text = value.toFixed(digits);
  if (doubled % 2 === 1) { // halfway between two: the even one
    const below = Math.floor(Math.abs(value) * 10 ** digits);
    text = ((Math.sign(value) * (below + (below % 2))) / 10 ** digits).toFixed(digits);
  }
  return text.replace('-', Number(text) === 0 ? '' : '\u2212');
}

function hundred(value) {
  return fixed(100 * value, 2);
}

function signed(value) {
  const text = hundred(value);
  return text.startsWith('\u2212') ? text : `+${text}`;
}

function thousands(count) {
  return count.toLocaleString('en-US');
}

function chance(p) {
  return p < 0.001 ? '< 0.001' : fixed(p, 3);
}
