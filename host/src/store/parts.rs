//! Work on the parts of a long list side by side.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;

/// The most threads, this one counted.
const THREADS_MAX: usize = 4;

/// Does the work on each part of a list, all of this size but the last one, and gives what came of them in their order. A list of
/// one part needs no further thread, and where none can be started this one does all the work.
pub(super) fn in_parts<T: Send, R: Send>(
    list: &mut [T],
    size: NonZeroUsize,
    work: impl Fn(&mut [T]) -> R + Sync,
) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let helpers = threads.min(list.len().div_ceil(size.get())).saturating_sub(1);
    let parts = Mutex::new(list.chunks_mut(size.get()).enumerate());
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work_off = || {
        let mut done = Vec::new();
        while let Some((place, part)) = next() {
            done.push((place, work(part)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let start = |_| std::thread::Builder::new().spawn_scoped(scope, work_off).ok();
        let started: Vec<_> = (0..helpers).filter_map(start).collect();
        let mut done = work_off();
        for thread in started {
            done.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_worked_on_once_and_in_its_place() {
        for length in [0, 1, 9, 10, 11, 1000] {
            let mut list: Vec<usize> = (0..length).collect();
            let parts = in_parts(&mut list, NonZeroUsize::new(10).unwrap(), |part| {
                part.iter_mut().for_each(|number| *number += 1);
                part.to_vec()
            });
            assert!(parts.iter().rev().skip(1).all(|part| part.len() == 10), "{length}");
            assert_eq!(parts.concat(), list);
            assert_eq!(list, (1..=length).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "part 7")]
    fn a_panic_is_passed_on() {
        let mut list: Vec<usize> = (0..100).collect();
        in_parts(&mut list, NonZeroUsize::new(1).unwrap(), |part| assert!(part[0] != 7, "part {}", part[0]));
    }
}
