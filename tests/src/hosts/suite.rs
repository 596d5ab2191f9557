//! Tests that declare which tools they need.

#![allow(clippy::print_stderr, reason = "a test program says what it could not test")]

use std::collections::BTreeSet;
use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use super::{Outcome, Tool};

/// What is run.
pub type Test = Box<dyn FnOnce() -> Outcome + Send>;

/// A list of tests. If this machine lacks a tool, its tests are shown as ignored with the name of the tool; with
/// `QLTY_REQUIRE_HOSTS` in the environment they fail.
#[derive(Debug)]
pub struct Suite {
    name: &'static str,
    arguments: Arguments,
    required: bool,
    trials: Vec<Trial>,
    missing: BTreeSet<Tool>,
}

impl Suite {
    /// An empty suite; the arguments are those of the program.
    pub fn new(name: &'static str) -> Self {
        let required = env::var_os("QLTY_REQUIRE_HOSTS").is_some_and(|value| !value.is_empty() && value != "0");
        Self { name, arguments: Arguments::from_args(), required, trials: Vec::new(), missing: BTreeSet::new() }
    }

    /// A test that needs these tools.
    pub fn add(&mut self, name: &str, tools: &[Tool], test: Test) {
        let trial = Trial::test(name, test);
        let lacking: Vec<_> = tools.iter().copied().filter(|tool| tool.find().is_none()).collect();
        self.missing.extend(&lacking);
        self.trials.push(match lacking.first() {
            // If it is run anyway, it fails and names what is missing.
            Some(tool) => trial.with_kind(format!("no {}", tool.name())).with_ignored_flag(!self.required),
            None => trial,
        });
    }

    /// Runs the tests.
    pub fn run(self) -> ExitCode {
        let conclusion = libtest_mimic::run(&self.arguments, self.trials);
        for tool in self.missing {
            eprintln!("{}: this machine has no {}; to get it: {}", self.name, tool.name(), tool.remedy());
        }
        conclusion.exit_code()
    }
}
