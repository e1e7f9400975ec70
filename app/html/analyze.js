// The report of `sinter analyze`.
'use strict';
const {trajectory, settings, frames, coordination} = report;
const angles = report.bond_angles, factor = report.structure_factor;
const percent = (x) => (isNumber(x) ? `${digits(100 * x, 4)} %` : '–');
const zip = (xs, ys, factor = 1) => xs.map((x, i) => [x, isNumber(ys[i]) ? factor * ys[i] : ys[i]]);
const peaks = [['from g(r)', factor.transformed.peak], ['direct sums', factor.direct.peak]];

facts('overview', [
  ['trajectory', trajectory.file],
  ['species', trajectory.species.join(', ')],
  ['frames', String(trajectory.frames)],
  ['atoms in all', String(trajectory.atoms)],
  ['bonds per atom', digits(coordination.mean)],
  ['N3 (three bonds)', percent(coordination.n3)],
  ['N4', percent(coordination.n4)],
  ['N5', percent(coordination.n5)],
  ['mean bond angle', `${fixed(angles.all?.mean, 2)}°`],
  ['its deviation', `${fixed(angles.all?.standard_deviation, 2)}°`],
  ...peaks.map(([name, peak]) => [`H⁻¹, ${name}`, fixed(peak?.inverse_height, 3)]),
]);
if (trajectory.unreadable !== null) note('unreadable', `The trajectory could not be read to its end: ${trajectory.unreadable}`);

const has_steps = frames.timestep.every(isNumber);
const time = has_steps ? frames.timestep : frames.index, x = {title: has_steps ? 'time step' : 'frame'};
const line = (name, values, factor = 1) => ({name, points: zip(time, values, factor), line: true, size: 1.5});
const lines = (lists, factor = 1) => Object.entries(lists).map(([name, values]) => line(name, values, factor));
if (trajectory.frames > 1) {
  figure('frames-fractions', 'Atoms with three and five bonds.', {x, y: {title: 'share, %'}},
    [line('N3', frames.n3, 100), line('N5', frames.n5, 100)]);
  figure('frames-coordination', 'Mean number of bonds.', {x, y: {title: 'bonds per atom'}},
    [line('coordination', frames.coordination)]);
  figure('frames-angles', 'Bond angles.', {x, y: {title: 'angle, degrees'}},
    [line('mean', frames.angle_mean), line('at atoms with five bonds', frames.five_fold_angle_mean)]);
  figure('frames-peak', 'Inverse height of the first sharp diffraction peak.', {x, y: {title: 'H⁻¹'}},
    [line('from g(r)', frames.peak_inverse_height), line('direct sums', frames.direct_peak_inverse_height)]);
  figure('frames-density', 'Volume per atom.', {x, y: {title: 'volume, Å³/atom'}},
    [line('volume', frames.volume.map((v, i) => (isNumber(v) ? v / frames.atoms[i] : v)))]);
} else {
  note('over-frames', 'The trajectory has one frame.');
}

const bonds = coordination.histogram;
figure('coordination-figure', `Bonds closer than ${digits(settings.bond_cutoff)} Å.`,
  {x: {title: 'bonds'}, y: {title: 'share of atoms, %'}},
  [{name: 'atoms', points: zip(bonds.bonds, bonds.fraction, 100), line: true, size: 4}]);
table('coordination-table', 'Atoms by their number of bonds.', ['bonds', 'atoms', 'share'],
  bonds.bonds.map((n, i) => [String(n), String(bonds.atoms[i]), percent(bonds.fraction[i])]));

if (angles.all !== null && angles.all.count > 0) {
  table('angles-table', 'Mean and standard deviation, degrees.', ['atoms', 'angles', 'mean', 'standard deviation'],
    [['all', angles.all], ['with five bonds', angles.five_fold]].map(([name, a]) =>
      [name, String(a.count), fixed(a.mean, 3), fixed(a.standard_deviation, 3)]));
  const histogram = angles.histogram, width = 180 / histogram.angle.length;
  const density = (counts, count) => zip(histogram.angle, counts, 1 / (count * width));
  const curves = [{name: 'all atoms', points: density(histogram.all, angles.all.count), line: true, size: 0}];
  if (angles.five_fold.count > 0)
    curves.push({name: 'atoms with five bonds', points: density(histogram.five_fold, angles.five_fold.count), line: true, size: 0});
  figure('angles-figure', `Distribution of bond angles, bins of ${digits(width)}°.`,
    {x: {title: 'angle, degrees'}, y: {title: 'probability, 1/degree'}}, curves);
} else {
  note('angles-figure', 'There are no bond angles.');
}

const {r, g, ...partials} = report.pair_distribution.curves;
if (r.length > 0) {
  figure('pairs-figure', `Mean over ${report.pair_distribution.frames} frame(s).`, {x: {title: 'r, Å'}, y: {title: 'g(r)'}},
    [{name: 'all', points: zip(r, g), line: true, size: 0},
      ...Object.entries(partials).map(([name, values]) => ({name, points: zip(r, values), line: true, size: 0}))]);
} else {
  note('pairs-figure', 'No frame has one; see What could not be measured.');
}

const direct = factor.direct.curves, {q, s, ...partial_factors} = factor.transformed.curves;
if (direct.q.length > 0 || q.length > 0) {
  table('peak-table', 'First sharp diffraction peak.', ['S(Q)', 'Q, 1/Å', 'height', 'H⁻¹'],
    peaks.map(([name, peak]) => [name, fixed(peak?.q, 4), fixed(peak?.height, 4), fixed(peak?.inverse_height, 4)]));
  figure('structure-factor-figure',
    `S(Q) from g(r) up to ${digits(settings.r_max)} Å${settings.lorch ? ' (window of Lorch)' : ''}, and by direct sums.`,
    {x: {title: 'Q, 1/Å'}, y: {title: 'S(Q)'}},
    [{name: 'direct sums', points: zip(direct.q, direct.s), size: 2},
      {name: 'from g(r)', points: zip(q, s), line: true, size: 0}]);
  if (Object.keys(partial_factors).length > 0)
    figure('partial-factors-figure', 'Partial structure factors of Faber and Ziman, from g(r) of pairs of species.',
      {x: {title: 'Q, 1/Å'}, y: {title: 'S(Q)'}},
      Object.entries(partial_factors).map(([name, values]) => ({name, points: zip(q, values), line: true, size: 0})));
} else {
  note('structure-factor-figure', 'No frame has one; see What could not be measured.');
}

const {similarity, crystals, grains} = report;
if (similarity) {
  note('similarity-note', `SOAP similarities (p·p′)^${similarity.zeta}, preset ${similarity.preset}, to the crystals of ${similarity.file}.`);
  if (trajectory.frames > 1) {
    figure('similarity-frame', 'Of frames: inner averages.', {x, y: {title: 'similarity'}}, lines(similarity.frame));
    figure('similarity-atoms', 'Of atoms: means over those of a frame.', {x, y: {title: 'similarity'}}, lines(similarity.atom_mean));
    figure('crystals-figure', `Atoms most like a crystal, with a similarity above ${crystals.threshold}.`,
      {x, y: {title: 'share, %'}}, lines(crystals.fraction, 100));
  }
  table('crystals-table', 'Last frame.', ['crystal', 'similarity', 'mean of atoms', 'atoms like it'], similarity.crystals.map((name) =>
    [name, fixed(similarity.frame[name].at(-1), 4), fixed(similarity.atom_mean[name].at(-1), 4), percent(crystals.fraction[name]?.at(-1))]));
  note('grains-note', `Atoms like one crystal that are connected by bonds shorter than ${digits(grains.bond_cutoff)} Å, ` +
    `${grains.least_grain} or more. A grain percolates when it is connected with its own images.`);
  if (trajectory.frames > 1) {
    figure('grains-number', 'Grains.', {x, y: {title: 'grains'}}, lines(grains.number));
    figure('grains-largest', 'Largest grain.', {x, y: {title: 'atoms'}}, lines(grains.largest));
    figure('grains-dimensions', 'Directions in which a grain percolates.', {x, y: {title: 'directions'}}, lines(grains.dimensions));
  }
  const {from, number} = grains.sizes;
  figure('grains-sizes', 'Grains of all frames by size, bins of a factor of two.', {x: {title: 'atoms', log: true}, y: {title: 'grains'}},
    Object.entries(number).map(([name, counts]) => ({name, points: zip(from, counts), line: true, size: 3})));
  table('grains-table', `Last frame: the largest grains${grains.last_frame.some((g) => g.axis) ? ', with the direction of the axis of their crystal' : ''}.`,
    ['crystal', 'atoms', 'percolates in', 'axis', 'alignment'], grains.last_frame.map((g) =>
      [g.crystal, String(g.atoms), g.dimensions === 0 ? '–' : `${g.dimensions} (${['a', 'b', 'c'].filter((_, d) => g.along[d]).join(', ')})`,
        g.axis ? g.axis.map((u) => fixed(u, 3)).join(' ') : '–', fixed(g.alignment, 3)]));
} else {
  note('similarity-note', 'Not asked for (--similarity).');
  note('grains-note', 'Not asked for (--similarity).');
}

const {map} = report;
if (!map) {
  note('map-figure', 'Not asked for (--map).');
} else if (map.reason !== null) {
  note('map-figure', `There is none: ${map.reason}`);
} else {
  const parts = Math.min(6, time.length);  // colours for parts of the trajectory
  const bounds = Array.from({length: parts + 1}, (_, p) => Math.round(p * time.length / parts));
  figure('map-figure', `Frames by their SOAP vectors (${map.kind}); frames that are alike lie close together. The axes explain ` +
    `${map.explained_fraction.map((share) => percent(share)).join(' and ')}.`,
    {x: {title: 'component 1'}, y: {title: 'component 2'}}, bounds.slice(1).map((end, p) => ({
      name: `${x.title} ${time[bounds[p]]} to ${time[end - 1]}`, size: 3,
      points: zip(map.soap_map_1.slice(bounds[p], end), map.soap_map_2.slice(bounds[p], end))})));
}

const refused = trajectory.refused.map(({frame, reason}) => ['all', String(frame), reason]);
const failures = refused.concat(Object.entries(report).flatMap(([section, {failures}]) =>
  (failures ?? []).map(({frame, reason}) => [section.replace('_', ' '), String(frame), reason])));
if (failures.length > 0) {
  const most = 20;
  table('failures-table', `Metrics that have no meaning for a frame${failures.length > most ? ` (${most} of ${failures.length})` : ''}.`,
    ['metric', 'frame', 'reason'], failures.slice(0, most));
} else {
  note('failures-table', 'All metrics of all frames that could be read were measured.');
}

facts('provenance', [
  ['command', report.command], ['SHA-256 of the trajectory', trajectory.sha256 ?? '–'],
  ['sinter', `${report.sinter.version}, ${report.sinter.git}, ${report.sinter.backend}`],
  ...Object.entries(settings).map(([name, value]) => [name.replaceAll('_', ' '), String(value)]),
  ['time', `${digits(report.time.wall_s, 3)} s`]]);
