//! How far tables are that are rewritten batch by batch, for people.

use super::text::count;
use super::text::safe_line;
use crate::db::backfill::BackfillState;
use crate::db::backfill::BackfillStatus;

/// `a1  run-transform 'phones' into guests: running, 120000 rows in 12 ranges, 8000 rows/s, about 3 min left`
pub(in crate::cli) fn line(status: &BackfillStatus) -> String {
    let BackfillStatus { backfill, label, state, rows, done, failed, rejected, .. } = status;
    let mut text = format!(
        "{}  {}: {}, {} in {}",
        backfill.step.revision,
        safe_line(label),
        state.word(),
        count(*rows, "row"),
        count(*done, "range")
    );
    text.push_str(&pace(status));
    if *rejected > 0 {
        text.push_str(&format!(", {} skipped", count(*rejected, "row")));
    }
    if *failed > 0 {
        text.push_str(&format!(", {} failed", count(*failed, "range")));
    }
    if let Some(why) = &status.waiting {
        text.push_str(&format!(": {}", safe_line(why)));
    }
    text
}

/// `phones: 120000 rows, 8000 rows/s, about 3 min left`
pub(super) fn standing(status: &BackfillStatus) -> String {
    let mut text = format!("{}: {}", status.label, count(status.rows, "row"));
    text.push_str(&pace(status));
    match (&status.waiting, status.state) {
        (Some(why), _) => text.push_str(&format!(", waiting: {why}")),
        (None, BackfillState::Paused) => text.push_str(", paused"),
        (None, _) => {}
    }
    text
}

/// `, 8000 rows/s, about 3 min left`, as far as that is known.
fn pace(status: &BackfillStatus) -> String {
    let mut text = status.rows_per_second.map(|rate| format!(", {rate} rows/s")).unwrap_or_default();
    if let Some(seconds) = status.seconds_left {
        text.push_str(&format!(", about {} left", about(seconds)));
    }
    text
}

/// A time that nobody knows exactly.
fn about(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        ..5 => "5 s".to_owned(),
        5..MINUTE => format!("{} s", seconds.next_multiple_of(5)),
        MINUTE..HOUR => format!("{} min", seconds.div_ceil(MINUTE)),
        HOUR..DAY => format!("{} h", seconds.div_ceil(HOUR)),
        DAY.. => format!("{} days", seconds.div_ceil(DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_round() {
        let times = [0, 5, 6, 59, 60, 61, 3_599, 3_600, 90_000].map(about);
        assert_eq!(times, ["5 s", "5 s", "10 s", "60 s", "1 min", "2 min", "60 min", "1 h", "2 days"]);
    }
}
