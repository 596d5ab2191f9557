//! Runs that are stopped from outside.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::*;

/// A folder of noise slices, all of which are links to one file.
pub(super) fn slices(folder: &Folder, count: usize) -> String {
    let (first, slices) = (folder.at("noise.tif"), folder.at(&format!("slices{count}")));
    let mut state = 1_u32;
    let pixels: Vec<u16> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as u16
    })
    .take(256 * 256)
    .collect();
    let mut encoder = tiff::encoder::TiffEncoder::new(fs::File::create(&first).unwrap()).unwrap();
    encoder.write_image::<tiff::encoder::colortype::Gray16>(256, 256, &pixels).unwrap();
    fs::create_dir(&slices).unwrap();
    for index in 0..count {
        fs::hard_link(&first, format!("{slices}/noise_{index}.tif")).unwrap();
    }
    slices
}

/// The arguments of a run with many small steps.
pub(super) fn slowly(slices: &str, store: &str, resume: bool) -> Vec<String> {
    let flags = "--codec gzip:9 --chunk 2,64,64 --memory 1M --levels 3 --threads 1 --checkpoint-interval 0";
    let flags = flags.split_whitespace().chain(resume.then_some("--resume"));
    ["gaussian", slices, store].into_iter().chain(flags).map(str::to_owned).collect()
}

/// Runs until a number of files have been written, and then sends a signal. `None` if the run finished before.
fn stop(arguments: &[String], store: &str, signal: &str) -> Option<(ExitStatus, String)> {
    let mut child: Child = tool().args(arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let partial = PathBuf::from(format!("{store}.partial"));
    while !partial.join("0/c/4").exists() {
        if child.try_wait().unwrap().is_some() {
            assert!(child.wait_with_output().unwrap().status.success());
            return None;
        }
        sleep(Duration::from_millis(1));
    }
    assert!(!Path::new(store).exists());
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    (output.status.code() != Some(0)).then(|| (output.status, text(&output.stderr)))
}

/// Stops a run, with as many slices as are needed to stop it before it finishes.
fn stopped(resume: bool, signal: &str) -> (Folder, String, String, ExitStatus, String) {
    for count in (5..).map(|power| 1 << power) {
        let folder = Folder::new();
        let (slices, store) = (slices(&folder, count), folder.at("store.zarr"));
        if let Some((status, said)) = stop(&slowly(&slices, &store, resume), &store, signal) {
            return (folder, slices, store, status, said);
        }
    }
    unreachable!("there are numbers enough");
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    for signal in ["-INT", "-TERM"] {
        let (_folder, _, store, status, said) = stopped(false, signal);
        assert_eq!(status.code(), Some(130), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains("interrupted"), "{said}");
        assert!(!Path::new(&store).exists() && !Path::new(&format!("{store}.partial")).exists());
    }
}

#[test]
fn a_run_that_was_stopped_is_resumed_with_equal_bytes() {
    for (signal, code) in [("-INT", Some(130)), ("-KILL", None)] {
        let (folder, slices, store, status, said) = stopped(true, signal);
        assert_eq!(status.code(), code, "{said}");
        assert_eq!(status.signal(), code.is_none().then_some(9));
        assert!(!Path::new(&store).exists() && Path::new(&format!("{store}.partial")).exists());
        let output = run(slowly(&slices, &store, true));
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(!Path::new(&format!("{store}.partial")).exists());
        let whole = folder.at("whole.zarr");
        assert!(run(slowly(&slices, &whole, false)).status.success());
        assert!(contents(Path::new(&store)) == contents(Path::new(&whole)), "the bytes differ");
    }
}

#[test]
fn a_run_that_cannot_be_resumed_is_told_from_this_one() {
    let (_folder, slices, store, ..) = stopped(true, "-KILL");
    let state = format!("{store}.partial/qlty-run.json");
    let before = contents(Path::new(&format!("{store}.partial")));
    let arguments = slowly(&slices, &store, true);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = fail(&[&arguments[..], &["--method", "max"]].concat(), 1);
    let expected =
        "method: got \"max\", expected \"mean\", which the run to resume had; start over instead of resuming it";
    assert_eq!(said, format!("qlty-pyramid: {state}: {expected}: run without --resume\n"));
    let file = fs::File::options().write(true).open(format!("{slices}/noise_0.tif")).unwrap();
    file.set_modified(std::time::SystemTime::now() + Duration::from_secs(5)).unwrap();
    let said = fail(&arguments, 1);
    assert!(said.contains(&format!("{state}: input file \"{slices}/noise_0.tif\": got ")), "{said}");
    assert!(contents(Path::new(&format!("{store}.partial"))) == before, "something changed");
    assert!(run(slowly(&slices, &store, false)).status.success());
    assert!(!Path::new(&state).exists() && succeed(&["validate", &store]).contains("valid"));
}
