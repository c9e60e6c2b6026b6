use crate::bindings::host::migration::env;
pub use crate::bindings::host::migration::env::{Level, RunInfo};

/// Writes a line to the host's log. [`info!`](crate::info!) and its like are shorter.
///
/// ```no_run
/// use host_guest::{Level, log};
///
/// log(Level::Info, "12 rows have no country");
/// ```
pub fn log(level: Level, message: &str) {
    env::log(level, message);
}

/// Says how far a long piece of work is: `done` of `total`, where that is known.
///
/// ```no_run
/// use host_guest::progress;
///
/// progress("phone numbers", 500, 12_000);
/// progress("batches", 3, None);
/// ```
pub fn progress(label: &str, done: u64, total: impl Into<Option<u64>>) {
    env::progress(label, done, total.into());
}

/// The facts of this run: the revision, the server, the time, a seed, and what the operator gave. They stay the same for
/// the whole run.
///
/// ```no_run
/// use host_guest::{Timestamptz, run_info};
///
/// let run = run_info();
/// let now = Timestamptz::from_unix_micros(run.now_micros);
/// let batch = run.arg("batch").unwrap_or("500");
/// ```
pub fn run_info() -> RunInfo {
    env::run()
}

impl RunInfo {
    /// What the operator gave with `-x KEY=VALUE` for this key; the last one counts.
    ///
    /// ```no_run
    /// if host_guest::run_info().arg("tenant").is_none() {
    ///     host_guest::warn!("no tenant given, all are migrated");
    /// }
    /// ```
    pub fn arg(&self, key: &str) -> Option<&str> {
        self.args.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// Writes a line to the host's log that is only of use to whoever writes this migration. Formats like [`format!`].
///
/// ```no_run
/// host_guest::trace!("row {}", 7);
/// ```
#[macro_export]
macro_rules! trace {
    ($($text:tt)+) => { $crate::log($crate::Level::Trace, &::std::format!($($text)+)) };
}

/// Writes a line to the host's log that is of use when looking for a fault. Formats like [`format!`].
///
/// ```no_run
/// host_guest::debug!("{:?}", (1, 2));
/// ```
#[macro_export]
macro_rules! debug {
    ($($text:tt)+) => { $crate::log($crate::Level::Debug, &::std::format!($($text)+)) };
}

/// Writes a line to the host's log that the operator may want to know. Formats like [`format!`].
///
/// ```no_run
/// host_guest::info!("{} numbers normalised", 412);
/// ```
#[macro_export]
macro_rules! info {
    ($($text:tt)+) => { $crate::log($crate::Level::Info, &::std::format!($($text)+)) };
}

/// Writes a line to the host's log that the operator should look at. Formats like [`format!`].
///
/// ```no_run
/// host_guest::warn!("{} numbers left as they were", 3);
/// ```
#[macro_export]
macro_rules! warn {
    ($($text:tt)+) => { $crate::log($crate::Level::Warn, &::std::format!($($text)+)) };
}

/// Writes a line to the host's log about what went wrong. Formats like [`format!`].
///
/// ```no_run
/// host_guest::error!("customer {} has no restaurant", 12);
/// ```
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::log($crate::Level::Error, &::std::format!($($text)+)) };
}

/// What the macros of standard output and error call: a line to the host's log, or to the stream itself in a test on this machine.
#[doc(hidden)]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "what a test prints is for its author")]
pub fn print_line(level: Level, text: &str) {
    if cfg!(target_family = "wasm") {
        log(level, text);
    } else if level == Level::Info {
        ::std::println!("{text}");
    } else {
        ::std::eprintln!("{text}");
    }
}

/// Writes a line to the host's log, like [`info!`](crate::info!). The `println!` of std writes nowhere in a migration:
/// `use host_guest::println;` puts this one in its place. In `cargo test` it prints.
///
/// ```
/// use host_guest::println;
///
/// println!("{} dishes", 7);
/// println!();
/// ```
#[macro_export]
macro_rules! println {
    () => { $crate::print_line($crate::Level::Info, "") };
    ($($text:tt)+) => { $crate::print_line($crate::Level::Info, &::std::format!($($text)+)) };
}

/// Writes a line to the host's log, like [`warn!`](crate::warn!). The `eprintln!` of std writes nowhere in a migration:
/// `use host_guest::eprintln;` puts this one in its place. In `cargo test` it prints.
///
/// ```
/// use host_guest::eprintln;
///
/// eprintln!("no dish costs {}", 7);
/// ```
#[macro_export]
macro_rules! eprintln {
    () => { $crate::print_line($crate::Level::Warn, "") };
    ($($text:tt)+) => { $crate::print_line($crate::Level::Warn, &::std::format!($($text)+)) };
}

/// Writes the value of an expression and where it stands to the host's log, and gives the value on, as the `dbg!` of std does,
/// which writes nowhere in a migration. In `cargo test` it prints.
///
/// ```
/// use host_guest::dbg;
///
/// let seats = dbg!(3 * 4) + 1;
/// assert_eq!(seats, 13);
/// ```
#[macro_export]
macro_rules! dbg {
    () => {
        $crate::print_line($crate::Level::Warn, &::std::format!("[{}:{}]", ::std::file!(), ::std::line!()))
    };
    ($value:expr $(,)?) => {
        // A match lets what is borrowed in the expression live as long as the value.
        match $value {
            value => {
                let (file, line, text) = (::std::file!(), ::std::line!(), ::std::stringify!($value));
                $crate::print_line($crate::Level::Warn, &::std::format!("[{file}:{line}] {text} = {value:#?}"));
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => { ($($crate::dbg!($value)),+,) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_argument_counts() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let run = RunInfo {
            revision: "3f2a9c1b7d04".into(),
            server_version: 150_018,
            search_path: vec!["public".into()],
            dry_run: false,
            now_micros: 0,
            seed: 0,
            args: vec![pair("batch", "10"), pair("batch", "20"), pair("tenant", "")],
        };
        assert_eq!((run.arg("batch"), run.arg("tenant"), run.arg("other")), (Some("20"), Some(""), None));
    }
}
