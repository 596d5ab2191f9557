"""What a process may do after fork(), which copies the memory of a process and only one of its threads."""

import ctypes
import multiprocessing
import os
import signal
import sys
import traceback

import numpy as np
import pytest
from qlty import CONSTANTS, DONE, PROGRESS, Handle, QltyError, call, options, quilt

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux do processes of Python fork")

SIZE, WINDOW, COUNT = 1024, 128, 15 * 15
IMAGE = np.random.default_rng(1).random((1, 1, SIZE, SIZE), np.float32)
PLACES = [(64 * y, 64 * x) for y in range(15) for x in range(15)]
PATCHES = np.stack([IMAGE[0, :, y : y + WINDOW, x : x + WINDOW] for y, x in PLACES])


def in_child(work):
    """Forks, and runs `work` in the child, where it must not fail."""
    child = os.fork()
    if child == 0:
        failed = 1
        try:
            # A child that hangs is ended, and the test fails.
            signal.alarm(60)
            work()
            failed = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(failed)
    assert os.waitpid(child, 0)[1] == 0


def free(handle):
    handle.__del__()
    handle.pointer = None


def fails(status, text, name, *arguments):
    with pytest.raises(QltyError, match=text) as told:
        call(name, *arguments)
    assert told.value.status == CONSTANTS["QLTY_STATUS_" + status]


def unstitched():
    patches, told = np.empty_like(PATCHES), []
    progress = PROGRESS(lambda user, done, total: told.append(done) or 0)
    made = quilt((SIZE, SIZE), (WINDOW, WINDOW), (64, 64))
    call("quilt_unstitch", made, IMAGE, 0, patches, progress, None)
    assert told[-1] == COUNT
    call("quilt_unstitch", made, IMAGE, 0, patches, *DONE)
    return patches


def use_everything(folder):
    """Calls of each kind, all of which are large enough for several threads."""
    made = quilt((SIZE, SIZE), (WINDOW, WINDOW), (64, 64))
    assert np.array_equal(unstitched(), PATCHES)
    batch, weights = np.empty_like(IMAGE), np.empty((SIZE, SIZE), np.float32)
    call("quilt_stitch", made, PATCHES, batch, None, *DONE)
    assert np.allclose(batch, IMAGE)
    call("quilt_weights", made, weights)
    call("quilt_labelled", made, PATCHES, ctypes.c_float(2), np.empty(COUNT, bool))
    stitcher = Handle("stitcher", "stitcher_new", made, CONSTANTS["QLTY_DTYPE_F32"], 1, 1)
    call("stitcher_push", stitcher, 0, PATCHES)
    call("stitcher_finish", stitcher, batch, None)
    assert np.allclose(batch, IMAGE)
    large = new_large(folder)
    call("large_stitch", large, np.arange(COUNT), PATCHES, None, *DONE)
    assert np.allclose(finished(large), IMAGE)
    path = str(folder / "pyramid.zarr").encode()
    call("stack_to_ome_zarr", None, IMAGE[0, 0], path, options("pyramid", levels=3, overwrite=1), *DONE)
    image, pixels = Handle("image", "image_open", path, None), np.empty((1, SIZE, SIZE), np.float32)
    call("image_read", image, 0, None, pixels, *DONE)
    assert np.array_equal(pixels[0], IMAGE[0, 0])


def new_large(folder):
    folder.mkdir(exist_ok=True)
    made, wanted = quilt((SIZE, SIZE), (WINDOW, WINDOW), (64, 64)), options("large", images=1, tile_shape=(256, 256))
    return Handle("large", "large_new", made, str(folder / "result").encode(), wanted)


def finished(large):
    pointer, batch = ctypes.c_void_p(), np.empty_like(IMAGE)
    call("large_finish", large, pointer, None)
    call("stitched_read", Handle.of("stitched", pointer), None, batch, *DONE)
    return batch


def threads():
    count = ctypes.c_int64()
    call("threads_get", count)
    return count.value


@pytest.mark.parametrize("count", [0, 3])
def test_a_child_has_threads_of_its_own(count, tmp_path):
    call("threads_set", count)
    try:
        use_everything(tmp_path / "parent")
        expected = threads()

        def child():
            assert threads() == expected
            use_everything(tmp_path / "child")
            in_child(lambda: use_everything(tmp_path / "grandchild"))
            call("threads_set", 2)
            assert threads() == 2 and np.array_equal(unstitched(), PATCHES)
            call("threads_set", 0)
            assert np.array_equal(unstitched(), PATCHES)

        in_child(child)
        assert np.array_equal(unstitched(), PATCHES)
        assert threads() == expected
    finally:
        call("threads_set", 0)


def test_a_child_leaves_the_result_of_its_parent(tmp_path):
    large = new_large(tmp_path)
    half = np.arange(0, COUNT, 2)
    call("large_stitch", large, half, PATCHES[half], None, *DONE)
    call("large_checkpoint", large, *DONE)
    before = sorted(tmp_path.rglob("*"))

    def child():
        one = np.array([1])
        for arguments in [("large_stitch", large, one, PATCHES[one], None, *DONE), ("large_skip", large, one),
                          ("large_checkpoint", large, *DONE), ("large_finish", large, None, None),
                          ("large_finish_incomplete", large, None, None, *DONE)]:
            belongs = f"large quilt: got a call in process {os.getpid()}, expected one in process {os.getppid()}, "
            fails("INVALID_ARGUMENT", belongs, *arguments)
        pending, patches = ctypes.c_int64(), np.empty_like(PATCHES)
        call("large_pending", large, None, pending)
        assert pending.value == COUNT - len(half)
        call("large_unstitch", large, IMAGE, None, np.arange(COUNT), patches, *DONE)
        assert np.array_equal(patches, PATCHES)
        # Neither may it open the tiles that its parent is working on, also after it has freed its copy.
        with pytest.raises(QltyError) as told:
            new_large(tmp_path)
        assert told.value.status == CONSTANTS["QLTY_STATUS_EXISTS"]
        free(large)
        wanted = options("large", images=1, start=CONSTANTS["QLTY_START_OPEN"])
        made = quilt((SIZE, SIZE), (WINDOW, WINDOW), (64, 64))
        fails("BUSY", "result_state", "large_new", made, str(tmp_path / "result").encode(), wanted, ctypes.c_void_p())

    in_child(child)
    assert sorted(tmp_path.rglob("*")) == before
    rest = np.arange(1, COUNT, 2)
    call("large_stitch", large, rest, PATCHES[rest], None, *DONE)
    assert np.allclose(finished(large), IMAGE)
    free(large)
    assert not (tmp_path / "result_state").exists()


def test_batches_that_the_parent_reads_ahead(tmp_path):
    wanted = options("pair", window=(32, 32), pairs_per_image=40, delta_low=8, delta_high=16)
    pairs, path = Handle("pairs", "pairs_draw", wanted, IMAGE, None), str(tmp_path / "pairs.zarr").encode()
    pointer = ctypes.c_void_p()
    call("pairs_measure", pairs, IMAGE, None, pointer, *DONE)
    call("pairs_write", Handle.of("pairs", pointer), IMAGE, None, path, options("store"), *DONE)
    dataset, order = Handle("dataset", "dataset_open", path, -1), np.arange(40)
    batches = Handle("batches", "batches_new", dataset, order, 10, 2)

    def arrays(count):
        return [np.empty((count, 1, 32, 32), np.float32), np.empty((count, 1, 32, 32), np.float32),
                np.empty((count, 2), np.float32), np.empty(count, np.int64), None, None]

    whole = arrays(40)
    call("dataset_read", dataset, order, *whole)

    def child():
        fails("INVALID_ARGUMENT", "batches: got a call in process", "batches_next", batches, *arrays(10))
        free(batches)
        again, part = arrays(40), arrays(10)
        call("dataset_read", dataset, order, *again)
        assert np.array_equal(again[0], whole[0])
        own = Handle("batches", "batches_new", dataset, order, 10, 2)
        call("batches_next", own, *part)
        assert np.array_equal(part[1], whole[1][:10])

    in_child(child)
    for first in range(0, 40, 10):
        part = arrays(10)
        call("batches_next", batches, *part)
        assert np.array_equal(part[0], whole[0][first : first + 10])


def unstitched_by_a_worker(number):
    signal.alarm(60)
    return number, np.array_equal(unstitched(), PATCHES)


def test_workers_of_multiprocessing(tmp_path):
    """As data loaders fork them; they free the handles of the parent when they exit."""
    large = new_large(tmp_path)
    call("large_stitch", large, np.arange(COUNT), PATCHES, None, *DONE)
    with multiprocessing.get_context("fork").Pool(2) as workers:
        assert workers.map(unstitched_by_a_worker, range(4)) == [(number, True) for number in range(4)]
    assert np.allclose(finished(large), IMAGE)
