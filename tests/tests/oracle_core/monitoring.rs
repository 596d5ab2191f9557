//! Progress and cancellation.

use std::ops::ControlFlow;

use ndarray::{Array3, Array4};
use qlty_core::{Error, Monitor, NcyxQuilt, Result, with_progress};

type Call = Box<dyn Fn(&Monitor) -> Result<()> + Send + Sync>;

/// Every long call, with its name and the number of its units. Images are large enough to be divided, windows large
/// enough for a patch to take several tasks.
fn long_calls(channels: usize) -> Vec<(&'static str, u64, Call)> {
    let quilt = || NcyxQuilt::builder([600, 900], [520, 700], [50, 90]).border([7, 5]).build().unwrap();
    let batch = move || Array4::<f32>::ones((1, channels, 600, 900));
    let patches = move || Array4::<f32>::ones((12, channels, 520, 700));
    let rows = 600 * channels as u64;
    vec![
        ("unstitch_into", 12, Box::new(move |m| quilt().unstitch_into(batch().view(), 0, patches().view_mut(), m))),
        (
            "unstitch_labels_into",
            12,
            Box::new(move |m| {
                let labels = Array3::<u16>::zeros((1, 600, 900));
                let mut out = Array3::zeros((12, 520, 700));
                quilt().unstitch_labels_into(labels.view(), Some(9), 0, out.view_mut(), m)
            }),
        ),
        ("stitch_into", rows, Box::new(move |m| quilt().stitch_into(patches().view(), batch().view_mut(), None, m))),
        (
            "stitch_into, channels last",
            rows,
            Box::new(move |m| {
                let mut out = Array4::zeros((1, 600, 900, channels));
                quilt().stitch_into(patches().view(), out.view_mut().permuted_axes([0, 3, 1, 2]), None, m)
            }),
        ),
        (
            "unstitch_adjoint_into",
            rows,
            Box::new(move |m| quilt().unstitch_adjoint_into(patches().view(), batch().view_mut(), m)),
        ),
        (
            "stitch_adjoint_into",
            12,
            Box::new(move |m| quilt().stitch_adjoint_into(batch().view(), patches().view_mut(), m)),
        ),
    ]
}

#[test]
fn what_is_done_is_the_total() {
    for (name, total, call) in long_calls(2) {
        let monitor = Monitor::new();
        assert_eq!((monitor.done(), monitor.total(), monitor.is_cancelled()), (0, 0, false));
        // Twice: a call starts at zero, whatever the previous one has counted.
        for _ in 0..2 {
            call(&monitor).unwrap();
            assert_eq!((monitor.done(), monitor.total()), (total, total), "{name}");
        }
    }
}

#[test]
fn nothing_to_do_is_done_at_once() {
    for (name, _, call) in long_calls(0) {
        let monitor = Monitor::new();
        call(&monitor).unwrap();
        assert_eq!(monitor.done(), monitor.total(), "{name}");
    }
}

#[test]
fn what_is_cancelled_does_nothing() {
    for (name, total, call) in long_calls(1) {
        let monitor = Monitor::new();
        monitor.cancel();
        assert_eq!(call(&monitor), Err(Error::Cancelled), "{name}");
        assert_eq!((monitor.done(), monitor.total()), (0, total), "{name}");
    }
}

/// Progress is reported on the calling thread, never decreases, and ends at the total.
#[test]
fn progress_is_told_where_it_belongs() {
    let caller = std::thread::current().id();
    for (name, total, call) in long_calls(2) {
        let mut told = Vec::new();
        let progress = |done, all| {
            assert_eq!((std::thread::current().id(), all), (caller, total));
            told.push(done);
            ControlFlow::Continue(())
        };
        let result = with_progress(call, progress);
        result.unwrap();
        assert_eq!(told.last(), Some(&total), "{name}");
        assert!(told.is_sorted(), "{told:?}");
    }
}

/// Breaking stops a call that would otherwise not end.
#[test]
fn a_break_cancels() {
    let result = with_progress(
        |monitor| {
            let quilt = NcyxQuilt::builder([256, 256], [64, 64], [8, 8]).build()?;
            let batch = Array4::<f32>::zeros((1, 1, 256, 256));
            let mut patches = Array4::<f32>::zeros((625, 1, 64, 64));
            for _ in 0..100_000 {
                quilt.unstitch_into(batch.view(), 0, patches.view_mut(), monitor)?;
            }
            Ok(())
        },
        |_, _| ControlFlow::Break(()),
    );
    assert_eq!(result, Err(Error::Cancelled));
}

/// A call stops between its tasks, not at its end: little is done after the break.
#[test]
fn a_break_stops_within_a_call() {
    let quilt = NcyxQuilt::builder([2000, 2000], [64, 64], [4, 4]).build().unwrap();
    let one = ndarray::arr0(1.0_f32);
    let patches = one.broadcast((quilt.patch_count(1).unwrap(), 1, 64, 64)).unwrap();
    let mut batch = Array4::<f32>::zeros((1, 1, 2000, 2000));
    let mut seen = (0, 0);
    let result = with_progress(
        |monitor| quilt.stitch_into(patches, batch.view_mut(), None, monitor),
        |done, total| {
            seen = (done, total);
            ControlFlow::Break(())
        },
    );
    assert_eq!(result, Err(Error::Cancelled));
    assert!(seen.0 < seen.1, "{seen:?}");
}

/// The same for unstitching, cancelled from another thread as soon as a patch is written.
#[test]
fn a_cut_stops_within_a_call() {
    let quilt = NcyxQuilt::builder([1000, 1000], [40, 40], [8, 8]).build().unwrap();
    let one = ndarray::arr0(1_u8);
    let batch = one.broadcast((1, 1, 1000, 1000)).unwrap();
    let count = quilt.patch_count(1).unwrap();
    let mut patches = Array4::<u8>::zeros((count, 1, 40, 40));
    patches.invert_axis(ndarray::Axis(3));
    // The call may finish before the other thread has seen a patch, but not every time.
    let stopped = (0..20).any(|_| {
        let monitor = Monitor::new();
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                while monitor.done() == 0 {
                    std::hint::spin_loop();
                }
                monitor.cancel();
            });
            quilt.unstitch_into(batch, 0, patches.view_mut(), &monitor)
        });
        assert!(result == Err(Error::Cancelled) || monitor.done() == monitor.total(), "{result:?}");
        result == Err(Error::Cancelled) && monitor.done() < monitor.total()
    });
    assert!(stopped);
}

/// A panic in the work reaches the caller, and does not hang.
#[test]
#[should_panic(expected = "from within")]
fn a_panic_comes_through() {
    with_progress(|_| panic!("from within"), |_, _| ControlFlow::Continue(()));
}
