//! Compares the page for users of the Python package with the list of that package's names.

use std::collections::BTreeSet;

use qlty_tests::hosts::{Outcome, repository};

use super::read;

const PAGE: &str = "docs/coming-from-qlty.md";

/// Each class and function of the list is in a heading whose section has all its methods and parameters, or it is under
/// "What is not here".
pub(super) fn every_name_is_mapped() -> Outcome {
    let page = read(PAGE);
    let (here, not_here) = page.split_once("## What is not here").ok_or("no section of what is not here")?;
    let sections: Vec<(&str, &str)> =
        here.split("\n### ").skip(1).filter_map(|section| section.split_once('\n')).collect();
    let mut missing = BTreeSet::new();
    let mut count = 0;
    for line in read("docs/qlty-1.5.0.txt").lines() {
        let mut columns = line.split('\t').skip(1);
        let name = columns.next().ok_or_else(|| format!("no name in {line:?}"))?;
        let owner = name.split('.').next().unwrap_or(name);
        count += 1;
        if not_here.contains(&format!("`{owner}`")) {
            continue;
        }
        let Some((_, text)) = sections.iter().find(|(heading, _)| heading.contains(&format!("`{owner}`"))) else {
            missing.insert(format!("a section for {owner}"));
            continue;
        };
        let wanted = name.contains('.').then_some(name).into_iter().chain(columns);
        let lacking = wanted.filter(|word| !text.contains(&format!("`{word}`")));
        missing.extend(lacking.map(|word| format!("{word} in the section of {owner}")));
    }
    if count < 100 {
        return Err(format!("got {count} names in the list, expected at least 100").into());
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("{PAGE} lacks {missing:#?}").into()) }
}

/// Every name of ours on the page exists in our code: methods, functions and variants in backticks.
pub(super) fn what_is_said_to_be_here_is_here() -> Outcome {
    let mut code = String::new();
    for name in ["core", "large", "pairs", "pyramid"] {
        gather(&repository().join(format!("qlty-{name}/src")), &mut code)?;
    }
    let page = read(PAGE);
    let calls = page.split('`').skip(1).step_by(2).filter(|text| text.contains('(') && !text.contains('='));
    let mut unknown = BTreeSet::new();
    let mut count = 0;
    for call in calls {
        let name = call.split('(').next().unwrap_or_default();
        let name = name.rsplit(['.', ':', '&', ' ']).next().unwrap_or_default();
        let name = name.split('<').next().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        count += 1;
        let is_ours = [format!("fn {name}("), format!("fn {name}<"), format!("    {name}("), format!("    {name} {{")];
        if !is_ours.iter().any(|text| code.contains(text)) {
            unknown.insert(format!("{name} of `{call}`"));
        }
    }
    if count < 40 {
        return Err(format!("got {count} calls, expected at least 40").into());
    }
    if unknown.is_empty() { Ok(()) } else { Err(format!("{PAGE} says what is not there: {unknown:#?}").into()) }
}

/// Collects all Rust code in a folder.
fn gather(folder: &std::path::Path, code: &mut String) -> Outcome {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, code)?;
        } else {
            code.push_str(&std::fs::read_to_string(path)?);
        }
    }
    Ok(())
}
