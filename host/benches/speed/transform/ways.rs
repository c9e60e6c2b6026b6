//! The four ways of changing data, on tables of three sizes: docs/data.md says which one to take by these figures.

use std::path::Path;

use super::Bench;
use crate::Result;
use crate::bulk;
use crate::figures::Figures;
use crate::figures::time;
use crate::languages;
use crate::project::TestProject;

const SQL: &str = "-- upgrade\nUPDATE users SET phone = '+49' || regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^0', '');\n\
                   -- downgrade: irreversible\n";

/// The smaller tables.
const SIZES: [u64; 2] = [1_000, 100_000];

pub(super) fn measure(figures: &mut Figures, bench: &Bench<'_>, folder: &Path, transform: &TestProject) -> Result<()> {
    let sql = languages::written(folder, "sql", &[("a_phones.sql", SQL)], "--")?;
    let rows = bulk::guest(&folder.join("rows"), include_str!("rows.rs.txt"), "")?;
    let cursor = bulk::guest(&folder.join("cursor"), include_str!("../bulk/guest.rs.txt"), "")?;
    let ways = [
        ("one statement of SQL", &sql),
        ("query and execute_many", &rows),
        ("a cursor and copy-in", &cursor),
        ("run-transform", transform),
    ];
    for (name, project) in ways {
        let mut times = Vec::new();
        for size in SIZES.into_iter().chain([bench.rows]) {
            // The first one of each compiles, which each machine does once.
            if times.is_empty() {
                bench.by_host(project, 10)?;
            }
            times.push(format!("{} for {size}", time(bench.by_host(project, size)?)));
        }
        figures.add(format!("{name}, whole process"), times.join(", "));
    }
    Ok(())
}
