//! Tools that a test needs and that may be missing.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use super::{Outcome, repository};

/// A program, or a library that programs need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is said in `name`")]
pub enum Tool {
    C,
    Cpp,
    Nm,
    Strace,
    Valgrind,
    Julia,
    CMake,
    PkgConfig,
    OpenCv,
    Python,
}

impl Tool {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::C => "C compiler",
            Self::Cpp => "C++ compiler",
            Self::Nm => "nm",
            Self::Strace => "strace",
            Self::Valgrind => "valgrind",
            Self::Julia => "julia",
            Self::CMake => "cmake",
            Self::PkgConfig => "pkg-config",
            Self::OpenCv => "OpenCV",
            Self::Python => "Python with NumPy and pytest",
        }
    }

    /// How to install it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::C => "gcc or clang from the system's packages, or CC in the environment",
            Self::Cpp => "g++ or clang++ from the system's packages, or CXX in the environment",
            Self::Strace => "strace from the system's packages",
            Self::Nm => "binutils from the system's packages",
            Self::Valgrind => "valgrind from the system's packages",
            Self::Julia => ".ci/get-julia.sh .hosts/julia, or QLTY_JULIA in the environment",
            Self::CMake => "cmake from the system's packages",
            Self::PkgConfig => "pkg-config from the system's packages",
            Self::OpenCv => "libopencv-core-dev, -imgproc-dev and -imgcodecs-dev from the system's packages",
            Self::Python => "a virtual environment in .hosts/python with what .ci/python.txt lists",
        }
    }

    /// Where the tool is.
    pub fn find(self) -> Option<PathBuf> {
        let named = |variable| env::var_os(variable).map(PathBuf::from);
        let own = |path| Some(repository().join(path)).filter(|path| path.is_file());
        match self {
            Self::C => named("CC").or_else(|| in_path("cc")),
            Self::Cpp => named("CXX").or_else(|| in_path("c++")),
            Self::Nm => in_path("nm"),
            Self::Strace => in_path("strace"),
            Self::Valgrind => in_path("valgrind"),
            Self::Julia => named("QLTY_JULIA").or(own(".hosts/julia/julia")).or_else(|| in_path("julia")),
            Self::CMake => in_path("cmake"),
            Self::PkgConfig => in_path("pkg-config"),
            // The folder of its headers: some of Debian's packages have no pkg-config file.
            Self::OpenCv => ["/usr/include/opencv4", "/usr/local/include/opencv4"]
                .map(PathBuf::from)
                .into_iter()
                .find(|folder| folder.join("opencv2/imgcodecs.hpp").is_file()),
            Self::Python => {
                let program = own(".hosts/python/bin/python")?;
                let known = Command::new(&program).args(["-c", "import numpy, pytest"]).output();
                known.is_ok_and(|output| output.status.success()).then_some(program)
            }
        }
    }

    /// Its path, or a message that it is missing.
    pub fn require(self) -> Outcome<PathBuf> {
        self.find().ok_or_else(|| format!("no {}: {}", self.name(), self.remedy()).into())
    }

    /// A command that runs it.
    pub fn command(self) -> Outcome<Command> {
        Ok(Command::new(self.require()?))
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}
