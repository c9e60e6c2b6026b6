//! A guest's time is what it computes: what keeps the host from going on does not use it up, and nothing keeps an endless loop
//! alive.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use host::Direction;
use host::Event;
use host::GuestEvent;
use host::Options;
use host::Project;
use host::Runner;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;
use host::execute::Cause;
use host::execute::RunError;
use host::host_functions::Limit;
use host::host_functions::Stop;
use host::store::BuildTrust;
use rustix::process::Signal;
use rustix::time::ClockId;
use rustix::time::clock_gettime;

use crate::harness::TestProject;
use crate::harness::guests;

/// Computes for a while: far less than the limits here, far longer than the 10 ms after which a guest is looked at.
const ROUNDS: u64 = 400_000_000;

/// A statement, a line for the log, and then a loop of this many rounds.
fn computing(rounds: u64) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "host:migration/sql@0.1.0" "execute"
              (func $execute (param $sql i32) (param $length i32) (param $params i32) (param $count i32) (param $answer i32)))
            (import "host:migration/env@0.1.0" "log" (func $log (param $level i32) (param $text i32) (param $length i32)))
            (memory (export "memory") 1)
            (data (i32.const 1024) "CREATE TABLE computing ()")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "host:migration/migration@0.1.0#upgrade") (result i32) (local $round i64)
              (call $execute (i32.const 1024) (i32.const 25) (i32.const 0) (i32.const 0) (i32.const 16))
              (call $log (i32.const 2) (i32.const 1024) (i32.const 25))
              (local.set $round (i64.const {rounds}))
              (loop $again
                (local.set $round (i64.sub (local.get $round) (i64.const 1)))
                (br_if $again (i64.ne (local.get $round) (i64.const 0))))
              (i32.const 0))
            (func (export "host:migration/migration@0.1.0#downgrade") (result i32) (i32.const 0)))"#
    );
    guests::in_world("a migration", wat::parse_str(text).expect("valid text"))
}

fn project(rounds: u64, guest_seconds: u64) -> TestProject {
    let project = TestProject::new();
    project.write("host.toml", &format!("[default.limits]\nguest-time = '{guest_seconds}s'\n"));
    project.binary("a", &computing(rounds));
    project.host(&["build"]).success();
    project
}

/// Runs it as an application does that has one thread.
fn upgrade(files: &TestProject, observer: &mut (impl FnMut(Event) + Send)) -> Result<(), RunError> {
    let folder = Dir::open_ambient_dir(files.path("."), ambient_authority()).expect("the project's folder");
    let project = Project::open_with(folder, "default", BuildTrust { any: true, key: None }).expect("a project");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(async {
        let database = project.connect(&files.database.url()).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        let result = runner.run(Direction::Upgrade, "head", observer).await.map(drop);
        runner.close().await;
        result
    })
}

#[test]
fn a_program_that_is_stopped_keeps_its_guest() {
    let project = project(ROUNDS, 3);
    let running = project.start(&["upgrade", "head"]);
    // The guest has made its table, and computes.
    project.database.wait_until(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() \
         AND state = 'idle in transaction' AND query LIKE 'CREATE TABLE computing%'",
    );
    running.signal(Signal::STOP);
    std::thread::sleep(Duration::from_millis(3_500));
    running.signal(Signal::CONT);
    running.wait().success();
    assert_eq!(project.database.query("SELECT version_num FROM host_version"), "a");
}

#[test]
fn an_observer_that_blocks_does_not_use_up_the_guests_time() {
    let files = project(ROUNDS, 2);
    let mut lines = 0;
    let mut observer = |event: Event| {
        if matches!(event, Event::Guest { event: GuestEvent::Log { .. }, .. }) {
            lines += 1;
            std::thread::sleep(Duration::from_millis(2_500));
        }
    };
    upgrade(&files, &mut observer).expect("the guest computes for less than two seconds");
    assert_eq!(lines, 1);
    assert_eq!(files.database.query("SELECT version_num FROM host_version"), "a");
}

#[test]
fn an_endless_loop_computes_for_as_long_as_it_may_where_others_want_the_processor_too() {
    let files = project(0, 1);
    let done = AtomicBool::new(false);
    let (result, computed) = std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) * 2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let before = clock_gettime(ClockId::ThreadCPUTime);
        let result = upgrade(&files, &mut |_| {});
        let after = clock_gettime(ClockId::ThreadCPUTime);
        done.store(true, Ordering::Relaxed);
        (result, Duration::try_from(after).expect("a time") - Duration::try_from(before).expect("a time"))
    });
    let Err(RunError::Step(step)) = result else { panic!("{result:?}") };
    let Cause::Stopped(Stop::Limit(exceeded)) = step.cause else { panic!("{:?}", step.cause) };
    assert_eq!((exceeded.limit, exceeded.allowed), (Limit::GuestTime, 1_000));
    // What the host itself does on this thread comes on top.
    assert!(computed > Duration::from_secs(1) && computed < Duration::from_secs(2), "{computed:?}");
}
