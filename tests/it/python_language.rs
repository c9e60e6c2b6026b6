//! Migrations in Python, from `host revision` to the database.

use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::rewritten::example_below;

/// A project of which host has the runtime of Python.
fn project() -> TestProject {
    TestProject::with_runtime("python")
}

/// A project with one built migration: revision `a`, whose upgrade has these lines.
fn with_upgrade(lines: &str) -> TestProject {
    let project = project();
    write_upgrade(&project, lines);
    project.host(&["build"]).success();
    project
}

fn write_upgrade(project: &TestProject, lines: &str) {
    let body: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("# /// migration\n# revision = \"a\"\n# ///\nimport host\n\n\ndef upgrade() -> None:\n{body}");
    project.write("migrations/a.py", &text);
}

#[test]
fn a_new_migration_builds_and_runs_when_its_downgrade_is_decided() {
    let project = project();
    let output =
        project.host(&["--json", "revision", "--lang", "python", "-m", "say \"hi\"", "--rev-id", "a"]).success();
    let file = output.json()["file"].as_str().expect("the file").to_owned();
    let output = project.host(&["build"]).with_code(1);
    assert!(output.stderr.contains("still says TODO"), "{}", output.stable());
    let template = std::fs::read_to_string(project.path(&file)).expect("the file");
    let undecided = template.lines().find(|line| line.contains("TODO")).expect("a placeholder");
    project.write(&file, &template.replace(&format!("{undecided}\n"), ""));
    project.host(&["build"]).success();
    project.host(&["build", "--check"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
    assert!(project.path(".host/sdk/python/host/py.typed").exists());
}

/// What the comments of the template say can be taken as it is.
#[test]
fn the_comments_of_a_new_migration_are_right() {
    let project = project();
    let output = project.host(&["--json", "revision", "--lang", "python", "-m", "guests", "--rev-id", "a"]).success();
    let file = output.json()["file"].as_str().expect("the file").to_owned();
    let template = std::fs::read_to_string(project.path(&file)).expect("the file");
    let code: Vec<_> = template
        .lines()
        .filter(|line| !line.contains("TODO"))
        .map(|line| line.replacen("    #   ", "    ", 1))
        .collect();
    project.write(&file, &code.join("\n").replace("import host", "import datetime\n\nimport host"));
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT id, name, born FROM guests"), "1|Ada|1815-12-10");
}

#[test]
fn a_mistake_is_found_when_it_is_built() {
    let project = project();
    write_upgrade(&project, "host.execute(\"SELECT 1\"");
    assert_output!(project.host(&["build"]).with_code(1));
    project.write(
        "migrations/a.py",
        "# /// migration\n# revision = \"a\"\n# ///\ndef upgrade() -> None:\n    pass\nreturn 1\n",
    );
    assert_output!(project.host(&["build"]).with_code(1));
    project
        .write("migrations/a.py", "# /// migration\n# revision = \"a\"\n# ///\ndef downgrade() -> None:\n    pass\n");
    assert_output!(project.host(&["build"]).with_code(1));
}

#[test]
fn an_error_of_the_server_has_its_place_in_both_texts() {
    let project = project();
    let text = "# /// migration\n# revision = \"a\"\n# ///\nimport host\n\n\ndef fill(table: str) -> None:\n    \
                host.execute(f\"INSERT INTO {table} VALUES ($1)\", 1)\n\n\ndef upgrade() -> None:\n    fill(\"nowhere\")\n";
    project.write("migrations/a.py", text);
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn an_exception_comes_with_its_traceback_and_its_causes() {
    let lines = "prices = {\"soup\": 5}\ntry:\n    prices[\"bread\"]\nexcept KeyError as error:\n    \
                 problem = ValueError(\"the bread has no price\")\n    problem.add_note(\"soup costs 5\")\n    raise problem from error";
    assert_output!(with_upgrade(lines).host(&["upgrade", "head"]).with_code(1));
    // In the library it is still Python's own traceback.
    let project = with_upgrade("import json\njson.loads(\"{\")");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    let project = with_upgrade(
        "try:\n    host.execute(\"SELECT 1/0\")\nexcept host.SqlError as error:\n    raise RuntimeError(error.sqlstate) from error",
    );
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn a_parameter_that_is_none_is_named() {
    let project = with_upgrade("host.execute(\"SELECT $1::int, $2::jsonb\", 1, {\"a\": 1})");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn a_statement_that_was_not_asked_for_says_what_to_write() {
    let project = with_upgrade("host.execute(\"CREATE EXTENSION citext\")");
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn what_migrations_cannot_have_is_refused_with_a_sentence() {
    let project = project();
    let tries = [
        ("open(\"/etc/passwd\")", "migrations have no files"),
        ("import pathlib; pathlib.Path(\"x\").read_text()", "migrations have no files"),
        ("import os; os.listdir(\".\")", "migrations have no files"),
        ("import sqlite3", "migrations have no files"),
        ("import socket", "migrations have no network"),
        ("import urllib.request", "migrations have no network"),
        ("import requests", "migrations have no network"),
        ("import asyncio", "migrations have no network"),
        ("import subprocess", "migrations have no processes"),
        ("import os; os.system(\"true\")", "migrations have no processes"),
        ("import psycopg", "use host.execute and host.query"),
        ("import numpy", "compiled for one kind of machine"),
        ("import helpers", "list it in [python] requirements"),
        ("import tkinter", "not in the part of the standard library"),
        ("input()", "nobody to ask"),
    ];
    for (line, words) in tries {
        write_upgrade(&project, line);
        project.host(&["build"]).success();
        let output = project.host(&["upgrade", "head"]).with_code(1);
        assert!(output.stderr.contains(words), "{line}: {}", output.stable());
    }
}

#[test]
fn what_it_prints_and_logs_is_in_the_log() {
    let lines = "import logging, sys, warnings\nprint(\"one\\ntwo\", end=\"\")\nlogging.getLogger(\"kitchen\").warning(\"hot: %d\", 90)\n\
                 warnings.warn(\"old\")\nsys.stderr.write(\"err\\n\")\nhost.log(\"shown\")\nprint(\"\\x1b[31mred\", \"\\ud800\")";
    assert_output!(with_upgrade(lines).host(&["upgrade", "head"]).success());
}

#[test]
fn the_standard_library_is_there() {
    let lines = "import csv, dataclasses, datetime, enum, functools, hashlib, io, itertools, statistics, string, textwrap, zoneinfo\n\
                 berlin = datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo(\"Europe/Berlin\"))\n\
                 host.execute(\"CREATE TABLE found AS SELECT $1 AS at, $2::text AS row, $3::text AS digest\", berlin,\n    \
                 next(csv.reader(io.StringIO(\"a,b\")))[1], hashlib.sha256(b\"\").hexdigest()[:8])\n\
                 assert statistics.mean([1, 2]) == 1.5 and len(zoneinfo.available_timezones()) > 500";
    let project = with_upgrade(lines);
    project.host(&["upgrade", "head"]).success();
    let found = project.database.query("SELECT at AT TIME ZONE 'UTC', row, digest FROM found");
    assert_eq!(found, "2026-06-30 22:00:00|b|e3b0c442");
}

/// The clock of a run stands, and chance follows from the revision: also where they come from the system.
#[test]
fn two_runs_do_the_same() {
    let lines = "import random, secrets, uuid, os\n\
                 values = [random.random(), random.choice(\"abc\"), secrets.token_hex(4), str(uuid.uuid4()), os.urandom(4).hex(), {\"a\", \"b\"}]\n\
                 host.execute(\"CREATE TABLE made AS SELECT $1::text AS value\", repr(values))";
    let project = with_upgrade(lines);
    let made = || {
        project.host(&["upgrade", "head"]).success();
        let made = project.database.query("SELECT value FROM made");
        project.database.query("DROP TABLE made; DELETE FROM host_version");
        made
    };
    assert_eq!(made(), made());
}

#[test]
fn a_migration_without_downgrade_is_irreversible() {
    let project = with_upgrade("pass");
    project.host(&["upgrade", "head"]).success();
    let output = project.host(&["downgrade", "base"]).with_code(1);
    assert!(output.stderr.contains("irreversible"), "{}", output.stable());
}

#[test]
fn a_coroutine_runs_as_long_as_it_waits_for_nothing() {
    let project = project();
    let text = |body: &str| {
        format!(
            "# /// migration\n# revision = \"a\"\n# ///\nimport host, types\n\n\nasync def upgrade() -> None:\n    {body}\n\n\n@types.coroutine\ndef pause():\n    yield\n"
        )
    };
    project.write("migrations/a.py", &text("host.execute(\"CREATE TABLE made ()\")"));
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('made') IS NOT NULL"), "t");
    project.database.query("DROP TABLE made; DELETE FROM host_version");
    project.write("migrations/a.py", &text("await pause()"));
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("write `def upgrade()` without async"), "{}", output.stable());
}

/// The example of the documentation, and values of every type that rows in binary form have.
#[test]
fn a_big_table_is_read_and_written() {
    let project = TestProject::with_runtime("python");
    let page = include_str!("../../docs/languages/python.md");
    let example = example_below(page, "## Big tables", "python");
    let block = |revision: &str, revises: &str| {
        format!("# /// migration\n# revision = \"{revision}\"\n# revises = [{revises}]\n# ///\n")
    };
    project.write("migrations/a.py", &format!("{}{example}", block("a", "")));
    project
        .write("migrations/b.py", &format!("{}{}", block("b", "\"a\""), include_str!("python_language/every_type.py")));
    project.database.query(
        "CREATE TABLE guests AS SELECT n::bigint AS id, CASE WHEN n % 7 > 0 THEN '0171 ' || n || ' 67' END AS phone
           FROM generate_series(1, 25000) AS n;
         CREATE TABLE phones (guest bigint PRIMARY KEY, digits text)",
    );
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    let wrong = "SELECT count(*) FROM guests LEFT JOIN phones ON guest = id WHERE replace(phone, ' ', '') IS DISTINCT FROM digits";
    assert_eq!(project.database.query(wrong), "0");
    assert_eq!(project.database.query("SELECT count(*), count(digits) FROM phones"), "25000|21429");
}

#[test]
fn a_table_is_rewritten() {
    let project = project();
    project.write("migrations/py.py", include_str!("python_language/transform.py"));
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
}
