//! Gives memory back to the system after a burst.
//!
//! Allocators keep what was freed for those who ask next, each thread its own. A thread that sleeps
//! gives nothing back. So after a burst every thread is asked to, once; and so is the C library, by
//! whose allocator SQLite works. Under a steady load there is nothing to do.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often one looks at the process's memory.
const LOOK: Duration = Duration::from_secs(5);

/// How much it has to have grown, in kilobytes.
const GROWN: u64 = 16 << 10;

/// How many looks long threads are asked after that: nobody tells when a burst is over.
const ASKS: u32 = 12;

/// How long each thread is kept, so that another one gets the next task.
const MOMENT: Duration = Duration::from_micros(200);

/// A request takes and gives back hundreds of small pieces of memory, often on another thread: the
/// system's allocator spends a sixth of its time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Counts the times that threads were asked.
static ASKED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// When this thread was asked last.
    static HEARD: Cell<u64> = const { Cell::new(0) };
}

#[allow(unsafe_code, reason = "the allocators' crates have no call for it")]
mod allocators {
    unsafe extern "C" {
        /// mimalloc: frees what the calling thread has kept.
        fn mi_collect(force: bool);
        /// glibc: gives back the free pages of all threads.
        #[cfg(target_env = "gnu")]
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }

    /// Gives back what this thread keeps.
    pub(super) fn collect() {
        // SAFETY: it may be called at any time, by any thread.
        unsafe { mi_collect(true) }
    }

    /// Gives back what the C library keeps.
    pub(super) fn trim() {
        #[cfg(target_env = "gnu")]
        // SAFETY: it may be called at any time, by any thread.
        unsafe {
            malloc_trim(0);
        }
    }
}

/// Gives back what this thread keeps, if it was asked to. For threads that have nothing to do.
pub(crate) fn rest() {
    let asked = ASKED.load(Ordering::Relaxed);
    if HEARD.replace(asked) != asked {
        allocators::collect();
    }
}

/// Asks all threads of a runtime in the minute after their process's memory has grown, for ever.
pub(crate) async fn give_back(threads: usize) {
    let mut settled = anonymous();
    let mut asks = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        let Some((now, then)) = anonymous().zip(settled) else { return };
        if now > then + GROWN {
            asks = ASKS;
        }
        settled = Some(now.min(then));
        if asks > 0 {
            asks -= 1;
            ask(threads).await;
            settled = anonymous();
        }
    }
}

/// Asks each thread of the runtime, and waits until all have had the time.
async fn ask(threads: usize) {
    ASKED.fetch_add(1, Ordering::Relaxed);
    // A thread that sleeps is woken by a task. It is kept for a moment, or it would take the next.
    let tasks = (0..2 * threads).map(|_| tokio::spawn(async { std::thread::sleep(MOMENT) }));
    for task in tasks.collect::<Vec<_>>() {
        let _ended = task.await;
    }
    rest();
    let _ended = tokio::task::spawn_blocking(allocators::trim).await;
}

/// The process's own memory that is in RAM, in kilobytes; None on systems that do not tell.
fn anonymous() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn each_thread_is_asked_once() {
        let heard = || HEARD.get() == ASKED.load(Ordering::Relaxed);
        rest();
        assert!(heard());
        ASKED.fetch_add(1, Ordering::Relaxed);
        assert!(!heard());
        rest();
        assert!(heard());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_burst_took_is_given_back() {
        const BURST: u64 = 128 << 10;
        let before = anonymous().unwrap();
        // Small pieces, as requests take them.
        let pieces: Vec<Vec<u8>> = (0..BURST).map(|_| vec![1; 1024]).collect();
        assert!(anonymous().unwrap() > before + BURST / 2);
        drop(pieces);
        allocators::collect();
        let after = anonymous().unwrap();
        assert!(after < before + BURST / 4, "{before} kB before, {after} kB after");
    }
}
