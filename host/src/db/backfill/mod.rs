//! A transform that commits batch by batch, on several connections: who works on which range of keys, and which ranges are done.
//!
//! All of it stands in the journal, below the row of its statement: one row for what no range was cut of yet (the rest), and one for each
//! range. A range that is worked on is leased: its row names the session that works on it, until when, and a token that each lease
//! counts up. The row is finished in the transaction that writes the range, and only for the token of that lease. So a range is
//! written once, whoever comes back late.

mod claim;
mod committed;
mod pressure;
mod program;
mod retry;
mod row;
mod status;

use std::time::Duration;

pub use self::claim::Claim;
pub use self::claim::Range;
pub use self::claim::Request;
pub use self::program::BackfillTerms;
pub use self::program::Program;
pub use self::program::StoredPlan;
use self::row::Rest;
pub use self::status::BackfillState;
pub use self::status::BackfillStatus;
pub use self::status::Wish;
use super::connect::Database;
use super::connect::Results;
use super::driver::text_field;
use super::error::DatabaseError;
use super::integrity::TransactionState;
use super::non_transactional::StatementBaseline;
use super::rejected_row::RejectedRow;
use super::session::Key;
use super::session::Session;
use super::session::SessionError;
use super::session::Transform;
use super::statement_journal::RANGES_FROM;
use super::statement_journal::StepKey;
use super::table_state::TableState;
use super::transaction::no_answer;
use super::violation::MayChange;
pub use crate::config::BackfillSettings;
use crate::value::plain_text as plain;
use crate::value::quote_identifier;
use crate::value::quote_text;

/// The most ranges of one transform.
const RANGES_MAX: u32 = 1_000_000;

/// The most statements of a migration that can be such a transform: the positions of the journal are no larger.
const POSITIONS_MAX: u32 = 1_000;

/// What the journal calls the rest and a range.
const REST: &str = "REST";
const RANGE: &str = "RANGE";

/// The time: microseconds since 1970-01-01 UTC.
const NOW: &str =
    "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8";

/// A transform in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// Its step.
    pub step: StepKey,
    /// The number of its statement.
    pub position: u32,
    /// The time that the migration sees.
    pub clock_micros: i64,
}

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is committed.
    Committed,
    /// Its lease ran out, and somebody else has the range: nothing was written.
    Overtaken,
    /// More rows would be passed over than may be: nothing was written.
    BeyondCap,
}

/// What a batch did.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// Rows that it wrote.
    pub rows: u64,
    /// Rows that it passed over.
    pub rejected: &'a [RejectedRow],
    /// The most rows that the transform may pass over in all.
    pub rejected_max: u64,
}

impl Backfill {
    /// One of this statement.
    ///
    /// # Errors
    /// Says how many statements a migration may have before it.
    pub fn new(step: StepKey, position: u32, clock_micros: i64) -> Result<Self, String> {
        if position > POSITIONS_MAX {
            return Err(format!(
                "run-transform with commit-per-batch is statement {position}: it has to be one of the first {POSITIONS_MAX}"
            ));
        }
        Ok(Self { step, position, clock_micros })
    }

    /// The position of the row of the rest; ranges come behind it.
    fn base(&self) -> u32 {
        RANGES_FROM + self.position * RANGES_MAX
    }

    /// The condition for the rows of this step.
    fn of_step(&self) -> String {
        format!(
            "revision OPERATOR(pg_catalog.=) {}::pg_catalog.text AND direction OPERATOR(pg_catalog.=) {}::pg_catalog.text",
            quote_text(self.step.revision.as_str()),
            quote_text(&self.step.direction)
        )
    }

    /// The condition for the row of the rest.
    fn is_rest(&self) -> String {
        format!("{} AND position OPERATOR(pg_catalog.=) {}", self.of_step(), self.base())
    }

    /// The query for the row of the rest, which it locks, and for the time.
    fn select_rest(&self, journal: &str) -> String {
        format!("SELECT statement, {NOW} FROM ONLY {journal} WHERE {} FOR UPDATE", self.is_rest())
    }

    /// The statement that writes the row of the rest.
    fn update_rest(&self, journal: &str, rest: &Rest) -> String {
        format!("UPDATE ONLY {journal} SET statement = {} WHERE {}", plain(&rest.written()), self.is_rest())
    }

    /// The condition for the rows of its ranges.
    fn is_range(&self) -> String {
        format!(
            "{} AND position OPERATOR(pg_catalog.>) {} AND position OPERATOR(pg_catalog.<) {}",
            self.of_step(),
            self.base(),
            self.base() + RANGES_MAX
        )
    }
}

impl Database {
    /// Begins the transaction of a batch, in which the server notices what others change meanwhile.
    async fn begin_batch(&mut self) -> Result<StatementBaseline, DatabaseError> {
        let tables = self.known_table_numbers().await?;
        let doing = "begin the transaction of a batch";
        let sql = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE NOT DEFERRABLE; {}; {}",
            tables.select_states(),
            TransactionState::select(),
        );
        let Results { mut statements, error } = self.results(doing, sql).await;
        if let Some(error) = error {
            return Err(error);
        }
        let state = statements.pop().unwrap_or_default();
        let signs = statements.pop().unwrap_or_default();
        let state = TransactionState::read(&state).ok_or_else(|| no_answer(doing))?;
        Ok(StatementBaseline { state, tables, states: TableState::read(&signs) })
    }
}

impl Database {
    /// Changes the row of the rest, as the user who logged in; `change` gets the time as well, in microseconds since 1970-01-01 UTC by
    /// the database's clock. False where there is no such row.
    async fn change_rest(
        &mut self,
        backfill: &Backfill,
        change: impl FnOnce(&mut Rest, i64),
    ) -> Result<bool, DatabaseError> {
        let (doing, journal) = ("write the journal", self.tables().journal.quoted());
        let written = async {
            let select = format!("BEGIN; SET LOCAL ROLE NONE; {}", backfill.select_rest(&journal));
            let rows = self.simple(doing, select).await?;
            let Some((mut rest, now)) = rows.last().and_then(read_rest) else { return Ok(false) };
            change(&mut rest, now);
            self.simple(doing, backfill.update_rest(&journal, &rest)).await?;
            Ok(true)
        };
        let written = written.await;
        let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.simple(doing, end.to_owned()).await?;
        written
    }
}

/// The transaction of a batch.
pub struct Batch(StatementBaseline);

impl Session {
    /// Makes the session fit for batches: a transaction that waits for a host which is not heard of ends when the lease does.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn prepare_for_batches(&mut self, lease: Duration) -> Result<(), SessionError> {
        let sql = format!("SET idle_in_transaction_session_timeout = {}; SET ROLE NONE", lease.as_millis());
        let database = self.database_mut();
        database.simple("prepare the session", sql).await?;
        database.known_table_numbers().await?;
        if let Some(role) = database.connector().role().map(quote_identifier) {
            database.simple("prepare the session", format!("SET ROLE {role}")).await?;
        }
        Ok(())
    }

    /// Begins the transaction of a batch.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn begin_batch(&mut self) -> Result<Batch, SessionError> {
        Ok(Batch(self.database_mut().begin_batch().await?))
    }

    /// Checks what the batch did, writes down that its range is done, and commits both.
    ///
    /// # Errors
    /// [`SessionError`]; a serialization failure when others changed the same rows.
    pub async fn commit_batch(
        &mut self,
        backfill: &Backfill,
        (batch, range): (Batch, &Range),
        Done { rows, rejected, rejected_max }: Done<'_>,
        may_change: MayChange,
    ) -> Result<Ended, SessionError> {
        let database = self.database_mut();
        database.check_statement(&batch.0, may_change).await.map_err(refused_by_server)?;
        if !rejected.is_empty() {
            let (step, table) = (&backfill.step, batch.0.tables.rejected);
            database.write_rejected(step, table, rejected).await.map_err(refused_by_server)?;
            if database.count_rejected(step, Some(backfill.position)).await? > rejected_max {
                self.rollback_batch().await?;
                return Ok(Ended::BeyondCap);
            }
        }
        let database = self.database_mut();
        let done = format!(
            "UPDATE ONLY {} SET state = 'finished', rows = {rows}, error = NULL, finished_at = pg_catalog.clock_timestamp() \
             WHERE {} AND position OPERATOR(pg_catalog.=) {} AND state OPERATOR(pg_catalog.=) 'started' \
             AND found OPERATOR(pg_catalog.=) {} RETURNING position",
            database.tables().journal.quoted(),
            backfill.of_step(),
            range.position,
            range.token,
        );
        let written = database.simple("write the journal", done).await.map_err(refused_by_server)?;
        if written.is_empty() {
            self.rollback_batch().await?;
            return Ok(Ended::Overtaken);
        }
        self.database_mut().commit().await.map_err(refused_by_server)?;
        Ok(Ended::Committed)
    }

    /// Takes back what a batch did.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn rollback_batch(&mut self) -> Result<(), SessionError> {
        self.database_mut().simple("roll back", "ROLLBACK".to_owned()).await?;
        Ok(())
    }

    /// Writes down that a range failed, unless somebody else has it by now. Whoever goes on with the transform tries it again.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn fail_range(&mut self, backfill: &Backfill, range: &Range, why: &str) -> Result<(), SessionError> {
        let sql = format!(
            "UPDATE ONLY {} SET state = 'failed', error = {} WHERE {} AND position OPERATOR(pg_catalog.=) {} \
             AND state OPERATOR(pg_catalog.=) 'started' AND found OPERATOR(pg_catalog.=) {}",
            self.database_mut().tables().journal.quoted(),
            plain(why),
            backfill.of_step(),
            range.position,
            range.token,
        );
        self.as_login(&[sql]).await?;
        Ok(())
    }

    /// Begins a transform in the journal, or goes on with it: then what failed is tried again.
    ///
    /// # Errors
    /// [`SessionError`]: `misuse` when a row has no key.
    pub async fn begin_backfill(
        &mut self,
        backfill: &Backfill,
        transform: &Transform,
        stored: &StoredPlan,
    ) -> Result<(), SessionError> {
        let journal = self.database_mut().tables().journal.quoted();
        let again = format!(
            "UPDATE ONLY {journal} SET state = 'started', error = NULL, finished_at = pg_catalog.clock_timestamp() \
             WHERE {} AND state OPERATOR(pg_catalog.=) 'failed'",
            backfill.is_range(),
        );
        let plan = stored.write(&journal, backfill);
        self.as_login(&[again, plan]).await?;
        let program = stored.program.digest();
        let known = self.database_mut().change_rest(backfill, |rest, _| rest.program.clone_from(&program)).await;
        if known.map_err(refused_by_server)? {
            return Ok(());
        }
        let last = self.last_key(transform).await?;
        let (first, estimate) = self.size(transform).await?;
        let rest = Rest { until: last.map(|key| key.texts().to_vec()), program, first, estimate, ..Rest::default() };
        let insert =
            row::insert(&journal, backfill, &backfill.base().to_string(), REST, &rest.written(), "''", 0, "NULL");
        self.as_login(&[format!("{insert} ON CONFLICT DO NOTHING")]).await?;
        Ok(())
    }

    /// Runs statements of the host in a transaction, as the user who logged in, and gives the rows of the last one.
    async fn as_login(&mut self, statements: &[String]) -> Result<Vec<sqlx::postgres::PgRow>, SessionError> {
        let sql = format!("BEGIN; SET LOCAL ROLE NONE; {}", statements.join("; "));
        let database = self.database_mut();
        let rows = match database.simple("write the journal", sql).await {
            Ok(rows) => rows,
            Err(error) => {
                database.simple("roll back", "ROLLBACK".to_owned()).await?;
                return Err(refused_by_server(error));
            }
        };
        self.database_mut().simple("write the journal", "COMMIT".to_owned()).await.map_err(refused_by_server)?;
        Ok(rows)
    }
}

/// What [`Backfill::select_rest`] found.
fn read_rest(row: &sqlx::postgres::PgRow) -> Option<(Rest, i64)> {
    Some((Rest::read(&text_field(row, 0)?)?, text_field(row, 1)?.parse().ok()?))
}

/// What the server refuses in a batch may be repeated or told; what is lost is not.
fn refused_by_server(error: DatabaseError) -> SessionError {
    match error {
        DatabaseError::Statement { error, .. } | DatabaseError::DeferredConstraint { error } => {
            SessionError::guest(crate::bindings::types::Error::Sql(*error))
        }
        error => SessionError::Fatal(error),
    }
}
