"""The golden cases of stitching onto disk: mean and standard deviation."""

import ctypes

import numpy as np
import pytest
from conftest import close, names
from qlty import CONSTANTS, DONE, Handle, QltyError, call, options, quilt


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", names("large"), indirect=True)
def test_mean_and_deviation(case, dtype, tmp_path):
    made = case.quilt()
    wanted = options("large", images=len(case.mean), std=CONSTANTS["QLTY_STD_WITHIN"],
                     dtype=CONSTANTS["QLTY_DTYPE_F32" if dtype == np.float32 else "QLTY_DTYPE_F64"])
    large = Handle("large", "large_new", made, str(tmp_path / "result").encode(), wanted)
    processed, variance = case.processed, case.variance
    indices = np.arange(len(processed))[::-1].copy()
    for some in np.array_split(indices, 4):
        call("large_stitch", large, some, processed[some], variance[some], *DONE)
    mean, std = ctypes.c_void_p(), ctypes.c_void_p()
    call("large_finish", large, mean, std)
    for pointer, expected in ((mean, case.mean), (std, case.std)):
        stitched, got = Handle.of("stitched", pointer), np.empty(expected.shape, dtype)
        call("stitched_read", stitched, None, got, *DONE)
        close(got, expected)


def test_a_folder_that_is_not_there(tmp_path):
    made = quilt((20, 24), (8, 8), (6, 4))
    wanted = options("large", images=1, start=CONSTANTS["QLTY_START_OPEN"])
    with pytest.raises(QltyError, match="result_mean") as told:
        Handle("large", "large_new", made, str(tmp_path / "result").encode(), wanted)
    assert told.value.status == CONSTANTS["QLTY_STATUS_IO"]
