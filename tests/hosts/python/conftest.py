import json
import pathlib

import numpy as np
import pytest
import qlty

GOLDEN = pathlib.Path(__file__).parents[2] / "golden"


class Case:
    """A folder of tests/golden: arrays in .npy files, parameters in case.json."""

    def __init__(self, name):
        self.name, self.folder = name, GOLDEN / name
        self.parameters = json.loads((self.folder / "case.json").read_text())
        self.ndim = 3 if "3d" in name else 2
        self.size = [self.parameters[axis] for axis in "ZYX"[3 - self.ndim :]] if "Y" in self.parameters else None

    def __getattr__(self, array):
        return np.load(self.folder / f"{array}.npy")

    def per_axis(self, name):
        value = self.parameters[name] or 0
        return value if isinstance(value, list) else [value] * self.ndim

    def quilt(self):
        border = {"border": self.per_axis("border"), "border_weight": self.parameters["border_weight"]}
        return qlty.quilt(self.size, self.per_axis("window"), self.per_axis("step"), **border)


def names(*prefixes):
    found = sorted(folder.name for folder in GOLDEN.iterdir() if folder.name.startswith(prefixes))
    assert found
    return found


def close(got, expected, tolerance=1e-5):
    assert got.shape == expected.shape
    assert np.all(np.abs(got - expected) <= tolerance * np.maximum(1, np.abs(expected)))


@pytest.fixture
def case(request):
    return Case(request.param)
