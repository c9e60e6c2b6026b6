//! What needs a server: pairs of random schemas, for which what `diff` writes, applied to the first, gives the second, and back
//! again; and what becomes of rows.
//!
//! `HOST_SCHEMA_TEST_URL` names a database on a server where databases may be made; `HOST_SCHEMA_TEST_PAIRS` says how many
//! pairs (200), `HOST_SCHEMA_TEST_SEED` with which number to begin (1). A failure names its number.

#![expect(clippy::print_stderr, clippy::unwrap_used, reason = "a test")]

mod generate;
mod rows;

use std::collections::BTreeMap;

use host_schema::Catalog;
use host_schema::DiffOptions;
use host_schema::Plan;
use host_schema::ReadOptions;
use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::Row;
use sqlx::postgres::PgConnectOptions;

struct Side {
    connection: PgConnection,
}

impl Side {
    /// An empty database of this name.
    async fn new(url: &str, name: &str) -> Self {
        let mut admin = PgConnection::connect(url).await.unwrap();
        for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name} TEMPLATE template0")] {
            admin.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        let options: PgConnectOptions = url.parse().unwrap();
        let mut connection = PgConnection::connect_with(&options.database(name)).await.unwrap();
        connection.execute("SET client_min_messages = warning; SET check_function_bodies = off").await.unwrap();
        Self { connection }
    }

    async fn run(&mut self, sql: &str) -> Result<(), String> {
        let sent = self.connection.execute(AssertSqlSafe(sql.to_owned())).await;
        sent.map(|_| ()).map_err(|error| {
            let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
            format!("[{code}] {error}\n{sql}")
        })
    }

    /// A row in every table that takes one.
    async fn fill(&mut self) {
        for table in self.counts().await.into_keys() {
            let _ = self.run(&format!("INSERT INTO {table} DEFAULT VALUES")).await;
        }
    }

    /// How many rows the tables have that are not partitioned.
    async fn counts(&mut self) -> BTreeMap<String, i64> {
        let tables = "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('a', 'b')";
        let mut counts = BTreeMap::new();
        for row in sqlx::raw_sql(tables).fetch_all(&mut self.connection).await.unwrap() {
            let table: String = row.get(0);
            let sql = format!("SELECT pg_catalog.count(*) FROM ONLY {table}");
            let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut self.connection).await.unwrap();
            counts.insert(table, row.get(0));
        }
        counts
    }

    async fn load(&mut self, statements: &[String]) {
        self.run("DROP SCHEMA IF EXISTS a CASCADE; DROP SCHEMA IF EXISTS b CASCADE").await.unwrap();
        // What does not fit the rest of its schema, e.g. a foreign key of another type, is left out.
        let mut refused = 0;
        for sql in statements {
            refused += usize::from(self.run(sql).await.is_err());
        }
        assert!(refused * 4 <= statements.len(), "{refused} of {} statements are wrong", statements.len());
    }

    async fn read(&mut self) -> Catalog {
        host_schema::read(&mut self.connection, &ReadOptions::default()).await.unwrap()
    }

    /// In one transaction, as a migration runs.
    async fn apply(&mut self, plan: &Plan) -> Result<(), String> {
        let mut script = String::from("BEGIN;\n");
        let mut open = true;
        for action in &plan.actions {
            if action.boundary != host_schema::Boundary::InTransaction && open {
                script.push_str("COMMIT;\n");
                open = false;
            }
            script.push_str(&action.sql);
            script.push_str(";\n");
        }
        if open {
            script.push_str("COMMIT;\n");
        }
        let result = self.run(&script).await;
        if result.is_err() {
            self.run("ROLLBACK").await?;
        }
        result
    }
}

/// Turns the database of `side` into `target`, and says what went wrong.
async fn turn(side: &mut Side, target: &Catalog) -> Result<(), String> {
    let source = side.read().await;
    let plan = host_schema::diff(&source, target, &DiffOptions::default()).map_err(|error| error.to_string())?;
    side.fill().await;
    let mut before = side.counts().await;
    if let Err(why) = side.apply(&plan).await {
        // Only a superuser owns the constructors of a range type, so only one gives it another subtype.
        if why.starts_with("[42501] error returned from database: must be owner of function span") {
            side.run("DROP SCHEMA b CASCADE").await?;
            return Ok(());
        }
        // Rows may not fit what is wanted, e.g. NOT NULL.
        if !why.starts_with("[22") && !why.starts_with("[23") {
            return Err(why);
        }
        let tables: Vec<String> = before.into_keys().collect();
        side.run(&format!("TRUNCATE {} CASCADE", tables.join(", "))).await?;
        before = BTreeMap::new();
        side.apply(&plan).await?;
    }
    let after = side.counts().await;
    let lost: Vec<_> =
        before.iter().filter(|(table, count)| after.get(*table).is_some_and(|now| now < count)).collect();
    if !lost.is_empty() {
        return Err(format!("rows are lost: {lost:?}\n{}", plan.to_sql()));
    }
    let result = side.read().await;
    let rest = host_schema::diff(&result, target, &DiffOptions::default()).map_err(|error| error.to_string())?;
    if rest.changes.is_empty() && rest.actions.is_empty() && result == *target {
        return Ok(());
    }
    let rest: Vec<String> = rest.changes.iter().map(ToString::to_string).collect();
    Err(format!("left over: {rest:#?}\nafter:\n{}", plan.to_sql()))
}

#[tokio::test]
async fn a_difference_applied_to_one_side_gives_the_other() {
    let Ok(url) = std::env::var("HOST_SCHEMA_TEST_URL") else {
        eprintln!("HOST_SCHEMA_TEST_URL is not set, so nothing was tried");
        return;
    };
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (first, pairs) = (number("HOST_SCHEMA_TEST_SEED", 1), number("HOST_SCHEMA_TEST_PAIRS", 200));
    let id = std::process::id();
    let (mut left, mut right) =
        (Side::new(&url, &format!("random_left_{id}")).await, Side::new(&url, &format!("random_right_{id}")).await);
    let mut failures = Vec::new();
    for seed in first..first + pairs {
        let (a, b) = generate::pair(seed);
        left.load(&a).await;
        right.load(&b).await;
        let (from, to) = (left.read().await, right.read().await);
        let result = match turn(&mut left, &to).await {
            Ok(()) => turn(&mut left, &from).await.map_err(|why| format!("back: {why}")),
            Err(why) => Err(format!("there: {why}")),
        };
        if let Err(why) = result {
            eprintln!("pair {seed}: {why}");
            failures.push(seed);
        }
    }
    left.connection.close().await.unwrap();
    right.connection.close().await.unwrap();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    for side in ["left", "right"] {
        admin.execute(AssertSqlSafe(format!("DROP DATABASE random_{side}_{id}"))).await.unwrap();
    }
    assert!(failures.is_empty(), "{} of {pairs} pairs failed: {failures:?}", failures.len());
}
