//! What the server is doing, as a sentence.

use crate::db::StatementProgress;

/// For example `running for 12 s: CREATE INDEX … (building index: scanning table, 45 %)`.
pub(super) fn sentence(progress: &StatementProgress) -> String {
    let StatementProgress { seconds, statement, waits_for, phase, done, total, .. } = progress;
    let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(holder) = waits_for {
        return format!("waiting for a lock, {seconds} s so far: {statement} (held by {holder})");
    }
    let share = match (done, total) {
        (Some(done), Some(total)) if *total > 0 => Some(format!("{} %", done.saturating_mul(100) / total)),
        _ => None,
    };
    let details: Vec<&str> = phase.iter().map(String::as_str).chain(share.as_deref()).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    format!("running for {seconds} s: {statement}{details}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let running = StatementProgress {
            seconds: 12,
            statement: "CREATE INDEX\n  ON t (a)".to_owned(),
            waits_for: None,
            waits_for_lock: false,
            began: String::new(),
            phase: None,
            done: None,
            total: None,
        };
        assert_eq!(sentence(&running), "running for 12 s: CREATE INDEX ON t (a)");
        let building = StatementProgress {
            phase: Some("building index: scanning table".to_owned()),
            done: Some(45),
            total: Some(100),
            ..running.clone()
        };
        assert_eq!(
            sentence(&building),
            "running for 12 s: CREATE INDEX ON t (a) (building index: scanning table, 45 %)"
        );
        let waiting = StatementProgress { waits_for: Some("psql, process 7".to_owned()), ..running };
        assert_eq!(
            sentence(&waiting),
            "waiting for a lock, 12 s so far: CREATE INDEX ON t (a) (held by psql, process 7)"
        );
    }
}
