//! Two runs that write the same store.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::interrupted::{slices, slowly};
use super::*;

fn start(arguments: &[String]) -> Child {
    tool().args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn the_second_run_fails_and_names_the_first() {
    for count in (5..).map(|power| 1 << power) {
        let folder = Folder::new();
        let (slices, store) = (slices(&folder, count), folder.at("store.zarr"));
        let arguments = slowly(&slices, &store, true);
        let mut first = start(&arguments);
        while !Path::new(&format!("{store}.partial/0/c/4")).exists() && first.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
        }
        let second = start(&arguments).wait_with_output().unwrap();
        let first_was_done = first.try_wait().unwrap().is_some();
        let process = first.id();
        let first = first.wait_with_output().unwrap();
        assert!(first.status.success(), "{}", text(&first.stderr));
        if first_was_done {
            // It needs more slices to take long enough.
            continue;
        }
        let said = text(&second.stderr);
        assert_eq!(second.status.code(), Some(1), "{said}");
        assert!(said.starts_with(&format!("qlty-pyramid: {store}: process {process} on ")), "{said}");
        assert!(said.ends_with(" is writing there\n"), "{said}");
        assert!(!Path::new(&format!("{store}.lock")).exists());
        succeed(&["validate", &store]);
        let whole = folder.at("whole.zarr");
        assert!(run(slowly(&slices, &whole, false)).status.success());
        assert!(contents(Path::new(&store)) == contents(Path::new(&whole)), "the bytes differ");
        return;
    }
}

#[test]
fn of_two_that_start_at_once_one_writes() {
    let folder = Folder::new();
    let (slices, whole) = (slices(&folder, 8), folder.at("whole.zarr"));
    assert!(run(slowly(&slices, &whole, false)).status.success());
    let whole = contents(Path::new(&whole));
    for trial in 0..10 {
        let out = folder.at(&format!("trial{trial}"));
        let store = format!("{out}/store.zarr");
        let both = [0, 1].map(|_| start(&slowly(&slices, &store, false)));
        let both = both.map(|child| child.wait_with_output().unwrap());
        let codes = both.each_ref().map(|output| output.status.code());
        let said = both.each_ref().map(|output| text(&output.stderr));
        assert!([[Some(0), Some(1)], [Some(1), Some(0)]].contains(&codes), "{codes:?} {said:?}");
        let refused = |said: &String| said.contains("is writing there") || said.contains("exists already");
        assert!(said.iter().any(refused), "{said:?}");
        assert!(contents(Path::new(&store)) == whole, "the bytes differ");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
        succeed(&["validate", &store]);
    }
}
