//! `host upgrade head` with nothing to do, which is what most deployments run.

use std::path::Path;

use crate::FEW;
use crate::MANY;
use crate::MOST;
use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::spread;
use crate::figures::time;
use crate::process;
use crate::project;
use crate::project::TestProject;
use crate::server::Server;

/// How often each is measured, in turn, so that a busy moment of the machine hits all of them.
const RUNS: u32 = 100;

/// With [`MANY`] migrations, in milliseconds.
const LIMIT: Limit = Limit { value: 10.0, shown: "under 10 ms" };

/// With [`MOST`] migrations, in milliseconds.
const MOST_LIMIT: Limit = Limit { value: 25.0, shown: "under 25 ms" };

/// What [`MANY`] migrations cost with a log of a hundred rows for each, against the same with one row for each.
const LOG_LIMIT: Limit = Limit { value: 1.2, shown: "at most 1.2" };

/// How often each migration ran in the long log.
const TIMES: usize = 100;

const UPGRADE: [&str; 2] = ["upgrade", "head"];

pub(crate) fn measure(
    figures: &mut Figures,
    [(few, few_url), (many, many_url)]: [(&TestProject, &String); 2],
) -> Result<()> {
    let deployed = many.deployed()?;
    let (mut few_times, mut many_times) = (Vec::new(), Vec::new());
    let (mut fresh_times, mut deployed_times) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        few_times.push(process::run(few.host(few_url, &UPGRADE))?);
        many_times.push(process::run(many.host(many_url, &UPGRADE))?);
    }
    let computing = process::time_of_children()?;
    for _ in 0..RUNS {
        process::run(many.host(many_url, &UPGRADE))?;
    }
    let computing = (process::time_of_children()? - computing) / RUNS;
    for _ in 0..RUNS / 5 {
        forget(&many.folder)?;
        fresh_times.push(process::run(many.host(many_url, &UPGRADE))?);
        forget(&deployed.folder)?;
        deployed_times.push(process::run(deployed.host(many_url, &UPGRADE))?);
    }
    let (few_median, many_median) = (median(&few_times), median(&many_times));
    let name = |migrations: usize| format!("nothing to do, {migrations} migrations");
    figures.limited(name(MANY), spread(&many_times), many_median.as_secs_f64() * 1000.0, LIMIT);
    figures.add(name(FEW), spread(&few_times));
    figures.add(format!("what {} more migrations cost", MANY - FEW), time(many_median.saturating_sub(few_median)));
    figures.add(format!("{}, processor time of host", name(MANY)), time(computing));
    figures.add(format!("{}, without the index of what was read", name(MANY)), spread(&fresh_times));
    figures.add(format!("{}, components without sources, without the index", name(MANY)), spread(&deployed_times));
    let bytes = process::peak_memory(many.host(many_url, &UPGRADE))?;
    figures.add(format!("{}, peak memory", name(MANY)), mebibytes(bytes));
    Ok(())
}

/// The same project on two databases: one row of the log for each migration, and a hundred, as after years of going up and down;
/// and one where a single migration ran so often that the last rows say nothing of the others.
pub(crate) fn measure_long_log(figures: &mut Figures, server: &Server, many: &TestProject, short: &str) -> Result<()> {
    let (long, buried) = (server.create_database("many_long")?, server.create_database("many_buried")?);
    for url in [&long, &buried] {
        process::run(many.host(url, &UPGRADE))?;
    }
    let columns = "direction, outcome, source_digest, component_digest, started_at, finished_at, statements, rows, \
                   database_user, host_version";
    let rows = TIMES * MANY;
    server.psql(
        "many_long",
        &format!(
            "INSERT INTO host_log (id, revision, {columns}) SELECT id + time * {MANY}, revision, {columns} \
             FROM host_log, generate_series(1, {}) AS time",
            TIMES - 1
        ),
    )?;
    server.psql(
        "many_buried",
        &format!(
            "INSERT INTO host_log (id, revision, {columns}) SELECT number, revision, {columns} \
             FROM host_log, generate_series({MANY} + 1, {rows}) AS number WHERE id = {MANY}"
        ),
    )?;
    for database in ["many_long", "many_buried"] {
        server.psql(database, "VACUUM ANALYZE host_log")?;
    }
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..RUNS {
        for (url, times) in [short, &long, &buried].into_iter().zip(&mut times) {
            times.push(process::run(many.host(url, &UPGRADE))?);
        }
    }
    let [short, long, buried] = times.each_ref().map(|times| median(times).as_secs_f64());
    let ratio = long / short;
    let shown = format!("{ratio:.2} ({})", spread(&times[1]));
    figures.limited(format!("the same with {rows} rows in the log, against {MANY}"), shown, ratio, LOG_LIMIT);
    let name = format!("the same with {rows} rows, of which the last {} are one migration's", rows - MANY);
    figures.add(name, format!("{:.2} ({})", buried / short, spread(&times[2])));
    Ok(())
}

/// A project that is ten times as large.
pub(crate) fn measure_most(figures: &mut Figures, server: &Server, folder: &Path) -> Result<()> {
    let most = TestProject::generate(folder, "most", MOST, project::smallest)?;
    let url = server.create_database("most_up")?;
    process::run(most.host(&url, &UPGRADE))?;
    let times = (0..RUNS).map(|_| process::run(most.host(&url, &UPGRADE))).collect::<Result<Vec<_>>>()?;
    let name = format!("nothing to do, {MOST} migrations");
    figures.limited(name.clone(), spread(&times), median(&times).as_secs_f64() * 1000.0, MOST_LIMIT);
    figures.add(format!("{name}, peak memory"), mebibytes(process::peak_memory(most.host(&url, &UPGRADE))?));
    Ok(())
}

/// As after a checkout, or where nothing can be written.
fn forget(project: &Path) -> Result<()> {
    Ok(std::fs::remove_file(project.join(".host/build/index.bin"))?)
}
