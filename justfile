# The commands of this project: `just` lists them. They only call cargo and the scripts in .ci, which work without just.

# Lists the commands.
default:
    @just --list

# Installs the tools of all host tests, then runs everything, as CI does (Debian, as root).
ci:
    .ci/run

# Format, lints, unit tests, golden tests and doctests: before each commit.
check-fast:
    .ci/check-fast

# Everything that CI checks: before you push. Checks whose tools are missing are skipped and named.
check:
    .ci/check

# All tests, or those that the arguments select: just test -p qlty-core stitch
test *arguments='--workspace':
    cargo test --release {{ arguments }}

# Kills processes, makes power fail, and damages files, at length: what the tests do shortly. Needs strace.
campaign kills='5000' damages='10000' states='10000':
    cargo test --release -p qlty-tests --test campaign -- --kills {{ kills }} --damages {{ damages }} --states {{ states }}

# The floors benchmark, or the workloads whose name contains FILTER: just bench 2d.big
bench filter='':
    cargo bench -p qlty-tests --bench floors -- {{ filter }}

# Formats the Rust sources.
fmt:
    cargo fmt --all

# Formats C or C++ files that you changed: just fmt-c include/qlty/quilt.hpp
fmt-c +files:
    clang-format -i {{ files }}

# Generates include/qlty.h from qlty-capi.
header:
    QLTY_BLESS=1 cargo test -p qlty-tests --test header

# Rewrites all generated files: the C header, the lists of public items, LICENSES.md. Look at the diff.
bless:
    QLTY_BLESS=1 cargo test -p qlty-tests --test header --test api --test licences

# The documentation of all crates, in a browser.
docs:
    cargo doc --workspace --no-deps --open

# Tests qlty-core with the oldest Rust that it supports.
oldest-rust:
    .ci/check-oldest-rust

# Licences, banned crates and sources of the dependencies; needs cargo-deny, but no network.
deny:
    cargo deny --offline check licenses bans sources

# Builds the C library and installs it, with headers, CMake package and Julia package, in a folder.
install prefix:
    qlty-capi/install.sh --prefix {{ prefix }}

# Installs Julia, and the Python packages of the tests, in .hosts.
hosts:
    .ci/get-julia.sh .hosts/julia
    python3 -m venv .hosts/python
    .hosts/python/bin/pip install --quiet --disable-pip-version-check -r .ci/python.txt
