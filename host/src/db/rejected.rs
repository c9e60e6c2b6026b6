//! The rows that transforms passed over, because the operator wants that rather than a migration that fails.
//!
//! A row is written in the transaction that writes the rows beside it, so it is there once or not at all. The table is made by the
//! first run that may pass over rows, and protected as the other tables of the host are from then on.

use sqlx::postgres::PgRow;

use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::names::TableKind;
use super::rejected_row::RejectedPlan;
use super::rejected_row::RejectedRow;
use super::sqlstate;
use super::sqlstate::UNDEFINED_TABLE;
use super::statement_journal::StepKey;
use super::violation::Violation;
use crate::config::TableName;
use crate::revision::RevisionId;
use crate::value::quote_text;

/// The most rows that are read.
const ROWS_MAX: u32 = 100_000;

/// What is read of each row, in this order.
const COLUMNS: &str =
    "id, revision, direction, statement, transform, target, key, message, source_row, plan, rejected_at";

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRow {
    /// Names it.
    pub id: String,
    /// Its step.
    pub step: StepKey,
    /// What was written.
    pub row: RejectedRow,
    /// When, as the server shows it.
    pub rejected_at: String,
}

impl RecordedRow {
    fn read(row: &PgRow) -> Option<Self> {
        let field = |index| text_field(row, index);
        let plan: RejectedPlan = serde_json::from_str(&field(9)?).ok()?;
        let key: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&field(6)?).ok()?;
        let key = plan.key.iter().map(|name| Some((name.clone(), key.get(name)?.as_str()?.to_owned())));
        Some(Self {
            id: field(0)?,
            step: StepKey { revision: RevisionId::new(field(1)?).ok()?, direction: field(2)? },
            row: RejectedRow {
                statement: field(3)?.parse().ok()?,
                transform: field(4)?,
                target: field(5)?,
                key: key.collect::<Option<_>>()?,
                message: field(7)?,
                row: field(8)?,
                plan,
            },
            rejected_at: field(10)?,
        })
    }
}

/// The statement that makes the table where it is missing.
pub(super) fn create_rejected_sql(table: &TableName) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\n    \
         id uuid NOT NULL PRIMARY KEY,\n    \
         revision text NOT NULL,\n    \
         direction text NOT NULL,\n    \
         statement integer NOT NULL,\n    \
         transform text NOT NULL,\n    \
         target text NOT NULL,\n    \
         key jsonb NOT NULL,\n    \
         message text NOT NULL,\n    \
         source_row jsonb NOT NULL,\n    \
         plan jsonb NOT NULL,\n    \
         rejected_at timestamp with time zone NOT NULL\n)",
        table.quoted()
    )
}

impl Database {
    /// Makes the table of rejected rows where it is missing. One that is there has to be the host's: whoever made it could have
    /// let something run with the rights of the user who logs in.
    ///
    /// # Errors
    /// [`DatabaseError`] when it cannot be made, or is something else.
    pub async fn ensure_rejected(&mut self) -> Result<(), DatabaseError> {
        if !self.are_tables_found() {
            self.find_tables().await?;
        }
        let table = self.tables.rejected.quoted();
        let name = quote_text(&table);
        let is_there = format!("SELECT to_regclass({name}) IS NOT NULL");
        let rows = self.simple_apart("look for the table of rejected rows", &is_there).await?;
        if rows.first().and_then(|row| text_field(row, 0)).as_deref() != Some("t") {
            self.may_make_tables().await?;
            let sql = create_rejected_sql(&self.tables.rejected);
            match self.simple_on_tables("create the table of rejected rows", &sql).await {
                Ok(_) => {}
                // Another worker has made it at the same moment. IF NOT EXISTS does not wait for that, the index of the catalogue does.
                Err(DatabaseError::Statement { error, .. }) if error.sqlstate == sqlstate::UNIQUE_VIOLATION => {}
                Err(error) => return Err(error),
            }
            // Its number is not known yet.
            self.table_numbers = None;
        }
        let sql = format!(
            "SELECT EXISTS (SELECT FROM pg_attrdef WHERE adrelid = c.oid) \
             OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype NOT IN ('p', 'n')) \
             OR EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND (indexprs IS NOT NULL OR indpred IS NOT NULL)), \
             has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') \
             AND has_table_privilege(c.oid, 'DELETE') FROM pg_class AS c WHERE c.oid = {name}::regclass"
        );
        let rows = self.simple_apart("check the table of rejected rows", &sql).await?;
        let is_true = |index| rows.first().and_then(|row| text_field(row, index)).as_deref() == Some("t");
        if is_true(0) {
            let reason = "it has defaults, constraints or indexes that host does not make".to_owned();
            return Err(self.foreign_table(TableKind::Rejected, reason));
        }
        if !is_true(1) {
            return Err(DatabaseError::NoRights {
                table: self.tables.rejected.to_string(),
                rights: "SELECT, INSERT, UPDATE, DELETE".to_owned(),
                user: self.connector.user().to_owned(),
            });
        }
        // Names every column, and reads no row.
        let sql = format!("SELECT {COLUMNS} FROM ONLY {table} LIMIT 0");
        let read = self.simple_on_tables("read the table of rejected rows", &sql).await;
        read.map(drop).map_err(|error| self.foreign(TableKind::Rejected, error))
    }

    /// Writes rows into the table of this number, in the transaction that is open.
    ///
    /// # Errors
    /// [`DatabaseError::IntegrityViolated`] when it is another table, or what the server said.
    pub(super) async fn write_rejected(
        &mut self,
        step: &StepKey,
        number: u32,
        rows: &[RejectedRow],
    ) -> Result<(), DatabaseError> {
        let number = number.to_string();
        for row in rows {
            let insert = row.insert(&self.tables.rejected, step.revision.as_str(), &step.direction);
            let written = self.simple("write the table of rejected rows", insert).await?;
            if written.first().and_then(|row| text_field(row, 0)).as_ref() != Some(&number) {
                let violations = vec![Violation::Moved { table: self.tables.rejected.to_string() }];
                return Err(DatabaseError::IntegrityViolated { violations });
            }
        }
        Ok(())
    }

    /// Whether the table of rejected rows is known to be there.
    pub fn knows_rejected(&self) -> bool {
        self.table_numbers.is_some_and(|numbers| numbers.rejected != 0)
    }

    /// The rows that transforms passed over, in the order in which they were; of one revision or of all. No table, no rows.
    ///
    /// # Errors
    /// [`DatabaseError`] when the table cannot be read.
    pub async fn read_rejected(&mut self, revision: Option<&RevisionId>) -> Result<Vec<RecordedRow>, DatabaseError> {
        let which = revision.map(|revision| {
            format!(" WHERE revision OPERATOR(pg_catalog.=) {}::pg_catalog.text", quote_text(revision.as_str()))
        });
        let which = format!("{} ORDER BY rejected_at, id LIMIT {ROWS_MAX}", which.unwrap_or_default());
        let rows = self.select_rejected(COLUMNS, &which).await?;
        let read: Option<Vec<_>> = rows.iter().map(RecordedRow::read).collect();
        read.ok_or_else(|| self.foreign_table(TableKind::Rejected, "one of its rows cannot be read".to_owned()))
    }

    /// How many rows each statement of a step has passed over. No table, no rows.
    ///
    /// # Errors
    /// [`DatabaseError`] when the table cannot be read.
    pub async fn count_rejected(&mut self, step: &StepKey, statement: Option<u32>) -> Result<u64, DatabaseError> {
        let statement = statement.map(|number| format!(" AND statement OPERATOR(pg_catalog.=) {number}"));
        let which = format!(" WHERE {}{}", of_step(step), statement.unwrap_or_default());
        let rows = self.select_rejected("pg_catalog.count(*)", &which).await?;
        Ok(rows.first().and_then(|row| text_field(row, 0)).and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    async fn select_rejected(&mut self, columns: &str, which: &str) -> Result<Vec<PgRow>, DatabaseError> {
        if !self.are_tables_found() && !self.find_tables().await?.rejected {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {columns} FROM ONLY {}{which}", self.tables.rejected.quoted());
        match self.simple("read the table of rejected rows", sql).await {
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == UNDEFINED_TABLE => Ok(Vec::new()),
            rows => rows.map_err(|error| self.foreign(TableKind::Rejected, error)),
        }
    }
}

/// The condition for the rows of a step.
pub(super) fn of_step(step: &StepKey) -> String {
    format!(
        "revision OPERATOR(pg_catalog.=) {}::pg_catalog.text AND direction OPERATOR(pg_catalog.=) {}::pg_catalog.text",
        quote_text(step.revision.as_str()),
        quote_text(&step.direction)
    )
}
