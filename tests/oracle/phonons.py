#!/usr/bin/env python3
"""Phonon frequencies of crystals by phonopy, with forces by `sinter eval`.

usage: phonons.py SINTER POTENTIAL

Needs phonopy (PyPI). Prints rows of the table in phonons.md.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

displacement = 1e-3
wave_vectors = [(0, 0, 0), (0.5, 0.5, 0), (0.5, 0.5, 0.5), (0.1, 0.2, 0.3)]


def diamond(volume):
    a = (8 * volume) ** (1 / 3)
    return a / 2 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]), [[0, 0, 0], [a / 4] * 3]


def beta_tin(volume, ratio):
    a = (4 * volume / ratio) ** (1 / 3)
    return (np.array([[-1, 1, ratio], [1, -1, ratio], [1, 1, -ratio]]) * a / 2, [[0, 0, 0], [0, a / 2, ratio * a / 4]])


def write(file, supercells):
    with open(file, "w") as f:
        for s in supercells:
            lattice = " ".join(repr(float(x)) for x in s.cell.ravel())
            f.write(f'{len(s)}\nLattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
            for r in s.positions:
                f.write("Si " + " ".join(repr(float(x)) for x in r) + "\n")


def forces(file, count):
    with open(file) as f:
        lines = iter(f.readlines())
    result = []
    for line in lines:
        n, header = int(line), next(lines)
        columns, start = header.split("Properties=")[1].split()[0].split(":"), 0
        for name, _, width in zip(columns[::3], columns[1::3], columns[2::3]):
            if name == "forces":
                break
            start += int(width)
        result.append([[float(x) for x in next(lines).split()[start:start + 3]] for _ in range(n)])
    assert len(result) == count
    return np.array(result)


def frequencies(cell, positions, n):
    crystal = PhonopyAtoms(symbols=["Si"] * 2, cell=cell, positions=positions, masses=[28.085] * 2)
    phonon = Phonopy(crystal, np.diag([n] * 3), primitive_matrix=np.eye(3))
    phonon.generate_displacements(distance=displacement, is_plusminus=True, is_diagonal=False)
    supercells = phonon.supercells_with_displacements
    with tempfile.TemporaryDirectory() as folder:
        starts, labelled = os.path.join(folder, "displaced.extxyz"), os.path.join(folder, "labelled.extxyz")
        write(starts, supercells)
        subprocess.run([sys.argv[1], "eval", sys.argv[2], starts, "-o", labelled, "--quiet"], check=True)
        phonon.forces = forces(labelled, len(supercells))
    phonon.produce_force_constants()
    phonon.run_qpoints(wave_vectors)
    return phonon.qpoints.frequencies


for name, crystal in {"dia": diamond(20.0), "bSn": beta_tin(15.0, 0.5519)}.items():
    for n in (4, 2):
        for q, modes in zip(wave_vectors, frequencies(*crystal, n)):
            print(f"| {name} | {n} | {' '.join(map(str, q))} | {' '.join(f'{x:.5f}' for x in modes)} |")
