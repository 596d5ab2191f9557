"""Reads what the example large_inference has written with zarr-python.

usage: read_back.py FOLDER/NAME
"""

import sys

import numpy as np
import zarr

name = sys.argv[1]
mean, std = (zarr.open_array(f"{name}_{part}.zarr", mode="r") for part in ("mean", "std"))
for array, part in ((mean, "mean"), (std, "std")):
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == ("n", "c", "z", "y", "x"), array.metadata.dimension_names
    assert array.dtype == np.float32 and np.isnan(array.fill_value)
    assert array.attrs["qlty_array"] == part and array.attrs["qlty"]["made_by"] == "qlty-large"
    assert array.shape == mean.shape and array.ndim == 5

size = mean.shape[2]
z, y, x = np.meshgrid(*[np.arange(size, dtype=np.float32)] * 3, indexing="ij", sparse=True)
truth = 2000 + 500 * np.sin(z / 17) * np.sin(y / 23) + 400 * np.sin(x / 29)
apart = np.abs(mean[0, 0] - truth)
assert np.isfinite(apart).all() and apart.mean() < 25, apart.mean()
deviation = std[0, 0]
assert (deviation > 0).all() and (deviation < 200).all()
print(f"{name}: {mean.shape}, off by {apart.mean():.2f}, deviation {deviation.mean():.2f}")
