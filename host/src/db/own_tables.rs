//! The host's own tables: where they are, and that nothing is attached to them.
//!
//! Names without a schema are looked up once, and then stand with it. Whatever a migration can make may try to be taken for one
//! of these tables, or to change what a statement on them does: a table of the same name in a schema that is searched earlier
//! (`"$user"`, temporary tables), a child table whose rows count as those of its parent, rules, triggers, policies. So two
//! tables of one name are refused, every statement says ONLY, and what is attached to them stops a step before it is recorded.

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::integrity::DEFAULTS_TABLES;
use super::liveness::SessionIdentity;
use super::names::KINDS;
use super::names::TableKind;
use super::table_state::TableNumbers;
use super::violation::Violation;
use crate::config::TableName;
use crate::value::quote_text;

/// Which of the host's tables exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Existing {
    pub(super) version: bool,
    pub(super) log: bool,
    pub(super) journal: bool,
    pub(super) rejected: bool,
}

impl Existing {
    /// Whether those exist that each run needs.
    pub(super) fn all(self) -> bool {
        self.version && self.log && self.journal
    }
}

impl Database {
    pub(super) fn table(&self, kind: TableKind) -> &TableName {
        match kind {
            TableKind::Version => &self.tables.version,
            TableKind::Log => &self.tables.log,
            TableKind::Journal => &self.tables.journal,
            TableKind::Rejected => &self.tables.rejected,
        }
    }

    /// Two statements: the schema in which a table without one would be made, with the session that this is, and one row for each relation that has the name
    /// of one of the host's tables and can be seen: name, schema, kind (`pg_class.relkind`).
    pub(super) fn select_places(&self) -> String {
        let conditions: Vec<String> = KINDS
            .into_iter()
            .map(|kind| {
                let table = self.table(kind);
                let name = format!("c.relname OPERATOR(pg_catalog.=) {}", quote_text(&table.name));
                let schema = match &table.schema {
                    Some(schema) => format!("n.nspname OPERATOR(pg_catalog.=) {}", quote_text(schema)),
                    None => "n.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(true))".to_owned(),
                };
                format!("({name} AND {schema})")
            })
            .collect();
        format!(
            "SELECT pg_catalog.current_schema(), pid, backend_start \
             FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()); \
             SELECT c.relname, n.nspname, c.relkind FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n \
             ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE {} LIMIT {PLACES_MAX}",
            conditions.join(" OR ")
        )
    }

    /// Reads what was selected: which tables exist. From then on their names stand with a schema.
    ///
    /// # Errors
    /// [`DatabaseError::AmbiguousTable`] when there are two of a name, [`DatabaseError::ForeignTable`] for what is no table.
    pub(super) fn read_places(&mut self, schema: &[PgRow], places: &[PgRow]) -> Result<Existing, DatabaseError> {
        // From now on a silence can be told from a loss.
        if let Some(row) = schema.first()
            && let (Some(process), Some(started)) = (text_field(row, 1), text_field(row, 2))
        {
            self.liveness.know(SessionIdentity { process, started });
        }
        let found = |table: &TableName| -> Vec<(String, String)> {
            let of_table = places.iter().filter(|row| {
                text_field(row, 0).as_ref() == Some(&table.name)
                    && table.schema.as_ref().is_none_or(|schema| text_field(row, 1).as_ref() == Some(schema))
            });
            of_table.filter_map(|row| Some((text_field(row, 1)?, text_field(row, 2)?))).collect()
        };
        let mut schemas = [None, None, None, None];
        for (kind, place) in KINDS.into_iter().zip(&mut schemas) {
            let table = self.table(kind);
            let found = found(table);
            if found.len() > 1 {
                let mut places: Vec<String> =
                    found.iter().map(|(schema, _)| table.or_schema(schema).to_string()).collect();
                places.sort();
                return Err(DatabaseError::AmbiguousTable { kind, name: table.name.clone(), places });
            }
            if let Some((schema, relkind)) = found.into_iter().next() {
                if let Some(what) = no_table(&relkind) {
                    let (table, reason) = (table.or_schema(&schema).to_string(), format!("it is {what}"));
                    return Err(DatabaseError::ForeignTable { kind, table, reason });
                }
                *place = Some(schema);
            }
        }
        let [version, log, journal, rejected] = [0, 1, 2, 3].map(|index: usize| schemas[index].is_some());
        let existing = Existing { version, log, journal, rejected };
        // All that have no schema of their own lie beside the version table.
        let beside =
            schemas.iter().flatten().next().cloned().or_else(|| schema.first().and_then(|row| text_field(row, 0)));
        let tables = &mut self.tables;
        let all = [&mut tables.version, &mut tables.log, &mut tables.journal, &mut tables.rejected];
        for (table, place) in all.into_iter().zip(schemas) {
            if let Some(schema) = place.as_ref().or(beside.as_ref()) {
                *table = table.or_schema(schema);
            }
        }
        Ok(existing)
    }

    /// Looks where the host's tables are, if that is not known yet. One round trip.
    ///
    /// # Errors
    /// Those of [`Database::read_places`], or what the server said.
    pub(super) async fn find_tables(&mut self) -> Result<Existing, DatabaseError> {
        let results = self.results("find the version table", self.select_places()).await;
        match (results.error, results.statements.as_slice()) {
            (Some(error), _) => Err(error),
            (None, [schema, places]) => self.read_places(schema, places),
            (None, _) => Err(super::transaction::no_answer("find the version table")),
        }
    }

    /// Whether every name has its schema.
    pub(super) fn are_tables_found(&self) -> bool {
        KINDS.into_iter().all(|kind| self.table(kind).schema.is_some())
    }

    /// What is attached to the host's tables and could change what a statement on them does. Whoever made it: nothing is.
    ///
    /// # Errors
    /// What the server said.
    pub(super) async fn attachments(&mut self, tables: TableNumbers) -> Result<Vec<Violation>, DatabaseError> {
        let rows = self.simple("check the version table", tables.select_attachments()).await?;
        let violation = |row: &PgRow| {
            let number = text_field(row, 0)?.parse().ok()?;
            let table = self.table(tables.kind(number)?).to_string();
            Some(Violation::Attached { table, what: text_field(row, 1)? })
        };
        Ok(rows.iter().filter_map(violation).collect())
    }

    /// What to select for a digest of all rows of each table that is there, in the order of their kinds. It costs as much as they
    /// are long.
    pub(super) fn select_contents(&self, tables: TableNumbers) -> Vec<String> {
        let of = |kind| {
            format!(
                "SELECT pg_catalog.concat(pg_catalog.count(*), ' ', \
                 pg_catalog.sum(pg_catalog.hashtextextended((t.*)::pg_catalog.text, 0))) FROM ONLY {} AS t",
                self.table(kind).quoted()
            )
        };
        tables.kinds().map(of).collect()
    }
}

impl TableNumbers {
    /// What to select to see what is attached to the tables: number and what it is.
    pub(super) fn select_attachments(self) -> String {
        let array = self.array();
        let is_one = |column: &str| format!("{column} OPERATOR(pg_catalog.=) ANY ({array})");
        let named = |what: &str, name: &str| format!("'{what} ' OPERATOR(pg_catalog.||) {name}::pg_catalog.text");
        let parts = [
            ("inhparent", named("the child table", "inhrelid::pg_catalog.regclass"), "pg_catalog.pg_inherits", ""),
            ("inhrelid", named("the parent table", "inhparent::pg_catalog.regclass"), "pg_catalog.pg_inherits", ""),
            ("ev_class", named("the rule", "rulename"), "pg_catalog.pg_rewrite", ""),
            ("tgrelid", named("the trigger", "tgname"), "pg_catalog.pg_trigger", " AND NOT tgisinternal"),
            ("polrelid", named("the policy", "polname"), "pg_catalog.pg_policy", ""),
            ("stxrelid", named("the statistics object", "stxname"), "pg_catalog.pg_statistic_ext", ""),
            // Part of an extension, it is left out of dumps, and goes with the extension.
            (
                "objid",
                "'an extension that it is part of'".to_owned(),
                "pg_catalog.pg_depend",
                " AND deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\" \
             AND classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid",
            ),
            (
                "prrelid",
                "'a publication with a filter or a list of columns'".to_owned(),
                "pg_catalog.pg_publication_rel AS p",
                " AND \
             (pg_catalog.to_jsonb(p.*) OPERATOR(pg_catalog.->>) 'prqual' IS NOT NULL OR \
             pg_catalog.to_jsonb(p.*) OPERATOR(pg_catalog.->>) 'prattrs' IS NOT NULL)",
            ),
            ("oid", "'row security'".to_owned(), "pg_catalog.pg_class", " AND (relrowsecurity OR relforcerowsecurity)"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .map(|(column, what, table, more)| {
                format!("SELECT {column}, {what} FROM {table} WHERE {}{more}", is_one(column))
            })
            .collect();
        format!("{} LIMIT {PLACES_MAX}", parts.join(" UNION ALL "))
    }

    /// Which locks to select: table number and mode, one row for each lock of this session that reading does not take.
    ///
    /// The locks of what was rolled back to a savepoint are gone, which is right. The function is what the view `pg_locks` is
    /// made of.
    pub(super) fn select_locks(self) -> String {
        format!(
            "SELECT relation, mode FROM pg_catalog.pg_lock_status() \
             WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND (relation OPERATOR(pg_catalog.=) ANY ({}) \
             OR relation OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog.oid[])) \
             AND mode OPERATOR(pg_catalog.<>) ALL ('{{AccessShareLock,RowShareLock}}'::pg_catalog.text[])",
            self.array(),
            DEFAULTS_TABLES.map(|number| number.to_string()).join(","),
        )
    }
}

/// The most rows that are read about the places of tables, and about what is attached to them.
const PLACES_MAX: usize = 100;

/// What a relation is that is not an ordinary table (PostgreSQL manual, `pg_class.relkind`). With ONLY, a partitioned table
/// has no rows.
fn no_table(relkind: &str) -> Option<&'static str> {
    match relkind {
        "r" => None,
        "p" => Some("a partitioned table"),
        "v" => Some("a view"),
        "m" => Some("a materialized view"),
        "f" => Some("a foreign table"),
        "S" => Some("a sequence"),
        "i" | "I" => Some("an index"),
        "c" => Some("a composite type"),
        _ => Some("something else"),
    }
}
