//! `host upgrade head` with nothing to do, which is what most deployments run.

use std::path::Path;

use crate::FEW;
use crate::MANY;
use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::spread;
use crate::figures::time;
use crate::process;
use crate::project::TestProject;

/// How often each is measured, in turn, so that a busy moment of the machine hits all of them.
const RUNS: u32 = 100;

/// With [`MANY`] migrations, in milliseconds.
const LIMIT: Limit = Limit { value: 30.0, shown: "under 30 ms" };

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

/// As after a checkout, or where nothing can be written.
fn forget(project: &Path) -> Result<()> {
    Ok(std::fs::remove_file(project.join(".host/build/index.json"))?)
}
