//! Comparing schemas: reading a large database, finding nothing in it, and `host check` beside `alembic check` on the same models.
//!
//! SQLAlchemy and Alembic lie where `scripts/bench` puts them, in `target/alembic-corpus/python`.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use host_schema::Catalog;
use host_schema::DiffOptions;
use host_schema::ReadOptions;
use sqlx::Connection as _;
use sqlx::PgConnection;
use tokio::runtime::Runtime;

use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::spread;
use crate::process;
use crate::project::TestProject;
use crate::proxy::Proxy;
use crate::server::Server;

/// How often each thing is measured.
const RUNS: usize = 7;

const SECOND: Limit = Limit { value: 1.0, shown: "1.0 s" };
const ROUND_TRIPS: Limit = Limit { value: 25.0, shown: "25" };
const TENTH: Limit = Limit { value: 0.1, shown: "100 ms" };
const CHECK: Limit = Limit { value: 1.5, shown: "1.5 s" };

/// 1,000 tables with 10 columns and 3 indexes each.
const LARGE: &str = "DO $$ BEGIN FOR t IN 1..1000 LOOP
    EXECUTE pg_catalog.format('CREATE TABLE thing_%s (id bigint PRIMARY KEY, parent bigint, name text NOT NULL, price numeric(10,2) DEFAULT 0, \
made timestamptz NOT NULL DEFAULT now(), c1 integer, c2 integer CHECK (c2 > 0), c3 varchar(50), c4 jsonb, c5 date)', t);
    EXECUTE pg_catalog.format('CREATE INDEX ON thing_%s (parent); CREATE INDEX ON thing_%1$s (lower(name)) WHERE c1 IS NOT NULL', t);
    EXECUTE pg_catalog.format('ALTER TABLE thing_%s ADD FOREIGN KEY (parent) REFERENCES thing_%s', t, greatest(t - 1, 1));
    END LOOP; END $$";

const MODELS: &str = include_str!("schema/models.py");
const ENVIRONMENT: &str = include_str!("alembic/env.py");

pub(crate) fn measure(figures: &mut Figures, server: &Server, folder: &Path, runtime: &Runtime) -> Result<()> {
    let url = server.create_database("large")?;
    server.psql("large", LARGE)?;
    let catalog = measure_reading(figures, server, folder, runtime, &url)?;
    measure_diff(figures, &catalog)?;
    server.drop_database("large")?;
    measure_check(figures, server, &folder.join("schema"))
}

async fn read(url: &str) -> Result<(Catalog, Duration)> {
    let mut connection = PgConnection::connect(url).await?;
    let started = Instant::now();
    let catalog = host_schema::read(&mut connection, &ReadOptions::default()).await?;
    let time = started.elapsed();
    connection.close().await?;
    Ok((catalog, time))
}

fn measure_reading(
    figures: &mut Figures,
    server: &Server,
    folder: &Path,
    runtime: &Runtime,
    url: &str,
) -> Result<Catalog> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(runtime.block_on(read(url))?.1);
    }
    let name = "reading 1,000 tables, 10,000 columns, 3,000 indexes";
    figures.limited(name, spread(&times), median(&times).as_secs_f64(), SECOND);
    let proxy = Proxy::listen(folder, &server.socket_folder)?;
    let catalog = runtime.block_on(read(&server.url_through(folder, "host", "large")?))?.0;
    let round_trips = proxy.round_trips()?.len();
    let number = f64::from(u32::try_from(round_trips)?);
    figures.limited("the same, round trips with connecting", round_trips.to_string(), number, ROUND_TRIPS);
    figures.add("the same, facts", catalog.facts().count().to_string());
    Ok(catalog)
}

fn measure_diff(figures: &mut Figures, catalog: &Catalog) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let plan = host_schema::diff(catalog, catalog, &DiffOptions::default())?;
        times.push(started.elapsed());
        if !plan.is_empty() {
            return Err("a database differs from itself".into());
        }
    }
    figures.limited("comparing it with itself", spread(&times), median(&times).as_secs_f64(), TENTH);
    Ok(())
}

fn measure_check(figures: &mut Figures, server: &Server, folder: &Path) -> Result<()> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/alembic-corpus/python/bin/python");
    if !python.exists() {
        return Err(format!("{}: not there; use scripts/bench schema", python.display()).into());
    }
    let shadows = server.create_database("shadows")?;
    let by_alembic = server.create_database("by_alembic")?;
    let project = written(folder, &python)?;
    let sql = String::from_utf8(models(&project.folder, &python).output()?.stdout)?;
    server.psql("by_alembic", &format!("SET ROLE host; {sql}"))?;
    let command = || {
        let mut command = project.host(&shadows, &["check", "--shadow-url", &shadows]);
        command.env("PYTHONPATH", sdk()).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    let check = || process::run(command());
    let alembic = |arguments: &[&str]| {
        let mut command = Command::new(python.with_file_name("alembic"));
        command.args(arguments).current_dir(&project.folder).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("DATABASE_URL", by_alembic.replacen("postgres://", "postgresql+psycopg://", 1));
        process::run(command)
    };
    alembic(&["stamp", "head"])?;
    let first = check()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(check()?);
        theirs.push(alembic(&["check"])?);
    }
    let started = Instant::now();
    process::run(models(&project.folder, &python))?;
    let program = started.elapsed();
    let name = "`host check`, 100 tables of SQLAlchemy, with the program that prints them";
    figures.limited(name, spread(&ours), median(&ours).as_secs_f64(), CHECK);
    figures.add("— the first time, which makes the database that is kept", spread(&[first]));
    figures.add("— of it the program alone", spread(&[program]));
    figures.add("— `alembic check` on the same models", spread(&theirs));
    figures.add("— peak memory of host", mebibytes(process::peak_memory(command())?));
    ["shadows", "by_alembic"].iter().try_for_each(|database| server.drop_database(database))
}

fn sdk() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk/python")
}

/// The program that prints the models.
fn models(folder: &Path, python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "host_migrate.sqlalchemy", "models:metadata"]).current_dir(folder);
    command.env("PYTHONPATH", sdk()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A project with a migration that makes the models' tables, for `host` and for Alembic.
fn written(folder: &Path, python: &Path) -> Result<TestProject> {
    let folder = folder.join("project");
    std::fs::create_dir_all(folder.join("migrations"))?;
    std::fs::create_dir_all(folder.join("alembic/versions"))?;
    std::fs::write(folder.join("models.py"), MODELS)?;
    let environment =
        ENVIRONMENT.replace("target_metadata = MetaData()", "from models import metadata as target_metadata");
    std::fs::write(folder.join("alembic/env.py"), environment)?;
    std::fs::write(folder.join("alembic.ini"), "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n")?;
    std::fs::write(
        folder.join("alembic/versions/0001_tables.py"),
        "revision = \"0001\"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
    )?;
    let python_path = python.to_str().ok_or("the path of python is not UTF-8")?;
    let command = format!("[{python_path:?}, \"-m\", \"host_migrate.sqlalchemy\", \"models:metadata\"]");
    std::fs::write(folder.join("host.toml"), format!("[default]\n\n[default.schema]\ncommand = {command}\n"))?;
    let sql = String::from_utf8(models(&folder, python).output()?.stdout)?;
    let drops: String = (0..100).rev().map(|number| format!("DROP TABLE thing_{number};\n")).collect();
    std::fs::write(
        folder.join("migrations/000000000001_tables.sql"),
        format!(
            "-- /// migration\n-- revision = \"000000000001\"\n-- message = \"tables\"\n-- ///\n\n-- upgrade\n{sql}\n-- downgrade\n{drops}"
        ),
    )?;
    let project = TestProject { folder };
    process::run(project.host("postgres://unused@localhost/unused", &["build"]))?;
    Ok(project)
}
