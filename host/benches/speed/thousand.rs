//! A thousand migrations on an empty database, against the plain loop.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::MANY;
use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::milliseconds;
use crate::figures::spread;
use crate::plain_loop;
use crate::process;
use crate::project;
use crate::project::Statements;
use crate::project::TestProject;
use crate::server::Server;

/// How often each of the two runs, in turn.
const RUNS: usize = 7;

/// One kind of history on one kind of server.
struct Case {
    name: &'static str,
    statements: Statements,
    /// How much longer the host may take, where there is a limit.
    limit: Option<Limit>,
    commits: Commits,
}

/// What a commit waits for. The less it does, the more of the time is that of the two programs.
#[derive(Clone, Copy)]
enum Commits {
    /// The disk.
    Disk,
    /// The disk, and 0.4 ms more (`commit_delay`): then a step of one row takes the loop about half a millisecond, as on the machine for
    /// which the limits were set.
    SlowDisk,
    /// Nothing.
    Nothing,
}

impl Commits {
    /// Settings of the database, with their values.
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Disk => &[],
            // The server only waits where so many others are at work.
            Self::SlowDisk => &[("commit_delay", "400"), ("commit_siblings", "0")],
            Self::Nothing => &[("synchronous_commit", "off")],
        }
    }
}

const MIXED: Limit = Limit { value: 1.15, shown: "at most 1.15" };
const ONE_ROW: Limit = Limit { value: 1.4, shown: "at most 1.40" };

const CASES: [Case; 5] = [
    Case {
        name: "tables, columns, indexes, rows",
        statements: project::mixed,
        limit: Some(MIXED),
        commits: Commits::Disk,
    },
    Case { name: "one row each", statements: project::smallest, limit: Some(ONE_ROW), commits: Commits::Disk },
    Case {
        name: "tables, columns, indexes, rows, commits that take 0.4 ms more",
        statements: project::mixed,
        limit: Some(MIXED),
        commits: Commits::SlowDisk,
    },
    Case {
        name: "one row each, commits that take 0.4 ms more",
        statements: project::smallest,
        limit: Some(ONE_ROW),
        commits: Commits::SlowDisk,
    },
    Case {
        name: "one row each, commits that do not wait for the disk",
        statements: project::smallest,
        limit: None,
        commits: Commits::Nothing,
    },
];

pub(crate) fn measure(figures: &mut Figures, server: &Server, folder: &Path, runtime: &Runtime) -> Result<()> {
    for (number, case) in CASES.iter().enumerate() {
        let project = TestProject::generate(folder, &format!("thousand_{number}"), MANY, case.statements)?;
        let (mut host_times, mut loop_times) = (Vec::new(), Vec::new());
        // The first pair warms up the compile cache, the server and the disk, and does not count.
        for run in 0..=RUNS {
            let pair = (host_run(server, &project, case)?, loop_run(server, &project, case, runtime)?);
            if run > 0 {
                host_times.push(pair.0);
                loop_times.push(pair.1);
            }
        }
        report(figures, case, &host_times, &loop_times);
        if number == 0 {
            memory(figures, server, &project)?;
        }
    }
    Ok(())
}

fn report(figures: &mut Figures, case: &Case, host_times: &[Duration], loop_times: &[Duration]) {
    let (host, plain) = (median(host_times), median(loop_times));
    let ratio = host.as_secs_f64() / plain.as_secs_f64();
    let name = format!("{MANY} migrations, host / plain loop: {}", case.name);
    let pairs = host_times.iter().zip(loop_times);
    let pairs: Vec<String> =
        pairs.map(|(host, plain)| format!("{:.2}", host.as_secs_f64() / plain.as_secs_f64())).collect();
    let shown = format!("{ratio:.2} (pairs: {})", pairs.join(", "));
    match case.limit {
        Some(limit) => figures.limited(name, shown, ratio, limit),
        None => figures.add(name, shown),
    }
    figures.add("— host, whole process", spread(host_times));
    figures.add("— plain loop", spread(loop_times));
    let more = (host.as_secs_f64() - plain.as_secs_f64()) * 1000.0 / f64::from(u16::try_from(MANY).unwrap_or(u16::MAX));
    figures.add("— what the host costs more, for each migration", milliseconds(more));
}

fn host_run(server: &Server, project: &TestProject, case: &Case) -> Result<Duration> {
    let url = fresh_database(server, case)?;
    let time = process::run(project.host(&url, &["upgrade", "head"]))?;
    check(server)?;
    Ok(time)
}

fn loop_run(server: &Server, project: &TestProject, case: &Case, runtime: &Runtime) -> Result<Duration> {
    let url = fresh_database(server, case)?;
    process::run(project.host(&url, &["ensure-version"]))?;
    let time = runtime.block_on(plain_loop::run(&url, MANY, case.statements))?;
    check(server)?;
    Ok(time)
}

const DATABASE: &str = "thousand";

fn fresh_database(server: &Server, case: &Case) -> Result<String> {
    let _ = server.drop_database(DATABASE);
    let url = server.create_database(DATABASE)?;
    for (setting, value) in case.commits.settings() {
        server.psql("host", &format!("ALTER DATABASE {DATABASE} SET {setting} = {value}"))?;
    }
    // Otherwise one run would write what the other one left to do.
    server.psql("host", "CHECKPOINT")?;
    Ok(url)
}

/// Both must have done the same.
fn check(server: &Server) -> Result<()> {
    let sql = "SELECT (SELECT version_num FROM host_version) || ' ' || (SELECT count(*) FROM host_log)";
    let (found, expected) = (server.psql(DATABASE, sql)?, format!("{} {MANY}", project::revision(MANY - 1)));
    if found == expected { Ok(()) } else { Err(format!("{found} instead of {expected}").into()) }
}

fn memory(figures: &mut Figures, server: &Server, project: &TestProject) -> Result<()> {
    let url = fresh_database(server, &CASES[0])?;
    let bytes = process::peak_memory(project.host(&url, &["upgrade", "head"]))?;
    figures.add(format!("{MANY} migrations, host, peak memory"), mebibytes(bytes));
    Ok(())
}
