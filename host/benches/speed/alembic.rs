//! A project of Alembic with many revisions: by Alembic itself, and by `host` as it is.
//!
//! Alembic lies where `scripts/bench` puts it, in `target/alembic-corpus/python`; the runtime is the one that `scripts/runtimes` built last.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::spread;
use crate::languages;
use crate::process;
use crate::project::TestProject;
use crate::server::Server;

/// The revisions of the project.
const MANY: usize = 200;

/// How often each of the two is measured.
const RUNS: usize = 5;

const TWICE: Limit = Limit { value: 0.5, shown: "0.50" };
const FIFTIETH: Limit = Limit { value: 0.02, shown: "0.02" };

const ENVIRONMENT: &str = include_str!("alembic/env.py");
const SETTINGS: &str = "[alembic]\nscript_location = alembic\n";

pub(crate) fn measure(figures: &mut Figures, server: &Server, folder: &Path) -> Result<()> {
    let alembic = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/alembic-corpus/python/bin/alembic");
    if !alembic.exists() {
        return Err(format!("{}: not there; use scripts/bench alembic", alembic.display()).into());
    }
    let folder = folder.join("alembic");
    languages::add_runtime(&folder, "alembic")?;
    let project = written(&folder.join("project"))?;
    let databases = [server.create_database("by_alembic")?, server.create_database("by_host")?];
    let by_alembic = |arguments: &[&str]| {
        let mut command = Command::new(&alembic);
        command.args(arguments).current_dir(&project.folder).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("DATABASE_URL", databases[0].replacen("postgres://", "postgresql+psycopg://", 1));
        process::run(command)
    };
    let by_host = |arguments: &[&str]| process::run(project.host(&databases[1], arguments));
    // The first pair warms up the caches, and does not count.
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for run in 0..=RUNS {
        let pair = (by_alembic(&["upgrade", "head"])?, by_host(&["upgrade", "head"])?);
        if run > 0 {
            theirs.push(pair.0);
            ours.push(pair.1);
        }
        if run < RUNS {
            by_alembic(&["downgrade", "base"])?;
            by_host(&["downgrade", "base"])?;
            server.psql("by_host", "TRUNCATE host_log")?;
        }
    }
    compared(figures, &format!("{MANY} revisions of Alembic from empty"), &ours, &theirs, TWICE);
    let nothing = |run: &dyn Fn(&[&str]) -> Result<Duration>| {
        (0..RUNS).map(|_| run(&["upgrade", "head"])).collect::<Result<Vec<_>>>()
    };
    let (theirs, ours) = (nothing(&by_alembic)?, nothing(&by_host)?);
    compared(figures, "the same with nothing to do", &ours, &theirs, FIFTIETH);
    by_host(&["downgrade", "base"])?;
    let peak = process::peak_memory(project.host(&databases[1], &["upgrade", "head"]))?;
    figures.add(format!("peak memory of host, {MANY} revisions of Alembic"), mebibytes(peak));
    ["by_alembic", "by_host"].iter().try_for_each(|database| server.drop_database(database))
}

fn compared(figures: &mut Figures, name: &str, ours: &[Duration], theirs: &[Duration], limit: Limit) {
    let ratio = median(ours).as_secs_f64() / median(theirs).as_secs_f64();
    figures.limited(format!("{name}, host / Alembic"), format!("{ratio:.2}"), ratio, limit);
    figures.add("— host", spread(ours));
    figures.add("— Alembic", spread(theirs));
}

/// A chain of revisions that each change a table, built.
fn written(folder: &Path) -> Result<TestProject> {
    let versions: PathBuf = folder.join("alembic/versions");
    std::fs::create_dir_all(&versions)?;
    std::fs::write(folder.join("alembic.ini"), SETTINGS)?;
    std::fs::write(folder.join("alembic/env.py"), ENVIRONMENT)?;
    for number in 0..MANY {
        let id = format!("{:012x}", 0x1000 + number);
        let parent = match number.checked_sub(1) {
            Some(parent) => format!("\"{:012x}\"", 0x1000 + parent),
            None => "None".to_owned(),
        };
        let table = number / 10;
        let (upgrade, downgrade) = match number % 10 {
            0 => (
                format!("op.create_table(\"t{table}\", sa.Column(\"id\", sa.Integer(), primary_key=True))"),
                format!("op.drop_table(\"t{table}\")"),
            ),
            column => (
                format!("op.add_column(\"t{table}\", sa.Column(\"c{column}\", sa.String(length=50), nullable=True))"),
                format!("op.drop_column(\"t{table}\", \"c{column}\")"),
            ),
        };
        let text = format!(
            "\"\"\"Step {number}\n\nRevision ID: {id}\n\"\"\"\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"{id}\"\n\
             down_revision = {parent}\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    {upgrade}\n\n\n\
             def downgrade():\n    {downgrade}\n"
        );
        std::fs::write(versions.join(format!("{id}_step_{number}.py")), text)?;
    }
    let project = TestProject { folder: folder.to_owned() };
    for arguments in [["init", "--from-alembic"].as_slice(), &["build"]] {
        process::run(project.host("postgres://unused@localhost/unused", arguments))?;
    }
    Ok(project)
}
