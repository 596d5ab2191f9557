"""Threads that the system refuses: an error where calls need them, or the same result without them."""

import os
import subprocess
import sys

import pytest

# The stack of each new thread is larger than the memory that is left.
SCRIPT = """
import resource
import threading

import numpy as np
from qlty import CONSTANTS, DONE, PROGRESS, QltyError, call, quilt

made = quilt((256, 256), (32, 32), (16, 16))
image, patches = np.ones((1, 1, 256, 256), np.float32), np.zeros((225, 1, 32, 32), np.float32)

def leave(room):
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + room, resource.RLIM_INFINITY))

def fails(text, name, *arguments):
    try:
        call(name, *arguments)
    except QltyError as told:
        assert told.status == CONSTANTS["QLTY_STATUS_OUT_OF_MEMORY"] and str(told).startswith(text), told
    else:
        raise AssertionError(f"{name} succeeded")

leave(256 << 20)
for again in range(2):
    fails("cannot start a thread per processor: ", "quilt_unstitch", made, image, 0, patches, *DONE)
fails("cannot start 2 threads: ", "threads_set", 2)
assert not patches.any()

# With room, the same calls succeed.
leave(16 << 30)
call("threads_set", 2)
call("quilt_unstitch", made, image, 0, patches, *DONE)
assert patches.all()

# A thread that is only for progress can be done without.
leave(256 << 20)
fails("cannot start 3 threads: ", "threads_set", 3)
patches[:], told = 0, []
progress = PROGRESS(lambda user, done, total: told.append((done, total, threading.get_ident())) or 0)
call("quilt_unstitch", made, image, 0, patches, progress, None)
assert patches.all() and told == [(225, 225, threading.get_ident())]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_threads_that_cannot_be_started():
    environment = {**os.environ, "RUST_MIN_STACK": str(1 << 30)}
    subprocess.run([sys.executable, "-c", SCRIPT], env=environment, cwd=os.path.dirname(__file__), check=True)
