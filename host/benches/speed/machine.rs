//! What the figures depend on.

use crate::Result;
use crate::server::Server;

/// One line: processor, cores, memory, kernel, PostgreSQL, how busy the machine is.
pub(crate) fn facts(server: &Server) -> Result<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        text.lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(':'))
            .map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    Ok(format!(
        "{cores} cores of {}, memory {}, Linux {}, PostgreSQL {}, load average at the start {}",
        field(&read("/proc/cpuinfo"), "model name"),
        field(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim(),
        server.psql("host", "SHOW server_version")?,
        read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
    ))
}
