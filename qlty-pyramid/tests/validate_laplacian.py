"""Rebuilds an image from a Laplacian store with numpy and zarr-python, from what the store says of itself alone.

usage: validate_laplacian.py STORE IMAGE

Exits with 1 and a message on stderr unless the store's arrays are as its attributes say and their levels add
up to exactly the pixels of the Zarr array IMAGE. Needs `pip install zarr`.
"""

import sys

import numpy
import zarr


def require(condition, message):
    if not condition:
        raise ValueError(message)


def taps(coarse, fine, interpolation):
    """For each pixel of the larger axis the pixel beneath it, and the weights of that pixel's neighbours."""
    reach = {"bilinear": 1, "bicubic": 2}[interpolation]
    x = numpy.arange(fine)
    beneath = x * coarse // fine
    centre = (x + 0.5) * coarse / fine - 0.5
    every = {}
    for offset in range(-reach - 1, reach + 2):
        pixel = beneath + offset
        d = abs(pixel - centre)
        if interpolation == "bilinear":
            weight = numpy.maximum(1 - d, 0)
        else:
            near = 1.5 * d**3 - 2.5 * d**2 + 1
            far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
            weight = numpy.where(d < 1, near, numpy.where(d < 2, far, 0))
        every[offset] = numpy.where((pixel >= 0) & (pixel < coarse), weight, 0)
    total = sum(every.values())
    return beneath, {offset: weight / total for offset, weight in every.items() if offset and (weight != 0).any()}


def stretch(planes, fine, interpolation, axis):
    coarse = planes.shape[axis]
    beneath, neighbours = taps(coarse, fine, interpolation)
    centre = planes.take(beneath, axis)
    result = centre.copy()
    for offset in sorted(neighbours):
        weight = neighbours[offset].astype(planes.dtype)
        weight = weight[:, None] if axis == -2 else weight
        result += weight * (planes.take(numpy.clip(beneath + offset, 0, coarse - 1), axis) - centre)
    return result


def check(store, image):
    group = zarr.open_group(store, mode="r")
    stated = group.attrs["qlty"]["laplacian_pyramid"]
    names = stated["differences"] + [stated["base"]]
    require(sorted(group.array_keys()) == sorted(names), f"arrays {sorted(group.array_keys())}, expected {names}")
    for name, shape in zip(names, stated["shapes"]):
        array = group[name]
        require(list(array.shape) == shape, f"{name}: shape {array.shape}, expected {shape}")
        axes = list(array.metadata.dimension_names)
        require(axes == stated["axes"], f"{name}: axes {axes}, expected {stated['axes']}")
    level = group[stated["base"]][...]
    require(level.dtype == stated["dtype"], f"{stated['base']}: type {level.dtype}, expected {stated['dtype']}")
    wide = {1: {"i": "int16", "u": "int16"}, 2: {"i": "int32", "u": "int32"}, 4: {"i": "int64", "u": "int64"}}
    work = "float32" if level.dtype.itemsize < 4 or level.dtype == "float32" else "float64"
    for name in reversed(stated["differences"]):
        difference = group[name][...]
        expected = wide[level.dtype.itemsize][level.dtype.kind] if level.dtype.kind in "iu" else str(level.dtype)
        require(difference.dtype == expected, f"{name}: type {difference.dtype}, expected {expected}")
        predicted = level.astype(work)
        for axis in (-1, -2):
            predicted = stretch(predicted, difference.shape[axis], stated["interpolation"], axis)
        if level.dtype.kind in "iu":
            predicted = numpy.rint(predicted).astype(difference.dtype)
        level = (predicted + difference).astype(level.dtype)
        print(f"{name}: {difference.shape} {difference.dtype}, {numpy.count_nonzero(difference)} not zero")
    expected = zarr.open_array(image, mode="r")[...]
    require(level.dtype == expected.dtype, f"{image}: type {expected.dtype}, expected {level.dtype}")
    require(numpy.array_equal(level, expected), f"{image}: {numpy.count_nonzero(level != expected)} pixels differ")


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    store, image = sys.argv[1:]
    try:
        check(store, image)
    except Exception as error:  # whatever is wrong with the store, say so in one line and fail
        print(f"{store}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"{store}: adds up to {image} (zarr {zarr.__version__}, numpy {numpy.__version__})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
