//! What a script makes sure of on the server, because nobody stands beside it: blocks in PL/pgSQL.
//!
//! A migration may have changed the search path, and what is found first in it. So every function, operator, type and table
//! is named with its schema here, and constructs that look an operator up by its bare name are left out (IN, CASE with a
//! value, IS DISTINCT FROM).

use super::statement::OfflineScript;
use super::statement::literal;
use super::statement::literals;
use crate::config::TableName;
use crate::db::Tables;
use crate::db::log::LATER_COLUMNS;
use crate::db::log::add_log_columns_sql;
use crate::plan::Direction;
use crate::plan::Step;
use crate::revision::RevisionId;
use crate::sql::AutocommitCommand;

/// The schema of tables for which host.toml names none.
pub(super) const SCHEMA: &str = "public";

/// The parameter in which a step without a transaction notes what it has done.
const MARK: &str = "host.step";

/// How a value is compared.
pub(super) const EQUAL: &str = "OPERATOR(pg_catalog.=)";
const DIFFERS: &str = "OPERATOR(pg_catalog.<>)";

/// The tables as a script names them.
pub(super) fn qualified(tables: &Tables) -> Tables {
    Tables {
        version: tables.version.or_schema(SCHEMA),
        version_characters: tables.version_characters,
        log: tables.log.or_schema(SCHEMA),
        journal: tables.journal.or_schema(SCHEMA),
        rejected: tables.rejected.or_schema(SCHEMA),
    }
}

/// Raises an error where one of the tables is not where the script writes it, or is more than a table.
///
/// Without a schema in host.toml a table is the first one of its name in the search path, or is made in the first schema there.
/// The script cannot know which one that is; so it has to be the usual one, and the only one that can be seen.
pub(super) fn tables(script: &mut OfflineScript, tables: &Tables) {
    let all = [&tables.version, &tables.log, &tables.journal];
    let unplaced = all.iter().filter(|table| table.schema.is_none()).map(|table| table.name.as_str());
    let mut body = Vec::new();
    if all.iter().any(|table| table.schema.is_none()) {
        let hint = literal(
            "write version-table = \"schema.name\", and log-table and journal-table likewise, into host.toml, and write the \
             script again",
        );
        body.push(format!("FOREACH host_table IN ARRAY {} LOOP", literals(unplaced)));
        body.push(format!(
            "    SELECT n.nspname INTO host_place FROM pg_catalog.pg_class c\n        \
             JOIN pg_catalog.pg_namespace n ON n.oid {EQUAL} c.relnamespace\n        \
             WHERE c.relname {EQUAL} host_table::pg_catalog.name AND n.nspname {DIFFERS} '{SCHEMA}'::pg_catalog.name\n        \
             AND n.nspname {EQUAL} ANY (pg_catalog.current_schemas(true)) LIMIT 1;"
        ));
        body.push(format!(
            "    IF host_place IS NOT NULL THEN\n            \
             RAISE EXCEPTION USING MESSAGE = pg_catalog.concat('the table ', host_table, \
             ' of this script is in the schema {SCHEMA}, but there is one of that name in the schema ', host_place),\n                \
             HINT = {hint};\n        END IF;"
        ));
        body.push("    host_place := COALESCE(pg_catalog.current_schema(), '(none)');".to_owned());
        body.push(format!(
            "    IF host_place {DIFFERS} '{SCHEMA}'::pg_catalog.name \
             AND pg_catalog.to_regclass(pg_catalog.format('{SCHEMA}.%I', host_table)) IS NULL THEN\n            \
             RAISE EXCEPTION USING MESSAGE = pg_catalog.concat('the table ', host_table, \
             ' of this script would be in the schema {SCHEMA}, but new tables are made in the schema ', host_place),\n                \
             HINT = {hint};\n        END IF;"
        ));
        body.push("END LOOP;".to_owned());
    }
    body.push(more_than_tables(all));
    script.block(&["host_table pg_catalog.text;", "host_place pg_catalog.name;"], &body);
}

/// Adds the columns that a log table of an earlier version does not have.
pub(super) fn complete_log(script: &mut OfflineScript, tables: &Tables) {
    let log = qualified(tables).log;
    let table = literal(&log.quoted());
    let body = format!(
        "IF EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid {EQUAL} pg_catalog.to_regclass({table})::pg_catalog.oid\n        \
         AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid {EQUAL} c.oid \
         AND a.attname {EQUAL} ANY ({}::pg_catalog.name[]) AND NOT a.attisdropped) OPERATOR(pg_catalog.<) {}) THEN\n        {};\n    END IF;",
        literals(LATER_COLUMNS.into_iter()),
        LATER_COLUMNS.len(),
        add_log_columns_sql(&log)
    );
    script.block(&[], &[body]);
}

/// The same in short, for each step: what was there at the beginning of the script may be something else by now.
pub(super) fn same_tables(tables: &Tables) -> Vec<String> {
    let mut checks = vec![more_than_tables([&tables.version, &tables.log])];
    for table in [&tables.version, &tables.log].into_iter().filter(|table| table.schema.is_none()) {
        let regclass =
            |table: &TableName| format!("pg_catalog.to_regclass({})::pg_catalog.oid", literal(&table.quoted()));
        let condition = format!("COALESCE({} {DIFFERS} {}, true)", regclass(table), regclass(&table.or_schema(SCHEMA)));
        checks.push(raise(
            &condition,
            &format!("the table {table} of this script is not the one that is found without a schema"),
        ));
    }
    checks
}

/// Children, rules and triggers change what is read and written; nothing of host's makes any.
fn more_than_tables<'a>(tables: impl IntoIterator<Item = &'a TableName>) -> String {
    let tables = literals(tables.into_iter().map(|table| table.or_schema(SCHEMA).quoted()));
    let condition = format!(
        "EXISTS (SELECT FROM pg_catalog.unnest({tables}) t (name)\n        \
         JOIN pg_catalog.pg_class c ON c.oid {EQUAL} pg_catalog.to_regclass(t.name)::pg_catalog.oid\n        \
         WHERE c.relrowsecurity OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class {EQUAL} c.oid)\n        \
         OR EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid {EQUAL} c.oid AND NOT g.tgisinternal)\n        \
         OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent {EQUAL} c.oid AND c.relkind {EQUAL} 'r'))"
    );
    raise(&condition, "a table of host has children, rules, triggers or row security, which are not host's")
}

/// Raises an error when the database is somewhere else than the script takes it to be.
pub(super) fn begins_here(step: &Step, version: &TableName) -> String {
    let version = version.quoted();
    let applied = |rows: &[RevisionId]| {
        let rows = literals(rows.iter().map(RevisionId::as_str));
        format!("FROM ONLY {version} WHERE version_num::pg_catalog.text {EQUAL} ANY ({rows})")
    };
    if step.direction == Direction::Upgrade && step.change.remove.is_empty() {
        // What a new branch or a base begins on has no row of its own; that it is not applied yet is all that can be said.
        let message = format!("this script applies {}, which is applied already", step.revision);
        return raise(&format!("EXISTS (SELECT {})", applied(std::slice::from_ref(&step.revision))), &message);
    }
    let from = &step.change.remove;
    let names: Vec<&str> = from.iter().map(RevisionId::as_str).collect();
    raise(
        &format!("(SELECT pg_catalog.count(*) {}) {DIFFERS} {}", applied(from), from.len()),
        &format!("this script begins at {}, and the database is not there", names.join(", ")),
    )
}

/// Raises an error when the statement before it did not delete so many rows.
pub(super) fn deleted(rows: usize) -> [String; 2] {
    let message = "the migration changed the version table of host, so it is not recorded";
    ["GET DIAGNOSTICS host_rows = ROW_COUNT;".to_owned(), raise(&format!("host_rows {DIFFERS} {rows}"), message)]
}

/// Raises an error unless this transaction still is the one that locked the version table, at the beginning of the step: a
/// program that goes on after an error may have rolled that one back, and what comes then would stand alone.
pub(super) fn same_transaction(version: &TableName) -> String {
    raise(
        &format!(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid {EQUAL} pg_catalog.pg_backend_pid() \
             AND l.relation {EQUAL} pg_catalog.to_regclass({})::pg_catalog.oid AND l.mode {EQUAL} 'ShareRowExclusiveLock' AND l.granted)",
            literal(&version.quoted())
        ),
        "the transaction of this step was rolled back, so it is not recorded",
    )
}

/// Raises an error when the row that was just written belongs to a savepoint: a program that sets one before each statement
/// goes on after one that fails, in the same transaction, and nobody could tell.
pub(super) fn no_savepoint(row: &str) -> String {
    raise(
        &format!("{row} {DIFFERS} pg_catalog.xid(pg_catalog.pg_current_xact_id())"),
        "this program sets a savepoint before each statement, so that a failure could be recorded as done: turn that off",
    )
}

/// Where a step without a transaction is, as the value of [`MARK`]: so many statements are done.
pub(super) struct Position<'a> {
    pub(super) step: &'a Step,
    pub(super) done: usize,
}

impl Position<'_> {
    fn value(&self) -> String {
        literal(&format!("{} {} {}", self.step.direction, self.step.revision, self.done))
    }

    /// Raises an error when the step is not there.
    pub(super) fn is_reached(&self) -> String {
        let message = match self.done {
            0 => "this step was skipped, because a check failed".to_owned(),
            done => format!("statement {done} of this step is not done, so the rest is skipped"),
        };
        raise(&format!("NOT {}", self.is_here()), &message)
    }

    /// Whether the step is there.
    pub(super) fn is_here(&self) -> String {
        format!("(COALESCE(pg_catalog.current_setting('{MARK}', true), '') {EQUAL} {})", self.value())
    }

    /// Notes in a block that the step is there.
    pub(super) fn note(&self) -> String {
        format!("PERFORM pg_catalog.set_config('{MARK}', {}, false);", self.value())
    }

    /// Notes it in a query, if the condition holds.
    pub(super) fn note_if(&self, condition: &str) -> String {
        format!(
            "SELECT pg_catalog.set_config('{MARK}', CASE WHEN {condition} THEN {} ELSE 'failed' END, false)",
            self.value()
        )
    }
}

/// An expression that is true when a statement has done what it stands for; none where the catalogue does not show it.
pub(super) fn evidence(statement: &AutocommitCommand) -> Option<String> {
    let regclass = |name: &str| {
        // Its text form knows no escapes.
        let is_readable = !name.to_ascii_lowercase().contains("u&");
        is_readable.then(|| format!("pg_catalog.to_regclass({})", literal(name)))
    };
    match statement {
        AutocommitCommand::CreateIndex { name, table } => Some(format!(
            "EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid {EQUAL} i.indexrelid \
             WHERE c.relname {EQUAL} {}::pg_catalog.name AND i.indrelid {EQUAL} {}::pg_catalog.oid AND i.indisvalid AND i.indisready)",
            literal(name),
            regclass(table)?
        )),
        AutocommitCommand::DropIndex { index } => Some(format!("{} IS NULL", regclass(index)?)),
        AutocommitCommand::DetachPartition { table, partition } => Some(format!(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid {EQUAL} {}::pg_catalog.oid \
             AND i.inhparent {EQUAL} {}::pg_catalog.oid)",
            regclass(partition)?,
            regclass(table)?
        )),
        AutocommitCommand::Reindex | AutocommitCommand::Repeatable | AutocommitCommand::Other => None,
    }
}

fn raise(condition: &str, message: &str) -> String {
    format!("IF {condition} THEN\n        RAISE EXCEPTION USING MESSAGE = {};\n    END IF;", literal(message))
}
