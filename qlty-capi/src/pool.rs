//! The threads that calls run on, in this process and in those forked from it.
//!
//! After a `fork`, the child has a copy of the parent's memory, but none of its threads: a pool that the parent has
//! started takes work there and never does it. So the first call in a child sets up a pool of its own. The parent's is
//! left as it is, also its lock, which may be locked for ever.

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Failure, Outcome, QLTY_STATUS_OUT_OF_MEMORY};

/// The threads of one process. Never freed, since other threads may be using it: one for each `fork` after which the
/// child calls the library.
struct Process {
    id: u32,
    /// Whether no process that this one was forked from has threads of the library.
    is_first: bool,
    /// The number of threads; 0 means one per processor.
    threads: AtomicUsize,
    /// The pool, if it has been started and is not rayon's global one.
    pool: RwLock<Option<Arc<ThreadPool>>>,
}

/// The process of the last call: the only global state.
static PROCESS: AtomicPtr<Process> = AtomicPtr::new(std::ptr::null_mut());

/// The threads that a call runs on.
pub(crate) enum Threads {
    /// Those of rayon's global pool, which has been started. Work that is too small to be divided does not wake them.
    Global,
    Own(Arc<ThreadPool>),
}

impl Threads {
    /// The threads of this process, started if needed.
    pub(crate) fn get() -> Outcome<Self> {
        Process::this().threads()
    }

    /// Makes later calls in this process run on `threads` threads, or for 0 on one per processor, and starts them.
    pub(crate) fn set(threads: usize) -> Outcome {
        Process::this().set(threads)
    }

    /// Runs the work on these threads, or on the calling one until it is divided among them.
    pub(crate) fn run(&self, work: impl FnOnce() + Send) {
        match self {
            Self::Global => work(),
            Self::Own(pool) => pool.install(work),
        }
    }

    /// Runs the work on one of these threads from its start, since the calling one may have a small stack.
    pub(crate) fn run_away(&self, work: impl FnOnce() + Send) {
        match self {
            Self::Global => rayon::scope(|_| work()),
            Self::Own(pool) => pool.install(work),
        }
    }
}

impl Process {
    /// That of this process. Takes no lock, since a thread that a `fork` has left behind may have held it.
    fn this() -> &'static Self {
        let id = std::process::id();
        let mut last = PROCESS.load(Ordering::Acquire);
        loop {
            // SAFETY: what has been stored there is never freed.
            let known = unsafe { last.as_ref() };
            if let Some(process) = known.filter(|process| process.id == id) {
                return process;
            }
            let threads = AtomicUsize::new(known.map_or(0, |parent| parent.threads.load(Ordering::Relaxed)));
            let new = Box::new(Self { id, is_first: known.is_none(), threads, pool: RwLock::new(None) });
            let new = Box::into_raw(new);
            match PROCESS.compare_exchange(last, new, Ordering::AcqRel, Ordering::Acquire) {
                // SAFETY: it is never freed from now on.
                Ok(_) => return unsafe { &*new },
                Err(stored) => {
                    // Another thread was faster.
                    // SAFETY: it comes from a box, and nobody else has seen it.
                    drop(unsafe { Box::from_raw(new) });
                    last = stored;
                }
            }
        }
    }

    fn threads(&self) -> Outcome<Threads> {
        let own = self.pool.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(pool) = own {
            return Ok(Threads::Own(pool));
        }
        if self.can_use_global(self.threads.load(Ordering::Relaxed)) {
            return Ok(Threads::Global);
        }
        let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = &*pool {
            return Ok(Threads::Own(Arc::clone(pool)));
        }
        let new = start(self.threads.load(Ordering::Relaxed))?;
        Ok(Threads::Own(Arc::clone(pool.insert(new))))
    }

    fn set(&self, threads: usize) -> Outcome {
        let mut pool = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        let new = if self.can_use_global(threads) { None } else { Some(start(threads)?) };
        self.threads.store(threads, Ordering::Relaxed);
        // Dropping a pool ends its threads, after the calls that still use it.
        *pool = new;
        Ok(())
    }

    /// Whether calls on this number of threads run on rayon's global pool, which is started if it has not been yet.
    fn can_use_global(&self, threads: usize) -> bool {
        /// Whether it could be started, which can be tried once.
        static STARTED: OnceLock<bool> = OnceLock::new();
        self.is_first && threads == 0 && *STARTED.get_or_init(|| ThreadPoolBuilder::new().build_global().is_ok())
    }
}

fn start(threads: usize) -> Outcome<Arc<ThreadPool>> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| {
        let threads = if threads == 0 { "a thread per processor".to_owned() } else { format!("{threads} threads") };
        Failure::new(QLTY_STATUS_OUT_OF_MEMORY, format!("cannot start {threads}: {error}"))
    })?;
    Ok(Arc::new(pool))
}
