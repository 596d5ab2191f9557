//! Sizes that fit `usize` but not memory: an error, and the process survives.

use std::process::Stdio;
use std::time::{Duration, Instant};

use ndarray::{Array2, Array3, Array4, ArrayView4, arr0};
use qlty_core::{Error, Monitor, NcyxQuilt, Positional, Profile};

use crate::{quilt, zeros};

/// Geometries whose pixel count fits `usize`, although no memory can hold a row of them.
const HUGE: [([usize; 2], [usize; 2], Profile); 5] = [
    ([1, 1 << 48], [1, 1 << 48], Profile::Border),
    ([1 << 48, 1], [1 << 48, 1], Profile::Hann),
    ([1, 1 << 48], [1, 1 << 47], Profile::Triangular),
    ([1 << 20, 1 << 40], [1 << 20, 1 << 40], Profile::Border),
    ([1 << 62, 1], [1, 1], Profile::Border),
];

type Call = Box<dyn Fn() -> Result<(), Error>>;

/// Every call that takes or returns an array of `quilt`'s size. Outputs are too small.
fn call_everything(quilt: NcyxQuilt) -> Vec<(&'static str, Call)> {
    fn done<T>(result: Result<T, Error>) -> Result<(), Error> {
        result.map(|_| ())
    }
    let ([height, width], [y, x]) = (quilt.size(), quilt.window());
    let batch = move || Array4::from_shape_fn((1, 1, 1, 1), |_| 1.0_f32);
    let labels = || Array3::from_elem((1, 1, 1), 1_u8);
    let count = quilt.patch_count(1).unwrap();
    let small = || zeros(1, 1, 1, 1);
    macro_rules! calls {
        ($($name:ident => |$batch:ident, $patches:ident| $call:expr;)*) => {
            vec![$((stringify!($name), Box::new(move || {
                let value = batch();
                let $batch = value.broadcast((1, 1, height, width)).unwrap();
                let $patches = value.broadcast((count, 1, y, x)).unwrap();
                let _ = ($batch, $patches);
                done($call)
            }) as Call)),*]
        };
    }
    calls! {
        window_weight => |batch, patches| quilt.window_weight::<f32>();
        border_mask => |batch, patches| quilt.border_mask();
        weights => |batch, patches| quilt.weights::<f64>();
        weights_into => |batch, patches| quilt.weights_into(Array2::<f32>::zeros((1, 1)).view_mut());
        unstitch => |batch, patches| quilt.unstitch(batch);
        unstitch_into => |batch, patches| quilt.unstitch_into(batch, 0, small().view_mut(), &Monitor::new());
        unstitch_positional => |batch, patches| quilt.unstitch_positional(batch, 0..1, Positional::default());
        positional_into => |batch, patches| quilt.positional_into(0, small().view_mut(), Positional::default());
        unstitch_labels => |batch, patches| {
            quilt.unstitch_labels(labels().broadcast((1, height, width)).unwrap(), Some(1))
        };
        stitch => |batch, patches| quilt.stitch(patches);
        stitch_into => |batch, patches| quilt.stitch_into(patches, small().view_mut(), None, &Monitor::new());
        stitcher => |batch, patches| quilt.stitcher::<f32>(1, 1)?.push(0, patches);
        empty_stitcher => |batch, patches| quilt.stitcher::<f32>(1, 1)?.finish_incomplete(0.0);
        unstitch_adjoint => |batch, patches| quilt.unstitch_adjoint(patches);
        unstitch_adjoint_into => |batch, patches| {
            quilt.unstitch_adjoint_into(patches, small().view_mut(), &Monitor::new())
        };
        stitch_adjoint => |batch, patches| quilt.stitch_adjoint(batch);
        stitch_adjoint_into => |batch, patches| {
            quilt.stitch_adjoint_into(batch, small().view_mut(), &Monitor::new())
        };
    }
}

const CHILD: &str = "QLTY_TEST_CHILD";

/// Runs `test` in a separate process, with `what` in its environment; returns how it failed, or that it exceeded a
/// timeout a hundred times longer than needed.
fn alone(test: &str, what: &str) -> Option<String> {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, what)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begin.elapsed() > Duration::from_secs(10) {
            child.kill().unwrap();
            child.wait().unwrap();
            return Some(format!("{what}: runs on and on"));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    let text: Vec<_> = text.lines().filter(|line| !line.is_empty()).take(2).collect();
    (!status.success()).then(|| format!("{what}: {status}, {}", text.join(" ")))
}

/// Fails with the messages of the processes that failed.
fn assert_none(died: &[String]) {
    assert!(died.is_empty(), "{} calls did not give an answer:\n{}", died.len(), died.join("\n"));
}

/// Each call in a separate process: the process must survive and return an error.
#[test]
fn sizes_that_no_memory_holds() {
    let huge = |(size, window, profile): ([usize; 2], [usize; 2], Profile)| {
        // A window of one pixel leaves gaps; one of half the image does not.
        let step = window.map(|window| if window == 1 { usize::MAX } else { window });
        NcyxQuilt::builder(size, window, step).profile(profile).build()
    };
    if let Ok(which) = std::env::var(CHILD) {
        let (call, geometry) = which.split_once(' ').unwrap();
        let geometry = HUGE.into_iter().find(|huge| format!("{huge:?}") == geometry).unwrap();
        let quilt = huge(geometry).unwrap();
        let calls = call_everything(quilt);
        let (_, call) = calls.iter().find(|(name, _)| *name == call).unwrap();
        let result = call();
        // A window of one pixel can be extracted from any image.
        assert!(result.is_err() || quilt.window() == [1, 1], "an answer without the memory for it");
        return;
    }
    let mut died = Vec::new();
    for geometry in HUGE {
        let Ok(quilt) = huge(geometry) else { continue };
        let calls = call_everything(quilt).into_iter().map(|(name, _)| format!("{name} {geometry:?}"));
        died.extend(calls.filter_map(|call| alone("huge::sizes_that_no_memory_holds", &call)));
    }
    assert_none(&died);
}

/// Batches without channels need no memory, however many images they have: the call returns immediately.
#[test]
fn nothing_at_all_is_done_at_once() {
    const IMAGES: usize = 1 << 50;
    let (quilt, monitor) = (quilt(), Monitor::new());
    let batch = || zeros(IMAGES, 0, 8, 8);
    let patches = || zeros(9 * IMAGES, 0, 4, 4);
    let labels = || Array4::<u8>::zeros((IMAGES, 0, 8, 8));
    let done = [batch().dim(), patches().dim()];
    let calls: [(&str, &dyn Fn()); 6] = [
        ("unstitch", &|| assert_eq!(quilt.unstitch(batch().view()).unwrap().dim(), done[1])),
        ("stitch", &|| assert_eq!(quilt.stitch(patches().view()).unwrap().batch.dim(), done[0])),
        ("unstitch_adjoint", &|| assert_eq!(quilt.unstitch_adjoint(patches().view()).unwrap().dim(), done[0])),
        ("stitch_adjoint", &|| assert_eq!(quilt.stitch_adjoint(batch().view()).unwrap().dim(), done[1])),
        ("unstitch_labels", &|| {
            let mut out = Array4::zeros(done[1]);
            quilt.unstitch_labels_into(labels().view(), Some(1), 0, out.view_mut(), &monitor).unwrap();
            assert_eq!(monitor.done(), monitor.total());
        }),
        ("labelled", &|| {
            let label = arr0(1_u8);
            let endless = label.broadcast((9 * IMAGES, 4, 4)).unwrap();
            assert_error!(quilt.labelled(endless, 0), OutOfMemory, 9 * IMAGES);
            let none = Array4::<u8>::zeros(done[1]);
            assert_error!(quilt.labelled(none.view(), 0), OutOfMemory, 9 * IMAGES);
        }),
    ];
    if let Ok(which) = std::env::var(CHILD) {
        return calls.iter().find(|(name, _)| *name == which).unwrap().1();
    }
    let died: Vec<_> =
        calls.iter().filter_map(|(name, _)| alone("huge::nothing_at_all_is_done_at_once", name)).collect();
    assert_none(&died);
}

/// A batch that repeats one value, larger than any memory.
fn endless(one: &ndarray::Array0<f32>, shape: (usize, usize, usize, usize)) -> ArrayView4<'_, f32> {
    one.broadcast(shape).unwrap()
}

#[test]
fn results_that_no_memory_holds() {
    let (quilt, one) = (quilt(), arr0(1.0_f32));
    let images = 1 << 50;
    let batch = endless(&one, (images, 1, 8, 8));
    assert_error!(quilt.unstitch(batch), OutOfMemory, "patches", images * 9 * 16 * 4);
    assert_error!(quilt.stitch_adjoint(batch), OutOfMemory, "patches", images * 9 * 16 * 4);
    assert_error!(quilt.unstitch(endless(&one, (1 << 56, 1, 8, 8))), Overflow, "patches", 9_u64 << 56);
    assert_eq!(quilt.unstitch_one(batch, 9 * images - 1).unwrap().sum(), 16.0);
    assert_error!(quilt.unstitch_range(batch, 0..images), OutOfMemory, "patches");
    let channels = endless(&one, (1, images, 8, 8));
    assert_error!(quilt.unstitch_positional(channels, 0..9, Positional::default()), OutOfMemory, "patches");

    let patches = endless(&one, (images * 9, 1, 4, 4));
    assert_error!(quilt.stitch(patches), OutOfMemory, "batch", images * 64 * 4);
    assert_error!(quilt.unstitch_adjoint(patches), OutOfMemory, "batch", images * 64 * 4);
    let small = quilt.stitch_into(patches, zeros(1, 1, 8, 8).view_mut(), None, &Monitor::new());
    assert_error!(small, Shape, images);
    let labels = arr0(1_u8);
    let labels = labels.broadcast((images, 8, 8)).unwrap();
    assert_error!(quilt.unstitch_labels(labels, None), OutOfMemory, "label patches");

    assert_error!(quilt.positions(images), OutOfMemory, "positions", images * 9 * 2 * 8);
    assert_error!(quilt.positions_with_image(usize::MAX), Overflow, "patches of a batch", usize::MAX, 9);
    assert_error!(quilt.patch_count(usize::MAX / 8), Overflow, usize::MAX / 8, 9);
}

#[test]
fn stitchers_that_no_memory_holds() {
    let (quilt, one) = (quilt(), arr0(1.0_f32));
    assert_error!(quilt.stitcher::<f32>(usize::MAX, 1), Overflow, usize::MAX);
    assert_error!(quilt.stitcher::<f32>(1, usize::MAX), Overflow, usize::MAX);
    assert_error!(quilt.stitcher::<f32>(1 << 50, 1), OutOfMemory, "patch");
    let channels = 1 << 50;
    let mut stitcher = quilt.stitcher::<f32>(1, channels).unwrap();
    let refused = stitcher.push(0, endless(&one, (9, channels, 4, 4)));
    assert_error!(refused, OutOfMemory, "batch", channels * 64 * 4);
    assert_error!(stitcher.push_at(&[3], endless(&one, (1, channels, 4, 4))), OutOfMemory, "batch");
    assert_error!(stitcher.finish_incomplete(0.0), OutOfMemory, "batch");
    assert_eq!(stitcher.missing_count(), 9);
}
