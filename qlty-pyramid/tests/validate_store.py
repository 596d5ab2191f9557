"""Checks OME-Zarr images (NGFF 0.5 on Zarr v3, or 0.4 on Zarr v2) with ome-zarr-models, zarr-python and ome-zarr-py.

usage: validate_store.py STORE...

Exits with 1 and a message on stderr if a store is not valid. Needs `pip install -r .ci/python.txt`.
Prints, for each level, its shape, type and voxel size. Where there is a file STORE-LEVEL.npy, the level's pixels
must equal it. A store without NGFF's metadata (a single array, or the axis order ZCYX) is only read.
"""

import os
import subprocess
import sys

import numpy
import ome_zarr.io
import ome_zarr.reader
import ome_zarr_models
import zarr
from ome_zarr_models.v04 import Image as Image04
from ome_zarr_models.v05 import Image as Image05


def require(condition, message):
    if not condition:
        raise ValueError(message)


def check_axes(axes):
    kinds = [axis.type for axis in axes]
    order = {"time": 0, "channel": 1, "space": 2}
    require(kinds == sorted(kinds, key=lambda kind: order[kind]), f"axes out of order: {kinds}")
    require(2 <= kinds.count("space") <= 3, f"got {kinds.count('space')} space axes, expected 2 or 3")
    return [axis.name for axis in axes]


def check_pixels(store, name, array):
    pixels = array[...]
    expected = f"{store}-{name}.npy"
    if os.path.exists(expected):
        expected = numpy.load(expected)
        require(pixels.shape == expected.shape, f"array {name!r}: shape {pixels.shape}, expected {expected.shape}")
        require(numpy.array_equal(pixels.astype(expected.dtype), expected), f"array {name!r}: other pixels than expected")
    return pixels


def check_level(store, group, names, dataset, finer):
    array = group[dataset.path]
    if array.metadata.zarr_format == 3:
        got = array.metadata.dimension_names
        require(got == tuple(names), f"array {dataset.path}: dimension names {got}, expected {names}")
    require(array.ndim == len(names), f"array {dataset.path}: {array.ndim} axes, expected {len(names)}")
    require(finer is None or array.dtype == finer.dtype, f"array {dataset.path}: another type than the level before")
    require(
        finer is None or all(coarse <= fine for coarse, fine in zip(array.shape, finer.shape)),
        f"array {dataset.path}: shape {array.shape} is larger than that of the level before, {finer and finer.shape}",
    )
    kinds = [transformation.type for transformation in dataset.coordinateTransformations]
    require(kinds in (["scale"], ["scale", "translation"]), f"array {dataset.path}: transformations {kinds}")
    scale = dataset.coordinateTransformations[0].scale
    require(len(scale) == len(names), f"array {dataset.path}: got {len(scale)} scales, expected {len(names)}")
    check_pixels(store, dataset.path, array)
    print(f"{dataset.path}: {array.shape} {array.dtype} scale {scale}")
    return array


def check_with_ome_zarr_py(store, group, datasets):
    nodes = list(ome_zarr.reader.Reader(ome_zarr.io.parse_url(store, mode="r"))())
    require(nodes, "ome-zarr-py finds no image")
    require(len(nodes[0].data) == len(datasets), f"ome-zarr-py finds {len(nodes[0].data)} levels")
    for lazy, dataset in zip(nodes[0].data, datasets):
        same = numpy.array_equal(numpy.asarray(lazy), group[dataset.path][...])
        require(same, f"array {dataset.path}: ome-zarr-py reads other pixels")
    require(nodes[0].metadata.get("contrast_limits"), "ome-zarr-py finds no window limits")


def check_image(store, group, version):
    # The command of the package, as a user would run it.
    command = os.path.join(os.path.dirname(sys.executable), "ome-zarr-models")
    run = subprocess.run([command, "validate", store], capture_output=True, text=True)
    require(run.returncode == 0, f"ome-zarr-models validate: {run.stdout}{run.stderr}")
    if version == "0.5":
        attributes = Image05.from_zarr(group).attributes.ome
        require(attributes.version == version, f"version {attributes.version}, expected {version}")
    else:
        attributes = Image04.from_zarr(group).attributes
    for multiscale in attributes.multiscales:
        names = check_axes(multiscale.axes)
        finer = None
        for dataset in multiscale.datasets:
            finer = check_level(store, group, names, dataset, finer)
    check_with_ome_zarr_py(store, group, attributes.multiscales[0].datasets)


def check(store):
    root = zarr.open(store, mode="r")
    if isinstance(root, zarr.Array):
        check_pixels(store, "", root)
        return "a single array"
    if "ome" in root.attrs:
        check_image(store, root, "0.5")
        return "valid NGFF 0.5"
    if "multiscales" in root.attrs:
        check_image(store, root, "0.4")
        return "valid NGFF 0.4"
    levels = root.attrs["qlty"]["levels"]
    require("NGFF" in root.attrs["qlty"]["note"], "does not say that it is not NGFF")
    for level in levels:
        check_pixels(store, level["path"], root[level["path"]])
    return "not NGFF, and says so"


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    for store in sys.argv[1:]:
        try:
            print(f"{store}: {check(store)}")
        except Exception as error:  # whatever is wrong with the store, say so in one line and fail
            print(f"{store}: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
    print(f"with ome-zarr-models {ome_zarr_models.__version__} and zarr {zarr.__version__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
