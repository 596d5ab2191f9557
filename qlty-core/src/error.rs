//! Errors, which say what was got and what was expected.

/// Why a call failed. No output of the call has been written, unless the variant says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument has a value that the call does not accept.
    #[error("{argument}: got {got}, expected {expected}")]
    Argument {
        /// Which argument.
        argument: String,
        /// Its value.
        got: String,
        /// What it may be.
        expected: String,
    },
    /// An array has a shape that does not match the geometry.
    #[error("{argument}: got shape {got:?}, expected {expected}")]
    Shape {
        /// Which array.
        argument: &'static str,
        /// Its shape.
        got: Vec<usize>,
        /// The expected shape.
        expected: String,
    },
    /// An array has elements of a type that the call does not accept.
    #[error("{argument}: got dtype {got}, expected {expected}")]
    DataType {
        /// Which array.
        argument: &'static str,
        /// The type of its elements.
        got: crate::DType,
        /// The types that the call accepts.
        expected: String,
    },
    /// A product of sizes does not fit the address space.
    #[error("{what}: the product of {factors:?} is too large")]
    Overflow {
        /// What was being counted.
        what: &'static str,
        /// The factors of the product.
        factors: Vec<usize>,
    },
    /// The system could not allocate the memory for a result.
    #[error("{what}: no memory for {bytes} bytes")]
    OutOfMemory {
        /// What the memory was for.
        what: &'static str,
        /// The number of bytes requested.
        bytes: usize,
    },
    /// Patches have not arrived yet; the stitcher is unchanged and accepts more.
    #[error("{missing} of {total} patches are missing, the first of them {first:?}")]
    Incomplete {
        /// The number of missing patches.
        missing: usize,
        /// The total number of patches.
        total: usize,
        /// The lowest missing patch indices, ten at most.
        first: Vec<usize>,
    },
    /// A patch has arrived before; nothing of the call that contained it was added.
    #[error("patch {index} was given twice")]
    Duplicate {
        /// The patch index.
        index: usize,
    },
    /// An earlier call panicked while it was changing an object, whose contents are now unknown.
    #[error("{what}: an earlier call panicked and left it in an unknown state; drop it and start over")]
    Poisoned {
        /// What is in an unknown state.
        what: &'static str,
    },
    /// The caller cancelled. The values in a buffer that was being filled are unspecified.
    #[error("cancelled by the caller")]
    Cancelled,
}

/// The result of the calls of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Argument`]: for use by other crates that implement calls.
    pub fn argument(argument: impl Into<String>, got: impl std::fmt::Debug, expected: impl Into<String>) -> Self {
        Self::Argument { argument: argument.into(), got: format!("{got:?}"), expected: expected.into() }
    }

    /// An [`Error::Shape`]: for the implementation of calls.
    pub fn shape(argument: &'static str, got: &[usize], expected: impl Into<String>) -> Self {
        Self::Shape { argument, got: got.to_vec(), expected: expected.into() }
    }

    /// Fails if a shape is not the expected one: for the implementation of calls.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn check_shape(argument: &'static str, got: &[usize], expected: &[usize]) -> Result<()> {
        if got != expected {
            return Err(Self::shape(argument, got, format!("{expected:?}")));
        }
        Ok(())
    }

    /// An [`Error::DataType`]: for the implementation of calls.
    pub fn dtype(argument: &'static str, got: crate::DType, expected: impl Into<String>) -> Self {
        Self::DataType { argument, got, expected: expected.into() }
    }
}
