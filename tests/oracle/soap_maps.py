#!/usr/bin/env python3
"""Compares `sinter soap --map` and `--select` with scikit-learn and scikit-matter.

usage: soap_maps.py SINTER STRUCTURES...

Needs h5py, scikit-learn and skmatter (PyPI). Vectors come from `sinter soap -o vectors.h5`; the table that is printed is
kept in soap_maps.md.
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from skmatter.sample_selection import CUR, FPS
from sklearn.decomposition import PCA, KernelPCA

zeta = 4


def run(*words):
    subprocess.run([sys.argv[1], "soap", *words, "--quiet"], check=True)


def read(file, *names):
    with h5py.File(file) as f:
        return [f[name][:] if name in f else f.attrs[name] for name in names]


def with_signs_of(found, expected):
    return found * np.sign(np.sum(found * expected, axis=0))


def farthest_points(p, count, first):
    """Plain loops in the distance of the kernel."""
    kernel = np.maximum(p @ p.T, 0) ** zeta
    squared = np.diag(kernel)[:, None] + np.diag(kernel)[None, :] - 2 * kernel
    chosen = [first]
    while len(chosen) < count:
        chosen.append(int(np.argmax(squared[:, chosen].min(axis=1))))
    return chosen


def compare(structures, folder):
    vectors, out = os.path.join(folder, "vectors.h5"), os.path.join(folder, "out.h5")
    run(structures, "--average", "inner", "-o", vectors)
    (p,) = read(vectors, "power_spectrum")
    n, count = len(p), min(50, len(p) // 4)
    name, width = os.path.basename(structures), p.shape[1]

    def row(what, against, value):
        print(f"| {name} | {n} x {width} | {what} | {against} | {value} |", flush=True)

    def compare_map(kind, model, data):
        expected = model.fit_transform(data)
        run(structures, "--map", kind, "-o", out)
        found, explained = read(out, "map", "explained_fraction")
        row(f"`--map {kind}`", type(model).__name__, f"{np.abs(with_signs_of(found, expected) - expected).max():.1e}")
        same_signs = np.all(np.sum(found * expected, axis=0) > 0)
        return explained, "same" if same_signs else "other"

    k = np.maximum(p @ p.T, 0) ** zeta
    kpca = KernelPCA(2, kernel="precomputed", eigen_solver="dense")
    explained, signs = compare_map("kpca", kpca, k)
    centred = k - k.mean(0) - k.mean(1)[:, None] + k.mean()
    row("explained fractions (kpca)", "eigenvalues / trace",
        f"{np.abs(explained - kpca.eigenvalues_ / np.trace(centred)).max():.1e}")
    row("signs (kpca)", "KernelPCA", signs)
    pca = PCA(2, svd_solver="full")
    explained, _ = compare_map("paper", pca, 2 - 2 * k)
    row("explained fractions (paper)", "PCA", f"{np.abs(explained - pca.explained_variance_ratio_).max():.1e}")

    landmarks = max(20, n // 5)
    run(structures, "--select", "fps", "--count", str(landmarks), "-o", out)
    (chosen,) = read(out, "selection/frame")
    kpca = KernelPCA(2, kernel="precomputed", eigen_solver="dense").fit(k[np.ix_(chosen, chosen)])
    expected = kpca.transform(k[:, chosen])
    run(structures, "--map", "kpca", "--landmarks", str(landmarks), "-o", out)
    (found,) = read(out, "map")
    row(f"`--map kpca --landmarks {landmarks}`", "KernelPCA.transform",
        f"{np.abs(with_signs_of(found, expected) - expected).max():.1e}")

    def compare_order(what, against, found, expected):
        """Frames that are repeated have equal vectors."""
        same = [np.abs(p[a] - p[b]).max() < 1e-12 for a, b in zip(found, expected)]
        row(what, against, f"{sum(same)} of {len(expected)} the same in the same order")

    run(structures, "--select", "fps", "--count", str(count), "-o", out)
    (found,) = read(out, "selection/frame")
    compare_order("`--select fps`", "plain loops", found, farthest_points(p, count, int(found[0])))
    run(structures, "--select", "fps", "--zeta", "1", "--count", str(count), "-o", out)
    (found,) = read(out, "selection/frame")
    fps = FPS(n_to_select=count, initialize=int(found[0])).fit(p)
    compare_order("`--select fps --zeta 1`", "skmatter FPS", found, fps.selected_idx_)
    run(structures, "--select", "cur", "--count", str(count), "-o", out)
    (found,) = read(out, "selection/frame")
    cur = CUR(n_to_select=count, k=1, recompute_every=1).fit(p)
    compare_order("`--select cur`", "skmatter CUR", found, cur.selected_idx_)


print("| structures | frames x components | what | against | largest difference, or order |\n|---|---|---|---|---|")
for structures in sys.argv[2:]:
    with tempfile.TemporaryDirectory() as folder:
        compare(structures, folder)
