//! Long SQL files: checking takes time by their length, not by its square.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use host::grant::Classes;
use host::grant::Grant;
use host::sql;

use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::spread;
use crate::process;
use crate::project::TestProject;

/// The lengths that are compared, in lines of one statement each.
const LINES: [usize; 2] = [100_000, 1_000_000];

const RUNS: usize = 5;

pub(crate) fn measure(figures: &mut Figures, folder: &Path) -> Result<()> {
    let mut best = Vec::new();
    for lines in LINES {
        let text = inserts(lines);
        let times = (0..RUNS).map(|_| check(&text)).collect::<Result<Vec<_>>>()?;
        best.push(times.iter().min().copied().unwrap_or_default().as_secs_f64());
        figures.add(
            format!("dividing and checking {lines} statements, {}", mebibytes(u64::try_from(text.len())?)),
            spread(&times),
        );
    }
    if let [short, long] = best[..] {
        let ratio = long / short;
        figures.limited(
            "ten times the statements, times the time",
            format!("{ratio:.1}"),
            ratio,
            Limit { value: 12.0, shown: "12" },
        );
    }
    let project = TestProject::generate(folder, "long", 0, |_| (String::new(), String::new()))?;
    let head = "-- /// migration\n-- revision = \"a\"\n-- message = \"many rows\"\n-- ///\n";
    std::fs::write(project.folder.join("migrations/a.sql"), format!("{head}{}", inserts(LINES[1])))?;
    let build = || project.host("postgres://unused@localhost/unused", &["build"]);
    process::run(build())?;
    let times = (0..3)
        .map(|_| {
            std::fs::remove_dir_all(project.folder.join(".host"))?;
            process::run(build())
        })
        .collect::<Result<Vec<Duration>>>()?;
    let slowest = times.iter().max().copied().unwrap_or_default().as_secs_f64();
    figures.limited(
        format!("`host build`, {} statements", LINES[1]),
        spread(&times),
        slowest,
        Limit { value: 5.0, shown: "5 s" },
    );
    std::fs::remove_dir_all(project.folder.join(".host"))?;
    figures
        .add(format!("`host build`, {} statements, peak memory", LINES[1]), mebibytes(process::peak_memory(build())?));
    Ok(())
}

fn inserts(lines: usize) -> String {
    let mut text = String::from("-- upgrade\n");
    for line in 0..lines {
        let _ = writeln!(text, "INSERT INTO guests (id, name) VALUES ({line}, 'guest {line}');");
    }
    text.push_str("-- downgrade\nTRUNCATE guests;\n");
    text
}

/// What a build and the beginning of a run do with a file.
fn check(text: &str) -> Result<Duration> {
    let grant = Grant::of_asks(Classes::usual());
    let started = Instant::now();
    let sections = sql::sections(black_box(text))?;
    sql::check_sql_file(text, std::slice::from_ref(&sections.upgrade), &grant)?;
    sql::check_non_transactional_sql_file(text, sections.upgrade, &["host_version", "host_log"])?;
    Ok(started.elapsed())
}
