//! A big table rewritten by `run-transform`: in the transaction of the migration, and batch by batch on two connections; beside it the
//! native program of the section `bulk`, which reads, works and writes on one.

use std::path::Path;

use crate::Result;
use crate::bulk;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::spread;
use crate::process;
use crate::server::Server;

/// How often each way is measured.
const RUNS: usize = 3;

const RATIO: Limit = Limit { value: 1.05, shown: "1.05" };
const FASTER: Limit = Limit { value: 1.0, shown: "1.00" };

/// More than this must not be held more for ten times the rows.
const FLAT: Limit = Limit { value: 64.0, shown: "64 MiB" };

const GUEST: &str = include_str!("bulk/transform.rs.txt");

pub(crate) fn measure(
    figures: &mut Figures,
    server: &Server,
    folder: &Path,
    runtime: &tokio::runtime::Runtime,
) -> Result<()> {
    let folder = folder.join("transform");
    let inside = bulk::guest(&folder.join("inside"), &GUEST.replace("/* how */", ".parallelism(2)"), "")?;
    let apart = GUEST.replace("/* how */", ".parallelism(2).commit_per_batch()");
    let apart = bulk::guest(&folder.join("apart"), &apart, "transaction = \"none\"\n")?;
    let (mut of_inside, mut of_apart, mut of_native) = (Vec::new(), Vec::new(), Vec::new());
    // The first round warms up the compile cache and the disk, and does not count.
    for run in 0..=RUNS {
        let times = [&inside, &apart].map(|project| {
            bulk::on_table(server, runtime, bulk::ROWS, |url| process::run(project.host(url, &["upgrade", "head"])))
        });
        let native = bulk::on_table(server, runtime, bulk::ROWS, |url| runtime.block_on(bulk::native(url)))?;
        let [inside, apart] = times;
        if run > 0 {
            of_inside.push(inside?);
            of_apart.push(apart?);
            of_native.push(native);
        }
    }
    let native = median(&of_native).as_secs_f64();
    for (name, times, limit) in [
        ("in the transaction of the migration", &of_inside, RATIO),
        ("batch by batch on two connections", &of_apart, FASTER),
    ] {
        let ratio = median(times).as_secs_f64() / native;
        figures.limited(format!("a transform {name}, to a native program"), format!("{ratio:.2}"), ratio, limit);
        figures.add("— the whole process", spread(times));
    }
    figures.add("— the native program, one connection", spread(&of_native));
    for (name, project) in [("in the transaction", &inside), ("batch by batch", &apart)] {
        let peak = |rows| {
            bulk::on_table(server, runtime, rows, |url| process::peak_memory(project.host(url, &["upgrade", "head"])))
        };
        let (few, many) = (peak(bulk::ROWS / 10)?, peak(bulk::ROWS)?);
        figures.add(format!("peak memory of host {name}, {} rows", bulk::ROWS), mebibytes(many));
        let more = f64::from(u32::try_from(many.saturating_sub(few) >> 10)?) / 1024.0;
        figures.limited("— more than for a tenth of them", format!("{more:.1} MiB"), more, FLAT);
    }
    Ok(())
}
