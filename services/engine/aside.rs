//! Work that gives way to the writer: figures over a whole district, snapshots, the check of the chain. It has threads of its
//! own, which run while no other thread wants the processor (SCHED_IDLE): a reader that never rests then costs the writer
//! almost nothing, and on a machine with time to spare is itself as fast as ever.

use std::io;
use std::sync::LazyLock;
use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

/// Threads at most: whoever asks for more waits.
const THREADS_MAX: usize = 16;

/// Its thread never runs anything: only what blocks is given to it.
static THREADS: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_current_thread()
        .max_blocking_threads(THREADS_MAX)
        .thread_name("aside")
        .on_thread_start(give_way)
        .build()
});

/// Does a piece of work on a thread that gives way to all others; an error is its panic.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    match &*THREADS {
        Ok(threads) => threads.spawn_blocking(work).await,
        Err(_) => tokio::task::spawn_blocking(work).await, // Slower for the writer, and as right.
    }
}

/// Where the system refuses, the work is done all the same.
fn give_way() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle) {
        tracing::debug!(?error, "a thread that should give way does not");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thread_priority::unix::thread_schedule_policy;

    #[tokio::test]
    async fn work_aside_gives_way_and_its_panic_is_told() {
        let policy = aside(|| thread_schedule_policy().unwrap()).await.unwrap();
        assert_eq!(policy, ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle));
        assert_ne!(thread_schedule_policy().unwrap(), policy);
        assert!(aside(|| panic!("on purpose")).await.unwrap_err().is_panic());
    }
}
