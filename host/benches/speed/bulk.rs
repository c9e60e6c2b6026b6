//! A big table rewritten by a migration in Rust: rows out of a cursor, work, rows in by COPY, one UPDATE. Beside it the same by a
//! native program, and what the server itself takes for each part.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;
use std::time::Instant;

use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;

use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::spread;
use crate::process;
use crate::project::TestProject;
use crate::server::Server;

/// The rows of the table.
pub(crate) const ROWS: u64 = 1_000_000;

/// How often each way is measured.
const RUNS: usize = 3;

/// As many rows as the migration asks for at a time.
const BATCH: usize = 10_000;

/// As much as the host gathers before it sends.
const SENT_AT_ONCE: usize = 4 << 20;

const USERS: &str = "INSERT INTO users SELECT n, 'guest ' || n, 'guest' || n || '@example.org', \
    '(0' || 30 + n % 60 || ') ' || 100000 + n % 900000 || '-' || n % 97, timestamptz '2020-01-01' + n * interval '1 minute', n * 0.01 \
    FROM generate_series(1, $1::bigint) AS n";

const UPDATE: &str = "UPDATE users SET phone = phones.phone FROM phones WHERE users.id = phones.id";

const RATIO: Limit = Limit { value: 1.05, shown: "1.05" };

pub(crate) fn measure(
    figures: &mut Figures,
    server: &Server,
    folder: &Path,
    runtime: &tokio::runtime::Runtime,
) -> Result<()> {
    let project = guest(&folder.join("bulk"), include_str!("bulk/guest.rs.txt"), "")?;
    let (mut of_guest, mut of_values, mut of_native) = (Vec::new(), Vec::new(), Vec::new());
    let mut limits = Vec::new();
    // The first round warms up the compile cache and the disk, and does not count.
    for run in 0..=RUNS {
        let guest = on_fresh_table(server, runtime, |url| process::run(project.host(url, &["upgrade", "head"])))?;
        let native = on_fresh_table(server, runtime, |url| runtime.block_on(native(url)))?;
        let values = on_fresh_table(server, runtime, |url| {
            process::run(project.host(url, &["-x", "as=values", "upgrade", "head"]))
        })?;
        if run > 0 {
            of_guest.push(guest);
            of_native.push(native);
            of_values.push(values);
        }
        if run == RUNS {
            limits = on_fresh_table(server, runtime, |url| runtime.block_on(parts(url)))?;
        }
    }
    let ratio = median(&of_guest).as_secs_f64() / median(&of_native).as_secs_f64();
    figures.limited(format!("{ROWS} rows rewritten, guest / native program"), format!("{ratio:.2}"), ratio, RATIO);
    figures.add("— a migration in Rust, whole process", spread(&of_guest));
    figures.add("— the same with rows of values in place of tuples", spread(&of_values));
    figures.add("— a native program, one connection", spread(&of_native));
    for (name, time) in limits {
        figures.add(format!("— the server alone: {name}"), spread(&[time]));
    }
    let peaks = [ROWS / 10, ROWS].map(|rows| {
        on_table(server, runtime, rows, |url| process::peak_memory(project.host(url, &["upgrade", "head"])))
    });
    for (rows, peak) in [ROWS / 10, ROWS].into_iter().zip(peaks) {
        figures.add(format!("peak memory of host, {rows} rows"), mebibytes(peak?));
    }
    Ok(())
}

/// A migration with this source, and these lines more about itself, built.
pub(crate) fn guest(folder: &Path, source: &str, metadata: &str) -> Result<TestProject> {
    let project = TestProject { folder: folder.to_owned() };
    std::fs::create_dir_all(folder.join("migrations"))?;
    std::fs::write(
        folder.join("host.toml"),
        "[default]\n\n[default.limits]\nstatements = 100000000\nguest-time = \"10m\"\n",
    )?;
    let run = |arguments: &[&str]| {
        let mut command = project.host("postgres://unused@localhost/unused", arguments);
        for variable in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(variable) {
                command.env(variable, value);
            }
        }
        process::run(command)
    };
    run(&["revision", "-m", "Phones", "--lang", "rust"])?;
    for entry in std::fs::read_dir(folder.join("migrations"))? {
        let folder = entry?.path();
        std::fs::write(folder.join("src/lib.rs"), source)?;
        let file = folder.join("migration.toml");
        let about = std::fs::read_to_string(&file)?;
        std::fs::write(file, format!("{about}{metadata}"))?;
    }
    run(&["build"])?;
    Ok(project)
}

fn on_fresh_table<T>(
    server: &Server,
    runtime: &tokio::runtime::Runtime,
    work: impl FnOnce(&str) -> Result<T>,
) -> Result<T> {
    on_table(server, runtime, ROWS, work)
}

pub(crate) fn on_table<T>(
    server: &Server,
    runtime: &tokio::runtime::Runtime,
    rows: u64,
    work: impl FnOnce(&str) -> Result<T>,
) -> Result<T> {
    let url = server.create_database("big")?;
    runtime.block_on(fill(&url, rows))?;
    server.psql("host", "CHECKPOINT")?;
    let result = work(&url)?;
    server.drop_database("big")?;
    Ok(result)
}

async fn connect(url: &str) -> Result<PgConnection> {
    let options = sqlx::ConnectOptions::disable_statement_logging(PgConnectOptions::from_str(url)?);
    Ok(PgConnection::connect_with(&options).await?)
}

async fn fill(url: &str, rows: u64) -> Result<()> {
    let mut connection = connect(url).await?;
    let table = "CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL, phone text NOT NULL, \
                 created timestamptz NOT NULL, balance double precision NOT NULL)";
    sqlx::query(table).execute(&mut connection).await?;
    sqlx::query(USERS).bind(i64::try_from(rows)?).execute(&mut connection).await?;
    sqlx::query("VACUUM ANALYZE users").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// The same work as a program that has the driver to itself would do it.
pub(crate) async fn native(url: &str) -> Result<Duration> {
    let started = Instant::now();
    let mut connection = connect(url).await?;
    sqlx::query("BEGIN").execute(&mut connection).await?;
    sqlx::query("CREATE TEMPORARY TABLE phones (id bigint, phone text) ON COMMIT DROP")
        .execute(&mut connection)
        .await?;
    let declare = "DECLARE users_all NO SCROLL CURSOR FOR SELECT id, name, email, phone, created, balance FROM users";
    sqlx::query(declare).execute(&mut connection).await?;
    let fetch = format!("FETCH FORWARD {BATCH} FROM users_all");
    let mut out = copy_header();
    let mut digits = String::new();
    loop {
        let mut count = 0;
        let mut rows = sqlx::query(AssertSqlSafe(fetch.as_str())).fetch(&mut connection);
        while let Some(row) = rows.try_next().await? {
            let (id, phone): (i64, &str) = (row.try_get(0)?, row.try_get(3)?);
            normalise(phone, &mut digits);
            out.extend(2_i16.to_be_bytes());
            out.extend(8_i32.to_be_bytes());
            out.extend(id.to_be_bytes());
            out.extend(i32::try_from(digits.len())?.to_be_bytes());
            out.extend(digits.as_bytes());
            count += 1;
        }
        drop(rows);
        if out.len() >= SENT_AT_ONCE || count == 0 {
            copy(&mut connection, "phones (id, phone)", &mut out).await?;
        }
        if count == 0 {
            break;
        }
    }
    sqlx::query(UPDATE).execute(&mut connection).await?;
    sqlx::query("COMMIT").execute(&mut connection).await?;
    connection.close().await?;
    Ok(started.elapsed())
}

fn copy_header() -> Vec<u8> {
    b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec()
}

/// Sends what was gathered, and begins anew.
async fn copy(connection: &mut PgConnection, target: &str, out: &mut Vec<u8>) -> Result<()> {
    let mut copy = connection.copy_in_raw(&format!("COPY {target} FROM STDIN (FORMAT binary)")).await?;
    out.extend((-1_i16).to_be_bytes());
    for chunk in out.chunks(256 << 10) {
        copy.send(chunk).await?;
    }
    copy.finish().await?;
    *out = copy_header();
    Ok(())
}

/// As the migration does it.
fn normalise(phone: &str, digits: &mut String) {
    digits.clear();
    digits.push_str("+49");
    let mut national = phone.bytes().filter(u8::is_ascii_digit).map(char::from);
    digits.extend(national.next().filter(|first| *first != '0'));
    digits.extend(national);
}

/// What no program can be faster than.
pub(crate) async fn parts(url: &str) -> Result<Vec<(&'static str, Duration)>> {
    let mut connection = connect(url).await?;
    let mut parts = Vec::new();
    let started = Instant::now();
    let mut data = Vec::new();
    {
        let mut out = connection.copy_out_raw("COPY (SELECT id, phone FROM users) TO STDOUT (FORMAT binary)").await?;
        while let Some(chunk) = out.try_next().await? {
            data.extend_from_slice(&chunk);
        }
    }
    parts.push(("COPY out of two columns", started.elapsed()));
    let started = Instant::now();
    {
        let mut out = connection.copy_out_raw("COPY users TO STDOUT (FORMAT binary)").await?;
        while out.try_next().await?.is_some() {}
    }
    parts.push(("COPY out of all columns", started.elapsed()));
    sqlx::query("BEGIN").execute(&mut connection).await?;
    sqlx::query("CREATE TEMPORARY TABLE phones (id bigint, phone text) ON COMMIT DROP")
        .execute(&mut connection)
        .await?;
    let started = Instant::now();
    {
        let mut copy = connection.copy_in_raw("COPY phones FROM STDIN (FORMAT binary)").await?;
        for chunk in data.chunks(256 << 10) {
            copy.send(chunk).await?;
        }
        copy.finish().await?;
    }
    parts.push(("COPY in", started.elapsed()));
    let started = Instant::now();
    sqlx::query(UPDATE).execute(&mut connection).await?;
    sqlx::query("COMMIT").execute(&mut connection).await?;
    parts.push(("UPDATE … FROM with its COMMIT", started.elapsed()));
    connection.close().await?;
    Ok(parts)
}
