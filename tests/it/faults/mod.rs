//! Faults between host and server: at every message of a run the connection is cut, its messages are swallowed, the host is
//! killed, the server is stopped. Afterwards a plain rerun succeeds, nothing is lost, nothing is applied twice, and what the
//! host said was true.
//!
//! Here runs a sample; `scripts/test-faults` runs all of it.

mod proxy;
mod scene;
mod server;
mod told;
mod wire;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Instant;

use proxy::Fault;
use proxy::Harm;
use scene::Scene;
use scene::Survived;
use scene::Way;
use server::Exclusive;

const HARMS: [Harm; 6] = [Harm::Cut, Harm::CutHost, Harm::Drop, Harm::Delay, Harm::KillHost, Harm::StopServer];
const WAYS: [Way; 4] = [Way::Upgrade, Way::Downgrade, Way::NonTransactionalUpgrade, Way::NonTransactionalDowngrade];

/// Words that choose ways and kinds of faults of the full run; without any, all of them run.
const CHOICE: &str = "HOST_FAULTS";

/// What happened to the faults of one kind.
#[derive(Default)]
struct Row {
    tried: usize,
    done: usize,
    failed: usize,
    killed: usize,
    unknown: usize,
    lost: Vec<String>,
}

#[test]
fn a_sample_of_faults_loses_nothing() {
    let _alone = Exclusive::new();
    for way in WAYS {
        let scene = Scene::new(way);
        for (index, harm) in HARMS.into_iter().enumerate() {
            let faults = scene.faults(harm);
            // Those that take long are fewer. The steps have no common divisor with what repeats in the protocol.
            let wanted = if matches!(harm, Harm::Drop | Harm::StopServer | Harm::CutHost) { 2 } else { 5 };
            let step = (faults.len() / wanted).max(1) | 1;
            let sample: Vec<Fault> = faults.into_iter().skip(index * 3 + 1).step_by(step).collect();
            let row = try_all(&scene, &sample, workers(harm));
            assert!(row.lost.is_empty(), "{}", row.lost.join("\n\n"));
        }
    }
}

#[test]
#[ignore = "takes an hour: scripts/test-faults runs it"]
fn every_fault_loses_nothing() {
    let _alone = Exclusive::new();
    let mut table = format!(
        "{:<17} {:<11} {:>6} {:>9} {:>6} | {:>6} {:>7} {:>7} {:>8}\n",
        "way", "fault", "tried", "survived", "lost", "done", "failed", "killed", "unknown"
    );
    let mut lost = Vec::new();
    let started = Instant::now();
    for way in WAYS.into_iter().filter(|way| HARMS.iter().any(|harm| chosen(*way, *harm))) {
        let scene = Scene::new(way);
        for harm in HARMS.into_iter().filter(|harm| chosen(way, *harm)) {
            let faults = scene.faults(harm);
            let row = try_all(&scene, &faults, workers(harm));
            let line = format!(
                "{:<17} {:<11} {:>6} {:>9} {:>6} | {:>6} {:>7} {:>7} {:>8}",
                format!("{way:?}"),
                format!("{harm:?}"),
                row.tried,
                row.tried - row.lost.len(),
                row.lost.len(),
                row.done,
                row.failed,
                row.killed,
                row.unknown
            );
            report(&line);
            writeln!(table, "{line}").expect("a text");
            lost.extend(row.lost);
        }
        let [host, server] = scene.messages();
        writeln!(table, "{way:?}: {host} messages of the host, {server} of the server").expect("a text");
    }
    report(&format!("\n{table}{} s\n", started.elapsed().as_secs()));
    assert!(lost.is_empty(), "{}", lost.join("\n\n"));
}

/// How many faults are tried at the same time. Those that stop the server concern everybody, others mostly wait.
fn workers(harm: Harm) -> usize {
    match harm {
        Harm::StopServer | Harm::StopServerForGood => 1,
        Harm::Drop | Harm::CutHost => 8,
        Harm::Cut | Harm::Delay | Harm::KillHost => 3,
    }
}

/// Whether the full run is to try it.
fn chosen(way: Way, harm: Harm) -> bool {
    let choice = std::env::var(CHOICE).unwrap_or_default().to_lowercase();
    let words: Vec<&str> = choice.split_whitespace().collect();
    let fits = |name: String, all: Vec<String>| {
        let name = name.to_lowercase();
        words.contains(&name.as_str()) || !all.iter().any(|one| words.contains(&one.to_lowercase().as_str()))
    };
    fits(format!("{way:?}"), WAYS.map(|way| format!("{way:?}")).to_vec())
        && fits(format!("{harm:?}"), HARMS.map(|harm| format!("{harm:?}")).to_vec())
}

/// Tries faults, some at a time.
fn try_all(scene: &Scene, faults: &[Fault], workers: usize) -> Row {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(fault) = faults.get(index) else { return };
                    let result = scene.survives(*fault);
                    if let Err(error) = &result {
                        report(error.lines().next().unwrap_or_default());
                    }
                    results.lock().expect("a lock").insert(index, result);
                }
            });
        }
    });
    let mut row = Row::default();
    for result in results.into_inner().expect("a lock").into_values() {
        row.tried += 1;
        match result {
            Ok(Survived::Done) => row.done += 1,
            Ok(Survived::Failed) => row.failed += 1,
            Ok(Survived::Killed) => row.killed += 1,
            Ok(Survived::Unknown) => row.unknown += 1,
            Err(error) => row.lost.push(error),
        }
    }
    row
}

/// A word for whoever watches a long run.
fn report(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
