//! Rows through a migration in Python and JavaScript: as they come, changed in their binary form, and as rows of the language.

use std::path::Path;

use crate::Result;
use crate::bulk;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::median;
use crate::languages;
use crate::process;
use crate::server::Server;

/// The rows of the table.
const ROWS: u64 = 500_000;

/// How often each way is measured.
const RUNS: usize = 3;

/// In seconds for a row: 300,000 rows in a second.
const TUPLE: Limit = Limit { value: 1.0 / 300_000.0, shown: "at least 300,000" };

/// What the argument says, what it means, and whether a limit holds for it.
const WAYS: [(&str, &str, bool); 3] = [
    ("is", "tuples as they come", true),
    ("tuples", "tuples, each with its text changed", true),
    ("rows", "rows of the language, each with its text changed", false),
];

pub(crate) fn measure(
    figures: &mut Figures,
    server: &Server,
    folder: &Path,
    runtime: &tokio::runtime::Runtime,
) -> Result<()> {
    let folder = folder.join("tuples");
    for (language, file, text, comment) in [
        ("python", "a_tuples.py", include_str!("tuples/guest.py"), "#"),
        ("javascript", "a_tuples.js", include_str!("tuples/guest.js"), "//"),
    ] {
        languages::add_runtime(&folder, language)?;
        let project = languages::written(&folder, language, &[(file, text)], comment)?;
        // Compiles the runtime, which each machine does once.
        bulk::on_table(server, runtime, 10, |url| process::run(project.host(url, &["upgrade", "head"])))?;
        for (way, name, has_limit) in WAYS {
            let argument = format!("as={way}");
            let mut times = Vec::new();
            for _ in 0..RUNS {
                times.push(bulk::on_table(server, runtime, ROWS, |url| {
                    process::run(project.host(url, &["-x", &argument, "upgrade", "head"]))
                })?);
            }
            let rows = f64::from(u32::try_from(ROWS)?);
            let each = median(&times).as_secs_f64() / rows;
            let (name, shown) = (format!("{language}, {name}, rows a second"), format!("{:.0}", 1.0 / each));
            if has_limit {
                figures.limited(name, shown, each, TUPLE);
            } else {
                figures.add(name, shown);
            }
        }
    }
    Ok(())
}
