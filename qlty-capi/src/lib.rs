//! C ABI of the qlty crates, for C, C++ and Julia.
