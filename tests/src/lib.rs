//! Shared helpers of the tests and benchmarks.
