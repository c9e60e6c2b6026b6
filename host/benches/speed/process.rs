//! Running `host` as a process: how long it takes, and how much memory.

use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use crate::Result;
use crate::figures::Figures;
use crate::figures::mebibytes;
use crate::figures::spread;

/// The release binary.
pub(crate) const HOST: &str = env!("CARGO_BIN_EXE_host");

/// `host` in a sealed environment, with its output thrown away.
pub(crate) fn host(arguments: &[&str]) -> Command {
    let mut command = Command::new(HOST);
    command.env_clear().args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Runs a command to its end, from before it is started until it was waited for.
pub(crate) fn run(mut command: Command) -> Result<Duration> {
    let started = Instant::now();
    let output = command.output()?;
    let time = started.elapsed();
    if output.status.success() {
        return Ok(time);
    }
    Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// The largest resident memory of a command, in bytes.
///
/// The kernel keeps the peak of a running process (proc(5), `VmHWM`) and forgets it at the end, so it is looked at all the
/// time; what grows only in the last fraction of a millisecond is missed.
pub(crate) fn peak_memory(mut command: Command) -> Result<u64> {
    let mut process = command.stderr(Stdio::null()).spawn()?;
    let file = format!("/proc/{}/status", process.id());
    let mut kibibytes = 0;
    loop {
        let status = std::fs::read_to_string(&file)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        // The first looks may still see this process, and the last one a process without memory.
        if let Some(peak) = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok()) {
            kibibytes = peak;
        }
        match process.try_wait()? {
            None => std::thread::sleep(Duration::from_micros(100)),
            Some(ended) if ended.success() => return Ok(kibibytes << 10),
            Some(ended) => return Err(format!("{command:?}: {ended}").into()),
        }
    }
}

/// How long all children so far have computed, in user mode and in the kernel, to a hundredth of a second (proc(5)).
pub(crate) fn time_of_children() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in parentheses, with anything in it; of the others, 16 and 17 count ticks.
    let (_, fields) = stat.rsplit_once(')').ok_or("a status without a name")?;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(10 * ticks.sum::<std::result::Result<u64, _>>()?))
}

/// The size of the binary, and what starting it costs.
pub(crate) fn measure_binary(figures: &mut Figures) -> Result<()> {
    figures.add("size of the release binary", mebibytes(std::fs::metadata(Path::new(HOST))?.len()));
    let times = (0..50).map(|_| run(host(&["--version"]))).collect::<Result<Vec<_>>>()?;
    figures.add("`host --version`", spread(&times));
    figures.add("`host --version`, peak memory", mebibytes(peak_memory(host(&["--version"]))?));
    Ok(())
}
