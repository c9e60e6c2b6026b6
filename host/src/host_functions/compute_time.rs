//! How long a guest has computed: the clock of the processor, which stands still while the thread does not run.
//!
//! A program that is stopped, a terminal that takes no more lines, an application that does something else in between, and
//! other processes that want the processor, too, cost a guest nothing.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::time::ClockId;
use rustix::time::clock_gettime;

/// The value of [`Account::since`] while nothing is counted.
const PAUSED: u64 = u64::MAX;

/// The computing time of one guest. Clones share one account.
///
/// Every thread has a clock of its own, and a future moves between threads. So what is measured is each single poll of it,
/// which is on one thread from its beginning to its end.
#[derive(Debug, Clone)]
pub(crate) struct ComputeTime(Arc<Account>);

#[derive(Debug)]
struct Account {
    /// What was counted up to the last pause, in nanoseconds.
    counted: AtomicU64,
    /// Since when it is being counted, by the clock of the thread that polls, in nanoseconds; or [`PAUSED`].
    since: AtomicU64,
}

impl ComputeTime {
    /// Begins with nothing.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Account { counted: AtomicU64::new(0), since: AtomicU64::new(PAUSED) }))
    }

    /// How much was counted. While it is being counted, only the thread that polls may ask.
    pub(crate) fn used(&self) -> Duration {
        let counted = self.0.counted.load(Ordering::Relaxed);
        let running = match self.0.since.load(Ordering::Relaxed) {
            PAUSED => 0,
            since => thread_nanoseconds().saturating_sub(since),
        };
        Duration::from_nanos(counted.saturating_add(running))
    }

    /// Does a piece of work and counts what it computes.
    pub(crate) async fn counting<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            self.resume();
            let poll = work.as_mut().poll(context);
            self.pause();
            poll
        })
        .await
    }

    /// Does a piece of work within one that is counted, and leaves it out.
    pub(crate) async fn without<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            self.pause();
            let poll = work.as_mut().poll(context);
            self.resume();
            poll
        })
        .await
    }

    /// Counts what another thread has computed for the guest.
    pub(crate) fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.counted.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn resume(&self) {
        self.0.since.store(thread_nanoseconds(), Ordering::Relaxed);
    }

    fn pause(&self) {
        let since = self.0.since.swap(PAUSED, Ordering::Relaxed);
        if since != PAUSED {
            self.0.counted.fetch_add(thread_nanoseconds().saturating_sub(since), Ordering::Relaxed);
        }
    }
}

/// How long this thread has computed.
pub(super) fn thread_time() -> Duration {
    Duration::from_nanos(thread_nanoseconds())
}

fn thread_nanoseconds() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Neither part is ever negative.
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(nanoseconds.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    const WORK: Duration = Duration::from_millis(20);

    /// Makes the thread compute for this long.
    fn compute(time: Duration) {
        let began = thread_time();
        while thread_time() - began < time {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn only_computing_counts() {
        let time = ComputeTime::new();
        let began = thread_time();
        time.counting(async {
            compute(WORK);
            // A stopped process looks like this, and so does a thread that gets no processor.
            std::thread::sleep(WORK * 20);
            assert!(time.used() >= WORK);
            tokio::time::sleep(WORK).await;
            compute(WORK);
        })
        .await;
        let computed = thread_time() - began;
        assert!(time.used() >= WORK * 2 && time.used() <= computed, "{:?} of {computed:?}", time.used());
    }

    #[tokio::test]
    async fn what_is_left_out_does_not_count() {
        let time = ComputeTime::new();
        let began = thread_time();
        time.counting(async {
            time.without(async {
                compute(WORK * 10);
                tokio::task::yield_now().await;
                compute(WORK * 10);
            })
            .await;
            compute(WORK);
        })
        .await;
        compute(WORK * 10);
        let computed = thread_time() - began;
        assert!(time.used() >= WORK && time.used() <= computed - WORK * 30, "{:?} of {computed:?}", time.used());
    }

    #[test]
    fn a_future_that_moves_between_threads_is_counted_on_each_by_its_own_clock() {
        let time = ComputeTime::new();
        let mut future = Box::pin({
            let time = time.clone();
            async move {
                time.counting(async {
                    for _ in 0..4 {
                        compute(WORK);
                        tokio::task::yield_now().await;
                    }
                })
                .await;
            }
        });
        let began = thread_time();
        let mut computed = Duration::ZERO;
        // One thread has computed far more before, the other one is new.
        compute(WORK * 10);
        loop {
            let here = thread_time();
            if poll_once(future.as_mut()) {
                computed += thread_time() - here;
                break;
            }
            computed += thread_time() - here;
            let (done, there) = std::thread::scope(|scope| {
                scope.spawn(|| (poll_once(future.as_mut()), thread_time())).join().expect("it ends")
            });
            computed += there;
            if done {
                break;
            }
        }
        assert!(thread_time() - began > WORK * 10);
        assert!(time.used() >= WORK * 4 && time.used() <= computed, "{:?} of {computed:?}", time.used());
    }

    fn poll_once(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        matches!(future.poll(&mut context), Poll::Ready(()))
    }

    #[test]
    fn what_another_thread_computed_is_added() {
        let time = ComputeTime::new();
        time.add(WORK);
        time.add(WORK);
        assert_eq!(time.used(), WORK * 2);
    }
}
