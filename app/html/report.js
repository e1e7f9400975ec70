// What reports of all commands share: tables and figures made from the embedded JSON.
'use strict';
const report = JSON.parse(document.getElementById('report').textContent);
const charts = [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const isNumber = (x) => typeof x === 'number' && Number.isFinite(x);

/** Significant digits, with an exponent where it is shorter; a dash where there is nothing. */
function digits(x, count = 4) {
  if (!isNumber(x)) return '–';
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x);
  const size = Math.abs(x);
  return size >= 1e-3 && size < 1e6 ? String(Number(x.toPrecision(count))) : x.toExponential(count - 1).replace(/\.?0+e/, 'e');
}
const fixed = (x, decimals) => (isNumber(x) ? x.toFixed(decimals).replace(/^-(0\.?0*)$/, '$1') : '–');

function element(name, content, className) {
  const result = document.createElement(name);
  if (content !== undefined) result.textContent = content;
  if (className) result.className = className;
  return result;
}

/** Text for the place `id`, instead of a figure that has no data. */
function note(id, text) {
  const place = document.getElementById(id);
  place.replaceChildren(element('p', text, 'note'));
}

/** Facts by name. */
function facts(id, pairs) {
  const list = element('dl');
  for (const [name, value] of pairs) {
    const box = element('div');
    box.append(element('dt', name), element('dd', value));
    list.append(box);
  }
  document.getElementById(id).append(list);
}

/** A table; `rows` are lists of texts, the first of which stands out when `total`. */
function table(id, caption, head, rows, total = false) {
  const result = element('table');
  result.append(element('caption', caption));
  const line = (cells, name) => {
    const row = element('tr');
    for (const cell of cells) row.append(element(name, cell, cell.length > 24 ? 'long' : undefined));
    return row;
  };
  const header = element('thead'), body = element('tbody');
  header.append(line(head, 'th'));
  rows.forEach((cells, r) => {
    const row = line(cells, 'td');
    if (total && r === 0) row.className = 'total';
    body.append(row);
  });
  result.append(header, body);
  const scroll = element('div', undefined, 'scroll');
  scroll.append(result);
  document.getElementById(id).append(scroll);
}

/** Between two points: the line breaks. */
const gap = [NaN, NaN];

/**
 * A figure. `axes`: {x: {title, log}, y: {title, log}}; `series`: [{name, points: [[x, y], ...], line, size, dash}];
 * points that an axis cannot show are left out. `diagonal` draws y = x; `flat` draws y = 0.
 */
function figure(id, caption, axes, series, {diagonal = false, flat = false} = {}) {
  const place = document.getElementById(id);
  const result = element('figure'), box = element('div'), canvas = element('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', caption);
  box.append(canvas);
  result.append(box, element('figcaption', caption));
  place.append(result);
  const shown = ([x, y]) => isNumber(x) && isNumber(y) && !(axes.x.log && x <= 0) && !(axes.y.log && y <= 0);
  const shapes = ['circle', 'triangle', 'rectRot'];  // for more series than there are colours
  const datasets = series.map((s, n) => ({
    label: s.name, colour: `series-${n % 6 + 1}`, order: -n,  // later ones on top
    data: s.points.filter((p) => shown(p) || p === gap).map(([x, y]) => ({x, y})),
    showLine: Boolean(s.line), pointRadius: s.size ?? 2, borderWidth: s.line ? 1.5 : 0, borderDash: s.dash ?? (n < 6 ? [] : [6, 3]),
    pointStyle: shapes[Math.floor(n / 6) % shapes.length],
  }));
  const all = datasets.flatMap((d) => d.data).filter((p) => isNumber(p.y));
  if (all.length === 0) {
    note(id, `${caption}: no data.`);
    return;
  }
  const least = (key) => all.reduce((m, p) => Math.min(m, p[key]), Infinity);
  const most = (key) => all.reduce((m, p) => Math.max(m, p[key]), -Infinity);
  const guide = (points) => datasets.push({label: '', colour: 'faint', data: points, showLine: true, pointRadius: 0,
    borderWidth: 1, borderDash: [4, 4], pointHitRadius: 0});
  if (diagonal) {
    const low = Math.min(least('x'), least('y')), high = Math.max(most('x'), most('y'));
    guide([{x: low, y: low}, {x: high, y: high}]);
  }
  if (flat) guide([{x: least('x'), y: 0}, {x: most('x'), y: 0}]);
  const scale = ({title, log}, key) => {
    const shown = most(key) / least(key) > 100 ? [1] : [1, 2, 5];  // first digits of numbers on a logarithmic axis
    const isShown = (value) => shown.includes(Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9)));
    return {
      type: log ? 'logarithmic' : 'linear', title: {display: true, text: title},
      ticks: {maxRotation: 0, autoSkipPadding: 12,
        callback: (value) => (log && !isShown(value) ? '' : digits(value))},
    };
  };
  charts.push(new Chart(canvas, {
    type: 'scatter', data: {datasets},
    options: {
      animation: false, maintainAspectRatio: false, parsing: false, normalized: true,
      scales: {x: scale(axes.x, 'x'), y: scale(axes.y, 'y')},
      plugins: {
        legend: {display: series.length > 1, reverse: true,
          labels: {filter: (item) => item.text !== '', boxWidth: 12, usePointStyle: series.length > 6}},
        tooltip: {callbacks: {label: (c) => `${c.dataset.label}: ${digits(c.parsed.x, 6)}, ${digits(c.parsed.y, 6)}`}},
      },
    },
  }));
}

/** Gives all figures the colours of the page, which on paper are the light ones. */
function paint() {
  for (const chart of charts) {
    for (const dataset of chart.data.datasets) {
      dataset.borderColor = colour(dataset.colour);
      dataset.backgroundColor = colour(dataset.colour) + (dataset.showLine ? '' : 'b0');
    }
    for (const scale of Object.values(chart.options.scales)) {
      scale.ticks.color = colour('faint');
      scale.title.color = colour('text');
      scale.grid = {color: colour('line')};
    }
    chart.options.plugins.legend.labels.color = colour('text');
    chart.update('none');
  }
}
addEventListener('load', paint);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
function forPaper(is_paper) {
  document.documentElement.classList.toggle('paper', is_paper);
  for (const chart of charts) is_paper ? chart.resize(330, 300) : chart.resize();
  paint();
}
addEventListener('beforeprint', () => forPaper(true));
addEventListener('afterprint', () => forPaper(false));
