//! Pairs of displaced, rotated patches for self-supervised training.
//!
//! Nothing is here yet.
