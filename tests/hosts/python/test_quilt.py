"""Every golden case of the in-memory quilt, and views and errors as Python has them."""

import ctypes

import numpy as np
import pytest
from conftest import close, names
from qlty import CONSTANTS, DONE, FUNCTIONS, Handle, LIBRARY, PROGRESS, QltyError, call, quilt


def counts(made, ndim):
    numbers = (ctypes.c_int64 * 3)()
    call("quilt_counts", made, numbers)
    return list(numbers[:ndim])


@pytest.mark.parametrize("case", names("quilt"), indirect=True)
def test_unstitching_and_stitching(case):
    made = case.quilt()
    assert counts(made, case.ndim) == case.parameters["times"]

    image, expected = case.image, case.patches
    patches = np.empty_like(expected)
    call("quilt_unstitch", made, image, 0, patches, *DONE)
    assert np.array_equal(patches, expected)
    # In two ranges, into every second patch of a larger array, from an image whose axes are turned around.
    wide = np.zeros((2 * len(expected), *expected.shape[1:]), np.float32)
    half, turned = len(expected) // 2, np.ascontiguousarray(image.T).T
    call("quilt_unstitch", made, turned, 0, wide[: 2 * half : 2], *DONE)
    call("quilt_unstitch", made, turned, half, wide[2 * half :: 2], *DONE)
    assert np.array_equal(wide[::2], expected) and not wide[1::2].any()

    processed, batch, weights = case.processed, np.empty_like(case.stitched), np.empty_like(case.weights)
    call("quilt_stitch", made, processed, batch, weights, *DONE)
    close(batch, case.stitched)
    close(weights, case.weights)

    stitcher = Handle("stitcher", "stitcher_new", made, CONSTANTS["QLTY_DTYPE_F32"], len(batch), batch.shape[1])
    for first in range(0, len(processed), 5):
        call("stitcher_push", stitcher, first, processed[first : first + 5])
    again = np.empty_like(batch)
    call("stitcher_finish", stitcher, again, None)
    assert np.array_equal(again, batch)


@pytest.mark.parametrize("case", names("quilt"), indirect=True)
def test_windows_and_places(case):
    made = case.quilt()
    mask, weight = np.empty(case.border_mask.shape, bool), np.empty_like(case.window_weight)
    call("quilt_border_mask", made, mask)
    assert np.array_equal(mask, case.border_mask == 1)
    call("quilt_window_weight", made, weight)
    close(weight, case.window_weight, 1e-7)
    if case.ndim == 2:  # qlty gives positions and positional channels in 2-D.
        positions, channels = np.empty_like(case.positions), np.empty_like(case.positional_relative)
        call("quilt_positions", made, 0, positions)
        assert np.array_equal(positions, case.positions)
        call("quilt_positional", made, 0, CONSTANTS["QLTY_ORIGIN_WINDOW"], 1, channels)
        close(channels, case.positional_relative, 1e-6)


@pytest.mark.parametrize("case", names("sparse"), indirect=True)
def test_sparse_labels(case):
    made, missing = case.quilt(), ctypes.c_float(case.parameters["missing_label"])
    patches = np.empty_like(case.label_patches)
    # qlty 1.5.0 marks no border in 3-D, though its filter leaves it out.
    call("quilt_unstitch_labels", made, case.labels, missing if case.ndim == 2 else None, 0, patches, *DONE)
    assert np.array_equal(patches, case.label_patches)
    labelled = np.empty(len(patches), bool)
    call("quilt_labelled", made, patches, missing, labelled)
    assert np.array_equal(~labelled, case.removed)
    for everything, kept in (("image_patches", "kept_images"), ("label_patches", "kept_labels")):
        expected = getattr(case, kept)
        got = np.empty_like(expected)
        call("patches_keep", getattr(case, everything), labelled, got)
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float16, np.float32, np.float64])
def test_types_and_negative_strides(dtype):
    made = quilt((20, 24), (8, 8), (6, 4))
    image = (np.arange(2 * 3 * 20 * 24) % 251).astype(dtype).reshape(2, 3, 20, 24)[:, ::-1, :, ::-1]
    patches = np.empty((2 * 3 * 5, 3, 8, 8), dtype)
    call("quilt_unstitch", made, image, 0, patches, *DONE)
    assert np.array_equal(patches[-1], image[1, :, 12:, 16:])
    sums = np.float64 if dtype in (np.int32, np.int64, np.float64) else np.float32
    batch = np.empty((24, 20, 3, 2), sums).transpose(3, 2, 1, 0)
    call("quilt_stitch", made, patches, batch, None, *DONE)
    close(batch, image.astype(np.float64))


def test_errors_are_told_and_leave_the_output():
    made = quilt((20, 24), (8, 8), (6, 4))
    patches = np.full((15, 1, 8, 8), -1.0, np.float32)
    with pytest.raises(QltyError, match=r"got shape \[1, 1, 20, 23\]") as told:
        call("quilt_unstitch", made, np.zeros((1, 1, 20, 23), np.float32), 0, patches, *DONE)
    assert told.value.status == CONSTANTS["QLTY_STATUS_SHAPE"] and (patches == -1).all()
    with pytest.raises(QltyError, match="got dtype f32, expected f64") as told:
        call("quilt_unstitch", made, np.zeros((1, 1, 20, 24)), 0, patches, *DONE)
    assert told.value.status == CONSTANTS["QLTY_STATUS_DTYPE"] and (patches == -1).all()
    with pytest.raises(QltyError, match="window along x: got 25"):
        quilt((20, 24), (8, 25), (6, 4))


def test_progress_runs_on_this_thread():
    made, told = quilt((256, 256), (32, 32), (16, 16)), []
    image, patches = np.zeros((1, 1, 256, 256), np.float32), np.empty((225, 1, 32, 32), np.float32)
    progress = PROGRESS(lambda user, done, total: told.append((done, total)) or 0)
    call("quilt_unstitch", made, image, 0, patches, progress, None)
    assert told[-1] == (225, 225)


def test_the_header_is_the_librarys():
    assert FUNCTIONS["qlty_abi_version"]() == CONSTANTS["QLTY_ABI_VERSION"]
    assert len(FUNCTIONS) > 80 and all(getattr(LIBRARY, name) for name in FUNCTIONS)
