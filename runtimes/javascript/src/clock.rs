//! Time and chance, which are the same in every run: the clock stands where the run began, random numbers follow from the revision.

use std::cell::Cell;

use crate::bindings::host::migration::env::RunInfo;

thread_local! {
    static NOW_MICROS: Cell<i64> = const { Cell::new(0) };
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

/// Sets both for one run.
pub(crate) fn set(run: &RunInfo) {
    NOW_MICROS.set(run.now_micros);
    RANDOM.set(run.seed);
}

/// A number from 0 (inclusive) to 1 (exclusive), as `Math.random` gives: SplitMix64, of which the upper 53 bits count.
pub(crate) fn random() -> f64 {
    let state = RANDOM.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    RANDOM.set(state);
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// The one thing that QuickJS's C library asks of a system: microseconds since 1970.
#[unsafe(no_mangle)]
extern "C" fn __rquickjs_host_now_us() -> f64 {
    NOW_MICROS.get() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_follows_from_the_seed() {
        let three = || [random(), random(), random()];
        RANDOM.set(7);
        let first = three();
        RANDOM.set(7);
        assert_eq!(three(), first);
        RANDOM.set(8);
        assert_ne!(three(), first);
        assert!(first.iter().all(|number| (0.0..1.0).contains(number)), "{first:?}");
    }
}
