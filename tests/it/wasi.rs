//! A guest of a stock toolchain, against the inert WASI: it loads, runs, and learns nothing about the world.

use crate::harness::TestProject;
use crate::harness::assert_output;

fn with_wasi_guest() -> TestProject {
    let project = TestProject::new();
    project.write("migrations/wasi/migration.toml", "revision = \"a1\"\nmessage = \"a guest for wasm32-wasip2\"\n");
    let component = include_bytes!("../fixtures/wasi-guest/guest.wasm");
    std::fs::write(project.path("migrations/wasi/guest.wasm"), component).expect("the component");
    project.host(&["build"]).success();
    project
}

const SEEN: &str = "SELECT what, value FROM seen WHERE what <> 'the order of a hash map' ORDER BY what";

#[test]
fn a_guest_for_wasm32_wasip2_runs() {
    let project = with_wasi_guest();
    assert_output!(project.host(&["upgrade", "head"]));
    assert_eq!(
        project.database.query(SEEN),
        "an hour of sleep is short|true\narguments|0\nenvironment|0\nfiles|Some(Uncategorized)\ninput|Some(\"\")\n\
         the clock is that of the run|true"
    );
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn two_runs_see_the_same_randomness() {
    let order = || {
        let project = with_wasi_guest();
        project.host(&["upgrade", "head"]).success();
        project.database.query("SELECT value FROM seen WHERE what = 'the order of a hash map'")
    };
    let first = order();
    assert_eq!(first.split(' ').count(), 32);
    assert_eq!(order(), first);
}
