// The report of `sinter validate`.
'use strict';
const entries = (object) => Object.entries(object ?? {}).filter(([, value]) => value !== null && !value?.failure);
const has = (id) => document.getElementById(id) !== null;

/** An empty place in a section. */
let places = 0;
function place(section, parent) {
  const result = element('div');
  result.id = `place-${++places}`;
  (parent ?? document.getElementById(section)).append(result);
  return result.id;
}
/** A place for figures side by side. */
function gridOf(section) {
  const result = element('div', undefined, 'figures');
  document.getElementById(section).append(result);
  return result;
}
/** Lines of references are dotted. */
const dashOf = (name) => (name in report.potentials ? undefined : [2, 3]);
const zip = (xs, ys, factor = 1) => xs.map((x, i) => [x, isNumber(ys[i]) ? factor * ys[i] : ys[i]]);
const limits = ({low, high}) => (low === null ? `≤ ${digits(high)}` : high === null ? `≥ ${digits(low)}` : low === high ? digits(low) : `${digits(low)} to ${digits(high)}`);

table('checks', `${report.checks.filter((c) => c.passed).length} of ${report.checks.length} passed.`,
  ['check', 'of', 'found', 'expected', 'result', 'source'],
  report.checks.map((c) => [c.name, c.value, digits(c.found, 8), limits(c), c.passed ? '✓ passed' : '✗ not passed', c.source]));

if (has('errors')) {
  const rms = (x, factor, decimals) => (isNumber(x) ? (factor * x).toFixed(decimals) : '–');
  const baseName = (file) => file.split('/').at(-1);
  const costs = new Map((report.costs?.results ?? []).map((r) => [baseName(r.potential), r.median]));
  const costOf = (name) => costs.get(baseName(report.potentials[name].file));
  for (const [set, results] of Object.entries(report.errors)) {
    const of = entries(results);
    table('errors', `Errors on ${set}: energies meV/atom, forces eV/Å, virials meV/atom.`,
      ['potential', 'frames', 'energy MAE', 'RMSE', 'max', 'force MAE', 'RMSE', 'max', 'virial RMSE'],
      of.map(([name, {errors: {all: e}}]) => [name, String(e.frames), rms(e.energy_mae, 1e3, 2), rms(e.energy_rmse, 1e3, 2),
        rms(e.energy_max, 1e3, 1), rms(e.force_mae, 1, 4), rms(e.force_rmse, 1, 4), rms(e.force_max, 1, 2), rms(e.virial_rmse, 1e3, 2)]));
    const types = [...new Set(of.flatMap(([, {errors}]) => Object.keys(errors)))].filter((type) => type !== 'all');
    if (types.length > 1)
      for (const [quantity, unit, factor, decimals] of [['energy', 'meV/atom', 1e3, 1], ['force', 'eV/Å', 1, 3]])
        table('errors', `RMSE of the ${quantity} on ${set} by kind of structure, ${unit}.`, ['potential', ...types],
          of.map(([name, {errors}]) => [name, ...types.map((type) => rms(errors[type]?.[`${quantity}_rmse`], factor, decimals))]));
    const grid = gridOf('errors');
    const parity = (quantity, unit) => figure(place('errors', grid), `${set}: predicted against labels.`,
      {x: {title: `label, ${unit}`}, y: {title: `predicted, ${unit}`}},
      entries(results).map(([name, {parity: p}]) => ({name, points: zip(p[quantity].reference, p[quantity].predicted), size: 1.5})),
      {diagonal: true});
    parity('energy', 'eV/atom');
    parity('force', 'eV/Å');
    if (costs.size > 0)
      for (const [quantity, unit, factor] of [['energy', 'meV/atom', 1e3], ['force', 'eV/Å', 1]])
        figure(place('errors', grid), `${set}: RMSE of the ${quantity} against cost.`,
          {x: {title: 'time per atom and step, µs', log: true}, y: {title: `RMSE, ${unit}`}},
          entries(results).map(([name, {errors}]) =>
            ({name, points: [[1e6 * costOf(name), factor * errors.all[`${quantity}_rmse`]]], size: 5})));
  }
}

// Of potentials and of references alike: [[name, property], ...].
const statics = (property) => [...Object.entries(report.static ?? {}), ...Object.entries(report.references).map(([name, r]) => [name, r.static])]
  .map(([name, values]) => [name, values?.[property]]).filter(([, value]) => value && !value.failure);
/** Every member of any of them, in the order in which they come. */
const membersOf = (lists) => [...new Set(lists.flatMap(([, value]) => entries(value).map(([key]) => key)))];
/** A line for each name, a column for each member. */
function comparison(section, caption, head, lists, show) {
  const members = membersOf(lists);
  if (members.length > 0)
    table(section, caption, [head, ...members], lists.map(([name, value]) => [name, ...members.map((m) => show(value[m]))]));
}

if (has('crystals')) {
  const lists = statics('crystals'), names = membersOf(lists);
  for (const [key, caption, decimals, factor] of [['relative_energy', 'Energy relative to the diamond structure, meV/atom.', 1, 1e3],
    ['volume', 'Equilibrium volume, Å³/atom.', 3, 1], ['bulk_modulus', 'Bulk modulus, GPa.', 1, 1], ['lattice_constant', 'Lattice constant a, Å.', 4, 1]])
    comparison('crystals', caption, 'potential', lists.map(([name, value]) =>
      [name, Object.fromEntries(entries(value).filter(([, c]) => isNumber(c[key])).map(([crystal, c]) => [crystal, c[key]]))]),
    (x) => (isNumber(x) ? (factor * x).toFixed(decimals) : '–'));
  const grid = gridOf('crystals');
  for (const crystal of names)
    figure(place('crystals', grid), `${crystal}: energy against volume, relative to the relaxed diamond structure of each potential.`,
      {x: {title: 'volume, Å³/atom'}, y: {title: 'energy, eV/atom'}},
      lists.filter(([, value]) => value[crystal]?.curve).map(([name, value]) => {
        const {volume, energy} = value[crystal].curve, base = value.dia?.energy ?? 0;
        return {name, points: volume.map((v, i) => [v, energy[i] - base]), line: true, size: 2, dash: dashOf(name)};
      }));
}
if (has('elastic')) {
  const lists = statics('elastic');
  for (const crystal of membersOf(lists))
    comparison('elastic', `${crystal}, GPa.`, 'potential', lists.map(([name, value]) => [name, value[crystal] ?? {}]), (x) => fixed(x, 1));
}
if (has('phases')) {
  const lists = statics('phases'), grid = gridOf('phases');
  for (const [name, {pressures, enthalpy}] of lists) {
    if (!enthalpy) continue;
    const base = enthalpy.dia ?? Object.values(enthalpy)[0];
    figure(place('phases', grid), `${name}: enthalpies relative to the first phase.`,
      {x: {title: 'pressure, GPa'}, y: {title: 'ΔH, meV/atom'}},
      entries(enthalpy).map(([crystal, values]) =>
        ({name: crystal, points: pressures.map((p, i) => [p, isNumber(values[i]) && isNumber(base[i]) ? 1e3 * (values[i] - base[i]) : null]), line: true, size: 2})));
  }
  table('phases', 'Transitions between stable phases.', ['potential', 'from', 'to', 'pressure, GPa'],
    lists.flatMap(([name, {transitions}]) => (transitions ?? []).map((t) => [name, t.from, t.to, fixed(t.pressure, 2)])));
}
if (has('defects')) {
  comparison('defects', 'Formation energies, eV.', 'potential', statics('defects'), (x) => fixed(x?.energy ?? x, 3));
  comparison('defects', 'Surface energies (relaxed), eV/Å².', 'potential', statics('surfaces'), (x) => fixed(x?.relaxed ?? x, 4));
}
if (has('phonons')) {
  comparison('phonons', 'Frequencies, THz.', 'potential', statics('phonons'), (x) => (x ?? []).map((f) => fixed(f, 2)).join(' '));
}

if (has('trajectories')) {
  const all = entries(report.trajectories), percent = (x) => (isNumber(x) ? (100 * x).toFixed(2) : '–');
  table('trajectories', 'All atoms of all frames.',
    ['trajectory', 'frames', 'atoms', 'bonds', 'N3, %', 'N4, %', 'N5, %', 'mean angle, °', 'deviation, °', 'H⁻¹, from g(r)', 'H⁻¹, direct sums'],
    all.map(([name, {trajectory: t, coordination: c, bond_angles: a, structure_factor: s}]) => [name, String(t.frames), String(t.atoms),
      fixed(c.mean, 3), percent(c.n3), percent(c.n4), percent(c.n5), fixed(a.all?.mean, 2), fixed(a.all?.standard_deviation, 2),
      fixed(s.transformed.peak?.inverse_height, 3), fixed(s.direct.peak?.inverse_height, 3)]));
  const crystals = membersOf(all.map(([name, a]) => [name, a.crystals?.fraction ?? {}]));
  if (crystals.length > 0) {
    const last = (list) => (list ?? []).at(-1);
    table('trajectories', 'Atoms of the last frame that are like a crystal, %, and atoms in the largest grain.',
      ['trajectory', ...crystals.flatMap((c) => [c, 'largest'])],
      all.map(([name, a]) => [name, ...crystals.flatMap((c) => [percent(last(a.crystals?.fraction[c])), digits(last(a.grains?.largest[c]))])]));
  }
  const grid = gridOf('trajectories');
  const curves = (caption, x, y, points) => figure(place('trajectories', grid), caption, {x: {title: x}, y: {title: y}},
    all.map(([trajectory, a]) => ({name: trajectory, points: points(a), line: true, size: 0})));
  curves('Pair distribution.', 'r, Å', 'g(r)', (a) => zip(a.pair_distribution.curves.r, a.pair_distribution.curves.g));
  curves('Structure factor from g(r).', 'Q, 1/Å', 'S(Q)', (a) => zip(a.structure_factor.transformed.curves.q, a.structure_factor.transformed.curves.s));
  curves('Bond angles.', 'angle, degrees', 'probability, 1/degree', (a) => {
    const {angle, all: counts} = a.bond_angles.histogram;
    return angle ? zip(angle, counts, angle.length / 180 / a.bond_angles.all.count) : [];
  });
  if (all.some(([, a]) => a.trajectory.frames > 1)) {
    const time = (f) => (f.timestep.every(isNumber) ? f.timestep : f.index);
    for (const [key, title, factor] of [['n3', 'N3, %', 100], ['n5', 'N5, %', 100], ['peak_inverse_height', 'H⁻¹', 1]])
      curves(`${title} along the trajectories.`, 'time step or frame', title, ({frames}) => zip(time(frames), frames[key], factor));
    curves('Volume along the trajectories.', 'time step or frame', 'volume, Å³/atom',
      ({frames}) => zip(time(frames), frames.volume.map((v, i) => (isNumber(v) ? v / frames.atoms[i] : v))));
    for (const crystal of membersOf(all.map(([name, a]) => [name, a.similarity?.frame ?? {}])))
      curves(`Similarity of frames to ${crystal}.`, 'time step or frame', 'similarity',
        ({frames, similarity}) => zip(time(frames), similarity?.frame[crystal] ?? []));
  }
}

if (has('map')) {
  if (report.map.failure) {
    note('map', report.map.failure);
  } else {
    figure(place('map'), `Two components, which explain ${fixed(100 * report.map.explained_fraction[0], 1)} and ${fixed(100 * report.map.explained_fraction[1], 1)} % of the variance.`,
      {x: {title: 'component 1'}, y: {title: 'component 2'}},
      Object.entries(report.map.points).map(([name, p]) => ({name, points: zip(p.soap_map_1, p.soap_map_2), size: 3})));
  }
}

if (has('failures')) {
  table('failures', 'Parts without a result.', ['part', 'reason'], report.failures.map(({where, reason}) => [where, reason]));
}

facts('provenance', [
  ['Sinter', `${report.sinter.version}, ${report.sinter.git}`], ['backend', report.sinter.backend],
  ['settings', report.settings.file], ['time', `${digits(report.time.wall_s, 3)} s`]]);
table('provenance', 'Potentials and other inputs.', ['name', 'file', 'kind', 'species', 'cutoff, Å', 'basis functions', 'SHA-256'],
  [...entries(report.potentials).map(([name, p]) => [name, p.file, p.kind, p.species.join(', '), digits(p.cutoff), String(p.basis_functions), p.sha256]),
    ...entries(report.references).map(([name, r]) => [name, r.file, 'reference', '', '', '', r.sha256])]);
document.getElementById('provenance').append(element('p', 'Command:', 'note'), element('code', report.command));
