//! What a step costs where the server is far away: there each round trip counts, and the server's work hardly.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::MANY;
use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::spread;
use crate::plain_loop;
use crate::process;
use crate::project;
use crate::project::TestProject;
use crate::proxy::Proxy;
use crate::server::Server;

/// How long a message is on its way: half a round trip.
const WAY: Duration = Duration::from_micros(500);

/// How often each of the two runs, in turn.
const RUNS: usize = 3;

/// How much longer than the loop the host may take.
const LIMIT: Limit = Limit { value: 1.05, shown: "at most 1.05" };

/// Begin, the statement, and the end.
const ROUND_TRIPS: Limit = Limit { value: 3.0, shown: "at most 3" };

/// Two projects of so many migrations, to see what each of them costs.
const COUNTED: [usize; 2] = [20, 70];

pub(crate) fn measure(figures: &mut Figures, server: &Server, folder: &Path, runtime: &Runtime) -> Result<()> {
    let mut round_trips = Vec::new();
    for count in COUNTED {
        let project = TestProject::generate(folder, &format!("counted_{count}"), count, project::smallest)?;
        server.create_database("counted")?;
        let proxy = Proxy::listen(folder, &server.socket_folder)?;
        process::run(project.host(&server.url_through(folder, "host", "counted")?, &["upgrade", "head"]))?;
        round_trips.push(u32::try_from(proxy.round_trips()?.len())?);
        server.drop_database("counted")?;
    }
    let steps = f64::from(u32::try_from(COUNTED[1] - COUNTED[0])?);
    let each = f64::from(round_trips[1] - round_trips[0]) / steps;
    figures.limited("round trips of a step of one statement", format!("{each:.2}"), each, ROUND_TRIPS);
    let project = TestProject::generate(folder, "far_away", MANY, project::mixed)?;
    let (mut host_times, mut loop_times) = (Vec::new(), Vec::new());
    // The first pair warms up, and does not count.
    for run in 0..=RUNS {
        let url = far_away(server, folder)?;
        let proxy = Proxy::listen_far_away(folder, &server.socket_folder, WAY)?;
        let host = process::run(project.host(&url, &["upgrade", "head"]))?;
        proxy.round_trips()?;
        let url = far_away(server, folder)?;
        process::run(project.host(&server.url_through(&server.socket_folder, "host", DATABASE)?, &["ensure-version"]))?;
        let proxy = Proxy::listen_far_away(folder, &server.socket_folder, WAY)?;
        let plain = runtime.block_on(plain_loop::run_in_three(&url, MANY, project::mixed))?;
        proxy.round_trips()?;
        if run > 0 {
            host_times.push(host);
            loop_times.push(plain);
        }
    }
    let shortest = |times: &[Duration]| times.iter().min().copied().unwrap_or_default().as_secs_f64();
    let ratio = shortest(&host_times) / shortest(&loop_times);
    let name =
        format!("{MANY} migrations with 1 ms for a round trip, host / loop of three round trips, best of {RUNS}");
    figures.limited(name, format!("{ratio:.3}"), ratio, LIMIT);
    figures.add("— host, whole process", spread(&host_times));
    figures.add("— loop of three round trips", spread(&loop_times));
    Ok(())
}

const DATABASE: &str = "far_away";

/// An empty database, by way of the proxy.
fn far_away(server: &Server, folder: &Path) -> Result<String> {
    let _ = server.drop_database(DATABASE);
    server.create_database(DATABASE)?;
    server.psql("host", "CHECKPOINT")?;
    server.url_through(folder, "host", DATABASE)
}
