"""Checks an OME-Zarr image (NGFF 0.5 on Zarr v3) with ome-zarr-models and zarr-python.

usage: validate_store.py STORE

Exits with 1 and a message on stderr if the store is not valid. Needs `pip install ome-zarr-models zarr`.
Prints, for each level, its shape, type, voxel size and the sum of its pixels, so that a caller can compare.
"""

import os
import subprocess
import sys

import numpy
import ome_zarr_models
import zarr
from ome_zarr_models.v05 import Image


def require(condition, message):
    if not condition:
        raise ValueError(message)


def check_axes(axes):
    kinds = [axis.type for axis in axes]
    order = {"time": 0, "channel": 1, "space": 2}
    require(kinds == sorted(kinds, key=lambda kind: order[kind]), f"axes out of order: {kinds}")
    require(2 <= kinds.count("space") <= 3, f"got {kinds.count('space')} space axes, expected 2 or 3")
    return [axis.name for axis in axes]


def check_level(group, names, dataset, finer):
    array = group[dataset.path]
    got = array.metadata.dimension_names
    require(got == tuple(names), f"array {dataset.path}: dimension names {got}, expected {names}")
    require(finer is None or array.dtype == finer.dtype, f"array {dataset.path}: another type than the level before")
    require(
        finer is None or all(coarse <= fine for coarse, fine in zip(array.shape, finer.shape)),
        f"array {dataset.path}: shape {array.shape} is larger than that of the level before, {finer and finer.shape}",
    )
    kinds = [transformation.type for transformation in dataset.coordinateTransformations]
    require(kinds in (["scale"], ["scale", "translation"]), f"array {dataset.path}: transformations {kinds}")
    scale = dataset.coordinateTransformations[0].scale
    require(len(scale) == len(names), f"array {dataset.path}: got {len(scale)} scales, expected {len(names)}")
    pixels = array[:]
    print(f"{dataset.path}: {array.shape} {array.dtype} scale {scale} sum {numpy.sum(pixels, dtype='float64'):.6f}")
    return array


def check(store):
    # The command of the package, as a user would run it.
    command = os.path.join(os.path.dirname(sys.executable), "ome-zarr-models")
    run = subprocess.run([command, "validate", store], capture_output=True, text=True)
    require(run.returncode == 0, f"ome-zarr-models validate: {run.stdout}{run.stderr}")

    group = zarr.open_group(store, mode="r", zarr_format=3)
    image = Image.from_zarr(group)
    ome = image.attributes.ome
    require(ome.version == "0.5", f"version {ome.version}, expected 0.5")
    for multiscale in ome.multiscales:
        names = check_axes(multiscale.axes)
        finer = None
        for dataset in multiscale.datasets:
            finer = check_level(group, names, dataset, finer)


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    store = sys.argv[1]
    try:
        check(store)
    except Exception as error:  # whatever is wrong with the store, say so in one line and fail
        print(f"{store}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"{store}: valid (ome-zarr-models {ome_zarr_models.__version__}, zarr {zarr.__version__})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
