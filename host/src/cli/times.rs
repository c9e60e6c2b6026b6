//! The times that commands have in common.

use std::time::Duration;

use clap::Args;

use crate::config::SERVER_TIMEOUT_MILLISECONDS_MAX;
use crate::units;

/// How long a command that writes waits.
#[derive(Debug, Args)]
pub(super) struct TimeArguments {
    /// Wait this long for another runner, such as 30s or 10m; 0 gives up at once [default: as in host.toml]
    #[arg(long, value_name = "TIME", value_parser = units::parse_time)]
    pub(super) wait: Option<Duration>,
    /// End a statement that waits longer than this for a lock (the server's lock_timeout); 0 is no limit [default: as in
    /// host.toml]
    #[arg(long, value_name = "TIME", value_parser = server_timeout)]
    pub(super) lock_timeout: Option<Duration>,
}

/// Reads a time that the server takes as a timeout.
pub(super) fn server_timeout(text: &str) -> Result<Duration, String> {
    let longest = Duration::from_millis(SERVER_TIMEOUT_MILLISECONDS_MAX);
    match units::parse_time(text) {
        Ok(timeout) if timeout <= longest => Ok(timeout),
        Ok(_) => Err(format!("PostgreSQL takes at most {}", units::time(longest))),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_has_a_longest_timeout() {
        assert_eq!(server_timeout("2147483647ms"), Ok(Duration::from_millis(2_147_483_647)));
        assert_eq!(server_timeout("2147483648ms"), Err("PostgreSQL takes at most 2147483647 ms".to_owned()));
        assert_eq!(server_timeout("50"), Err("the unit is missing: write 50s or 50ms".to_owned()));
    }
}
