//! `qlty-pyramid`: converts TIFF stacks to OME-Zarr from the shell.
//!
//! | module | what it does |
//! |---|---|
//! | `main`, `output` | commands, exit codes; messages for people or as JSON, and progress |
//! | `input`, `options` | which stacks are meant; the flags of `PyramidOptions` |
//! | `convert` | what `gaussian` and `laplacian` share: names of stores, dry runs, reports |
//! | `store` | the kind and the arrays of any Zarr store, for `info`, `preview` and `validate` |
//!
//! The tool uses the public interface of the crate. A signal sets a flag; the thread that reports progress then cancels
//! the monitor of the work, and the library cleans up.

#![allow(clippy::print_stderr, reason = "this is a program, and it talks")]

mod convert;
mod gaussian;
mod info;
mod input;
mod laplacian;
mod options;
mod output;
mod pixels;
mod preview;
mod reconstruct;
mod store;
mod validate;

use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;

use clap::{Args, Parser, Subcommand};

use output::{Failure, INTERRUPTED, Output, WATCHED};

/// The text after the tool's help.
const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 failed, or `validate` found a fault; 2 wrong usage;
130 interrupted.

With --json, standard output is one JSON document, after a failure too.
Keys of all: `command`; `error`, the message or null. Besides:
  gaussian, laplacian  `dry_run`; `stacks`, of each by its name: `path`,
                       `axes`, `shape`, `dtype`, `bytes` (before compression),
                       `files`, `missing` (counters, from and to), `levels`,
                       `complete_already` (true only with --resume) and,
                       when it is written, `seconds`
  reconstruct          `path`, `level`, `seconds`
  info of a store      `path`, `kind`, `zarr_format`, `axes`, `unit`,
                       `attributes`, `levels`; `preview` if one is written
  info of files        `path`, `kind`; `stacks`, of each by its name: `shape`
                       (T,C,Z,Y,X), `dtype`, `files`, `voxel_size` (Z,Y,X),
                       `unit`, `channels`, `missing`; `preview` as above
  validate             `path`, `kind`, `valid`, `chunks` (how many decoded),
                       `faults` with their `place` and `fault`";

/// TIFF and PNG stacks to OME-Zarr pyramids, Gaussian and Laplacian, and back.
#[derive(Parser, Debug)]
#[command(version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    general: General,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "General")]
struct General {
    /// Print one JSON document to standard output, and no progress
    #[arg(long, global = true)]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// The number of threads [default: one for each core]
    #[arg(long, global = true, value_name = "N", value_parser = options::positive)]
    threads: Option<usize>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Gaussian(gaussian::Gaussian),
    Laplacian(laplacian::Laplacian),
    Reconstruct(reconstruct::Reconstruct),
    Info(info::Info),
    Validate(validate::Validate),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let name = match cli.command {
        Command::Gaussian(_) => "gaussian",
        Command::Laplacian(_) => "laplacian",
        Command::Reconstruct(_) => "reconstruct",
        Command::Info(_) => "info",
        Command::Validate(_) => "validate",
    };
    let mut output = Output::new(name, cli.general.json, cli.general.quiet);
    let result = prepare(&cli.general).and_then(|()| match cli.command {
        Command::Gaussian(command) => command.run(&mut output),
        Command::Laplacian(command) => command.run(&mut output),
        Command::Reconstruct(command) => command.run(&mut output),
        Command::Info(command) => command.run(&mut output),
        Command::Validate(command) => command.run(&mut output),
    });
    match output.finish(result) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("qlty-pyramid: {message}");
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Sets up the state that the whole process shares.
fn prepare(general: &General) -> Result<(), Failure> {
    let setup = |error: &dyn std::error::Error| Failure::other(error);
    if let Some(threads) = general.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().map_err(|error| setup(&error))?;
    }
    // The first signal asks the running work, if any, to stop and clean up; the second ends the process immediately.
    let handler = || {
        if INTERRUPTED.swap(true, Relaxed) || !WATCHED.load(Relaxed) {
            eprintln!("qlty-pyramid: interrupted");
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).map_err(|error| setup(&error))
}
