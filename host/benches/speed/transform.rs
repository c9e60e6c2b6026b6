//! A big table rewritten by `run-transform`: in the transaction of the migration, and batch by batch on two connections. Beside it the
//! native program of the section `bulk`, which reads, works and writes on one, what the server alone takes for each part, other
//! languages, and Alembic and psycopg (`peers`).

mod peers;
mod ways;

use std::path::Path;
use std::time::Duration;

use crate::Result;
use crate::bulk;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::spread;
use crate::languages;
use crate::process;
use crate::project::TestProject;
use crate::server::Server;

/// How often each way is measured, where the table is not larger than usual.
const RUNS: usize = 3;

const RATIO: Limit = Limit { value: 1.05, shown: "1.05" };
const FASTER: Limit = Limit { value: 1.0, shown: "1.00" };
const TWENTIETH: Limit = Limit { value: 0.05, shown: "0.050" };

/// More than this must not be held more for ten times the rows.
const FLAT: Limit = Limit { value: 64.0, shown: "64 MiB" };

const GUEST: &str = include_str!("bulk/transform.rs.txt");

/// Where the work is, and what one run of it is measured with.
struct Bench<'a> {
    server: &'a Server,
    runtime: &'a tokio::runtime::Runtime,
    rows: u64,
}

impl Bench<'_> {
    /// Does something with a fresh table of so many rows, and looks whether it was all done.
    fn on_table<T>(&self, rows: u64, work: impl FnOnce(&str) -> Result<T>) -> Result<T> {
        bulk::on_table(self.server, self.runtime, rows, |url| {
            let result = work(url)?;
            let left = self.server.psql("big", "SELECT count(*) FROM users WHERE phone !~ '^[+]49[0-9]+$'")?;
            if left == "0" { Ok(result) } else { Err(format!("{left} rows are not rewritten").into()) }
        })
    }

    fn by_host(&self, project: &TestProject, rows: u64) -> Result<Duration> {
        self.on_table(rows, |url| process::run(project.host(url, &["upgrade", "head"])))
    }
}

pub(crate) fn measure(
    figures: &mut Figures,
    server: &Server,
    folder: &Path,
    runtime: &tokio::runtime::Runtime,
    rows: u64,
) -> Result<()> {
    let folder = folder.join("transform");
    let bench = Bench { server, runtime, rows };
    let inside = bulk::guest(&folder.join("inside"), &GUEST.replace("/* how */", ".parallelism(2)"), "")?;
    let apart = GUEST.replace("/* how */", ".parallelism(2).commit_per_batch()");
    let apart = bulk::guest(&folder.join("apart"), &apart, "transaction = \"none\"\n")?;
    let peers = peers::Peers::new(&folder.join("peers"))?;
    let (mut of_inside, mut of_apart, mut of_native, mut of_copy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // A table that takes minutes is measured once, and warmed up for with a small one.
    let (runs, warm_up) = if rows > bulk::ROWS { (1, bulk::ROWS / 10) } else { (RUNS, rows) };
    // The first round warms up the compile cache and the disk, and does not count.
    for run in 0..=runs {
        let rows = if run == 0 { warm_up } else { rows };
        let native = bench.on_table(rows, |url| runtime.block_on(bulk::native(url)))?;
        let (inside, apart) = (bench.by_host(&inside, rows)?, bench.by_host(&apart, rows)?);
        let copy = bench.on_table(rows, |url| peers.copy(url))?;
        if run > 0 {
            of_native.push(native);
            of_inside.push(inside);
            of_apart.push(apart);
            of_copy.push(copy);
        }
    }
    // It takes so long that one run says enough.
    let alembic = bench.on_table(rows, |url| peers.alembic(url, "psycopg"))?;
    let one_by_one = match rows > bulk::ROWS {
        true => None,
        false => Some(bench.on_table(rows, |url| peers.alembic(url, "psycopg2"))?),
    };
    let parts = bulk::on_table(server, runtime, rows, |url| runtime.block_on(bulk::parts(url)))?;
    figures.add("rows of the table", rows.to_string());
    let ratio = |times: &[Duration], to: Duration| median(times).as_secs_f64() / to.as_secs_f64();
    for (name, times, limit, of_alembic) in [
        ("in the transaction of the migration", &of_inside, RATIO, one_by_one.map(|time| (time, TWENTIETH))),
        ("batch by batch on two connections", &of_apart, FASTER, None),
    ] {
        let to_native = ratio(times, median(&of_native));
        figures.limited(
            format!("a transform {name}, to a native program"),
            format!("{to_native:.2}"),
            to_native,
            limit,
        );
        if let Some((time, limit)) = of_alembic {
            let value = ratio(times, time);
            let name = "— to Alembic with SQLAlchemy Core and executemany over psycopg2";
            figures.limited(name, format!("{value:.3}"), value, limit);
        }
        figures.add("— to the same over psycopg 3", format!("{:.3}", ratio(times, alembic)));
        figures.add("— to psycopg with COPY into a temporary table", format!("{:.2}", ratio(times, median(&of_copy))));
        figures.add("— the whole process", spread(times));
    }
    figures.add("a native program, one connection", spread(&of_native));
    figures.add("psycopg with COPY into a temporary table, the work in Python", spread(&of_copy));
    if let Some(time) = one_by_one {
        figures.add("Alembic with SQLAlchemy Core and executemany over psycopg2", spread(&[time]));
    }
    figures.add("the same over psycopg 3", spread(&[alembic]));
    for (name, time) in parts {
        figures.add(format!("the server alone: {name}"), spread(&[time]));
    }
    other_languages(figures, &bench, &folder.join("languages"))?;
    ways::measure(figures, &bench, &folder.join("ways"), &inside)?;
    memory(figures, &bench, [("in the transaction", &inside), ("batch by batch", &apart)])
}

/// The same work in languages that are interpreted.
fn other_languages(figures: &mut Figures, bench: &Bench<'_>, folder: &Path) -> Result<()> {
    for (language, file, text, comment) in [
        ("python", "a_phones.py", include_str!("transform/guest.py"), "#"),
        ("javascript", "a_phones.js", include_str!("transform/guest.js"), "//"),
    ] {
        languages::add_runtime(folder, language)?;
        let project = languages::written(folder, language, &[(file, text)], comment)?;
        // Compiles the runtime, which each machine does once.
        bench.by_host(&project, 10)?;
        figures.add(
            format!("a transform in {language}, in the transaction"),
            spread(&[bench.by_host(&project, bench.rows)?]),
        );
    }
    Ok(())
}

/// What the host holds of a table, and of one with a tenth of the rows.
fn memory(figures: &mut Figures, bench: &Bench<'_>, projects: [(&str, &TestProject); 2]) -> Result<()> {
    for (name, project) in projects {
        let peak = |rows| bench.on_table(rows, |url| process::peak_memory(project.host(url, &["upgrade", "head"])));
        let (few, many) = (peak(bench.rows / 10)?, peak(bench.rows)?);
        figures.add(format!("peak memory of host {name}, {} rows", bench.rows), mebibytes(many));
        let more = f64::from(u32::try_from(many.saturating_sub(few) >> 10)?) / 1024.0;
        figures.limited("— more than for a tenth of them", format!("{more:.1} MiB"), more, FLAT);
    }
    Ok(())
}
