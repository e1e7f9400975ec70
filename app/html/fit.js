// The report of `sinter fit`.
'use strict';
const milli = (x) => (isNumber(x) ? 1e3 * x : x);
const sets = ['train', 'test'];

facts('overview', [
  ['potential', report.potential.file],
  ['species', report.potential.species.join(', ')],
  ['cutoff', `${digits(report.potential.cutoff)} Å`],
  ['basis functions', String(report.potential.basis_functions)],
  ['method', report.method],
  ['loss', digits(report.loss, 6)],
  ['equations', String(report.equations)],
  ['rank of unknowns', `${report.rank} of ${report.unknowns}`],
  ['condition', digits(report.condition, 3)],
  ['ridge', digits(report.ridge, 3)],
  ['steps', String(report.iterations)],
  ['time', `${digits(report.time.fit_s, 3)} s`],
  ['memory at most', `${digits(report.peak_memory_bytes / 2 ** 20, 3)} MiB`],
]);

const perSet = {train: 'Training set', test: 'Test set'};
for (const set of sets) {
  const rows = Object.entries(report[set]).map(([name, e]) => [
    name, String(e.frames), String(e.atoms), fixed(milli(e.energy_mae), 2), fixed(milli(e.energy_rmse), 2),
    fixed(e.force_mae, 4), fixed(e.force_rmse, 4), fixed(milli(e.virial_rmse), 2)]);
  table('errors', perSet[set],
    ['config_type', 'frames', 'atoms', 'energy MAE, meV/atom', 'RMSE', 'force MAE, eV/Å', 'RMSE', 'virial RMSE, meV/atom'],
    rows, true);
}

const thinned = [];
for (const [quantity, unit, name] of [['energy', 'eV/atom', 'energies'], ['force', 'eV/Å', 'force components']]) {
  const points = {};
  for (const set of sets) {
    const {reference, predicted, every} = report.parity[set][quantity];
    points[set] = reference.map((x, i) => [x, predicted[i]]);
    if (every > 1) thinned.push(`one in ${every} ${name} of the ${perSet[set].toLowerCase()}`);
  }
  const axis = (title) => ({title: `${title}, ${unit}`});
  const present = sets.filter((set) => points[set].length > 0);
  const series = (value) => present.map((set) => ({name: perSet[set], points: points[set].map(value), size: 1.6}));
  figure(`parity-${quantity}`, `Predicted and reference ${name}.`, {x: axis('reference'), y: axis('predicted')},
    series((p) => p), {diagonal: true});
  const error = quantity === 'energy' ? {title: 'error, meV/atom'} : axis('error');
  const factor = quantity === 'energy' ? 1e3 : 1;
  figure(`error-${quantity}`, `Errors of ${name}.`, {x: axis('reference'), y: error},
    series(([x, y]) => [x, factor * (y - x)]), {flat: true});
}
document.getElementById('parity-note').textContent = thinned.length > 0 ? `Shown: ${thinned.join('; ')}.` : '';

const stages = report.convergence.filter((stage) => stage.loss.length > 0);
if (stages.length > 0) {
  // A line per start and level; steps of a start count on from level to level.
  const lines = new Map(), steps = new Map();
  for (const stage of stages) {
    const name = stage.all_data ? 'all structures' : stage.level > 0 ? `level ${stage.level}` : 'template';
    const from = steps.get(stage.start) ?? 0;
    steps.set(stage.start, from + stage.loss.length);
    const points = stage.loss.map((y, i) => [from + i + 1, y]);
    lines.set(name, [...(lines.get(name) ?? []), ...points, gap]);
  }
  figure('loss', 'Loss after each step; a line per start and level.', {x: {title: 'step of the start'},
    y: {title: 'loss', log: true}}, [...lines].map(([name, points]) => ({name, points, line: true, size: 2.5})));
} else {
  note('loss', 'The radial coefficients took no steps.');
}

if (report.seeds.length > 0) {
  const bestAt = (level) => Math.min(...report.convergence.filter((c) => !c.all_data && c.level === level)
    .map((c) => c.loss.at(-1) ?? Infinity));
  table('seeds', 'Starts on a part of the training set, each at the last level that it reached: the better half went ' +
    'on from every level, the best in the end with all data.',
    ['start', 'level', 'steps', 'loss', 'above the best there'],
    report.seeds.map((s) => [String(s.start), s.level > 0 ? String(s.level) : 'template', String(s.iterations),
      digits(s.loss, 6), `${(100 * (s.loss / bestAt(s.level) - 1)).toFixed(2)} %`]));
} else {
  note('seeds', 'There was one start.');
}

figure('spectrum', `Rank ${report.rank} of ${report.unknowns} unknowns; condition ${digits(report.condition, 3)}.`,
  {x: {title: 'number'}, y: {title: 'singular value', log: true}},
  [{name: 'singular value', points: report.spectrum.map((y, i) => [i + 1, y]), line: true}]);

const scores = report.cross_validation;
if (scores.length > 0) {
  const positive = scores.filter((s) => s.ridge > 0), none = scores.find((s) => s.ridge === 0);
  const ends = [positive[0].ridge, positive[positive.length - 1].ridge];
  const chosen = scores.filter((s) => s.ridge === report.ridge);
  figure('ridge', `Cross-validation chose the ridge ${digits(report.ridge, 3)}.`,
    {x: {title: 'ridge', log: true}, y: {title: 'loss of held-out folds', log: true}},
    [{name: 'cross-validation', points: positive.map((s) => [s.ridge, s.loss]), line: true},
      {name: 'without a ridge', points: ends.map((x) => [x, none.loss]), line: true, size: 0, dash: [3, 3]},
      {name: 'chosen', points: chosen.map((s) => [s.ridge, s.loss]), size: 6}]);
} else {
  note('ridge', `No cross-validation: the ridge is ${digits(report.ridge, 3)}.`);
}

const methods = Object.entries(report.uncertainty.methods);
if (methods.some(([, m]) => m.energy.count + m.force.count > 0)) {
  table('calibration', 'Root mean squares of standard deviations and errors; correlation of deviation and |error|.',
    ['method', 'scale', 'energy std, meV/atom', 'error', 'correlation', 'force std, eV/Å', 'error', 'correlation'],
    methods.map(([name, m]) => [name, digits(m.scale, 3), fixed(milli(m.energy.rms_std), 2),
      fixed(milli(m.energy.rms_error), 2), fixed(m.energy.correlation, 2), fixed(m.force.rms_std, 4),
      fixed(m.force.rms_error, 4), fixed(m.force.correlation, 2)]));
  for (const [quantity, unit, factor] of [['energy', 'meV/atom', 1e3], ['force', 'eV/Å', 1]]) {
    const axis = (title) => ({title: `${title}, ${unit}`, log: true});
    const largest = Math.max(...methods.flatMap(([, m]) => m[quantity].bins.map((b) => b.rms_std)));
    const bySymmetry = 1e-6 * largest;  // zero but for rounding
    figure(`calibration-${quantity}`, `Uncertainty of ${quantity === 'energy' ? 'energies' : 'force components'}.`,
      {x: axis('predicted standard deviation'), y: axis('true error (rms)')},
      methods.map(([name, m]) => ({name, size: 3, line: true,
        points: m[quantity].bins.filter((b) => b.rms_std > bySymmetry).map((b) => [factor * b.rms_std, factor * b.rms_error])})), {diagonal: true});
  }
} else {
  note('calibration', 'No test set to compare with.');
}
