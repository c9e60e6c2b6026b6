//! The table of figures, and the arithmetic behind them.

use std::fmt;
use std::time::Duration;

/// What was measured, in order.
#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<Row>,
}

/// The largest value that a figure may have.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    pub(crate) shown: &'static str,
}

struct Row {
    name: String,
    value: String,
    limit: Option<(&'static str, bool)>,
}

impl Figures {
    /// A figure without a limit.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.rows.push(Row { name: name.into(), value: value.into(), limit: None });
    }

    /// A figure that is measured against the largest value that it may have.
    pub(crate) fn limited(&mut self, name: impl Into<String>, shown: impl Into<String>, value: f64, limit: Limit) {
        let verdict = Some((limit.shown, value <= limit.value));
        self.rows.push(Row { name: name.into(), value: shown.into(), limit: verdict });
    }

    pub(crate) fn all_within_limits(&self) -> bool {
        self.rows.iter().all(|row| row.limit.as_ref().is_none_or(|(_, kept)| *kept))
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "\n| figure | value | limit | |\n|---|---|---|---|")?;
        for Row { name, value, limit } in &self.rows {
            let (limit, verdict) = match limit {
                Some((limit, true)) => (*limit, "ok"),
                Some((limit, false)) => (*limit, "EXCEEDED"),
                None => ("", ""),
            };
            writeln!(formatter, "| {name} | {value} | {limit} | {verdict} |")?;
        }
        Ok(())
    }
}

/// The middle one of some times.
pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Median, and the shortest and longest behind it.
pub(crate) fn spread(times: &[Duration]) -> String {
    let shortest = times.iter().min().copied().unwrap_or_default();
    let longest = times.iter().max().copied().unwrap_or_default();
    format!("{} ({} to {}, {} runs)", time(median(times)), time(shortest), time(longest), times.len())
}

/// A time as a person reads it.
pub(crate) fn time(time: Duration) -> String {
    milliseconds(time.as_secs_f64() * 1000.0)
}

/// The same from a number of milliseconds.
pub(crate) fn milliseconds(value: f64) -> String {
    match value {
        value if value >= 10_000.0 => format!("{:.2} s", value / 1000.0),
        value if value >= 1_000.0 => format!("{:.3} s", value / 1000.0),
        value if value >= 100.0 => format!("{value:.0} ms"),
        value if value >= 1.0 => format!("{value:.1} ms"),
        value if value >= 0.1 => format!("{value:.2} ms"),
        value => format!("{:.1} µs", value * 1000.0),
    }
}

/// A number of bytes as a person reads it.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
