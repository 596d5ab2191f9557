"""The golden cases of patch pairs: from the given places, the patches, overlaps and statistics."""

import ctypes

import numpy as np
from conftest import Case, close
from qlty import CONSTANTS, DONE, Handle, call


def found_at(image, patches):
    """The places are not among the golden data of volumes: each patch is found in its volume."""
    each = len(patches) // len(image)
    windows = np.lib.stride_tricks.sliding_window_view(image, patches.shape[2:], axis=(2, 3, 4))
    places = []
    for index, patch in enumerate(patches):
        same = (windows[index // each] == patch[:, None, None, None]).all(axis=(0, 4, 5, 6))
        places.append([index // each, *np.argwhere(same)[0]])
    return np.array(places, np.int64)


def check(case, image, positions1, positions2, rotations):
    window = (ctypes.c_int64 * case.ndim)(*case.parameters["window"])
    count = len(positions1)
    pairs = Handle("pairs", "pairs_new", window, positions1, positions2, rotations)
    got = [np.empty_like(case.patches1), np.empty_like(case.patches2), np.empty_like(case.deltas),
           np.empty(count, np.int64), np.empty_like(positions1), np.empty_like(positions2)]
    call("pairs_extract", pairs, image, None, *got, *DONE)
    turns = rotations if rotations is not None else np.zeros(count, np.int64)
    for array, expected in zip(got, [case.patches1, case.patches2, case.deltas, turns, positions1, positions2]):
        assert np.array_equal(array, expected)

    overlap, rows = Handle("overlap", "overlap_new", window, got[2], got[3]), ctypes.c_int64()
    call("overlap_count", overlap, rows)
    pixels = np.empty_like(case.overlap1), np.empty_like(case.overlap2)
    assert rows.value == len(pixels[0])
    call("overlap_extract", overlap, got[0], got[1], *pixels, *DONE)
    assert np.array_equal(pixels[0], case.overlap1) and np.array_equal(pixels[1], case.overlap2)
    return pairs


def test_images():
    case = Case("pairs2d")
    columns = [np.stack([case.image_idx, getattr(case, f"patch{side}_y"), getattr(case, f"patch{side}_x")], axis=1)
               for side in (1, 2)]
    pairs = check(case, case.image, *columns, case.rotations)
    pointer = ctypes.c_void_p()
    call("pairs_measure", pairs, case.image, None, pointer, *DONE)
    measured = Handle.of("pairs", pointer)
    for name in ("mean1", "sigma1", "mean2", "sigma2"):
        values = np.empty(len(columns[0]))
        call("pairs_column", measured, CONSTANTS["QLTY_COLUMN_" + name.upper()], values)
        close(values, getattr(case, name).astype(np.float64))


def test_volumes():
    case = Case("pairs3d")
    image = case.image
    check(case, image, found_at(image, case.patches1), found_at(image, case.patches2), None)
