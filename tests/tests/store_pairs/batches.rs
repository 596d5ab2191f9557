//! Epochs, batches and threads.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use qlty_pairs::{PatchPairDataset, PatchPairs, Positions, StoreOptions};

use crate::{images, metadata, write};

fn dataset(folder: &tempfile::TempDir, chunk: usize, cache: usize) -> PatchPairDataset<u16, 2> {
    let path = folder.path().join(format!("{chunk}.zarr"));
    let shape = [5, 2, 40, 40];
    if !path.exists() {
        let options = StoreOptions::new().chunk(vec![chunk, 2, 8, 8]).positions(Positions::Pixels);
        write(&images::<u16, 2>(&shape, 1).view(), &metadata(&shape, [8, 8], 10), &path, &options).unwrap();
    }
    PatchPairDataset::with_cache(&path, cache).unwrap()
}

#[test]
fn an_epoch_has_every_pair_once() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(&folder, 7, 0);
    let mut orders = HashSet::new();
    for (seed, epoch) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let order = dataset.epoch(seed, epoch);
        assert_eq!(order, dataset.epoch(seed, epoch));
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..50));
        assert!(orders.insert(order));
    }
}

#[test]
fn batches_come_in_order_whatever_is_read_ahead() {
    let folder = tempfile::tempdir().unwrap();
    for (chunk, cache) in [(1, 0), (7, 0), (7, 1 << 20), (50, 1 << 20)] {
        let dataset = dataset(&folder, chunk, cache);
        let order = dataset.epoch(3, 0);
        for ahead in [0, 1, 4, 1000] {
            let batches = dataset.batches(order.clone(), 8, ahead).unwrap();
            assert_eq!(batches.len(), 7);
            let mut seen = 0;
            for (batch, indices) in batches.zip(order.chunks(8)) {
                assert_eq!(batch.unwrap(), dataset.get_batch(indices).unwrap());
                seen += 1;
            }
            assert_eq!(seen, 7);
        }
    }
}

/// A program with its own thread pool reads batches on its threads.
#[test]
fn batches_are_read_within_a_pool() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(&folder, 7, 0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let threads = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&threads);
    let within = move |read: &mut (dyn FnMut() + Send)| {
        pool.install(|| {
            seen.fetch_max(rayon::current_num_threads(), SeqCst);
            read();
        });
    };
    let order: Vec<usize> = (0..50).collect();
    let batches = dataset.batches_within(order.clone(), 20, 2, within).unwrap();
    for (batch, indices) in batches.zip(order.chunks(20)) {
        assert_eq!(batch.unwrap(), dataset.get_batch(indices).unwrap());
    }
    assert_eq!(threads.load(SeqCst), 3);
}

/// An iterator that is dropped in the middle does not wait for the rest.
#[test]
fn a_dropped_iterator_stops_its_thread() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(&folder, 1, 0);
    let order: Vec<usize> = (0..50).cycle().take(5_000_000).collect();
    let mut batches = dataset.batches(order, 1, 2).unwrap();
    batches.next().unwrap().unwrap();
    drop(batches);
}

#[test]
fn threads_share_a_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(&folder, 7, 4000);
    let expected: Vec<_> = (0..50).map(|index| dataset.get(index).unwrap()).collect();
    let whole: PatchPairs<u16, 2> = dataset.get_batch(&(0..50).collect::<Vec<_>>()).unwrap();
    for (index, pair) in expected.iter().enumerate() {
        assert_eq!(pair.patch1, whole.patches1.index_axis(ndarray::Axis(0), index));
        assert_eq!(pair.delta, whole.deltas.row(index));
        assert_eq!(pair.rotation, whole.rotations[index]);
        assert_eq!(pair.position2.as_ref().unwrap(), &whole.positions2.as_ref().unwrap().row(index));
    }
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (dataset, expected) = (dataset.clone(), &expected);
            scope.spawn(move || {
                for index in dataset.epoch(0, thread) {
                    assert_eq!(dataset.get(index).unwrap(), expected[index]);
                }
            });
        }
    });
}
