//! Taking a range: one whose lease ran out, or a new one.

use std::time::Duration;

use super::Backfill;
use super::Key;
use super::RANGE;
use super::RANGES_MAX;
use super::Session;
use super::SessionError;
use super::Transform;
use super::read_rest;
use super::refused_by_server;
use super::row;
use super::row::Bounds;
use super::row::Rest;
use crate::bindings::types::Error;
use crate::db::driver::text_field;
use crate::value::quote_identifier;

/// What the host does, in an error.
const DOING: &str = "take a range";

/// A range of keys, and the lease of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub(super) position: u32,
    pub(super) token: i64,
    /// The key behind which it begins; none at the beginning.
    pub after: Option<Key>,
    /// The last key that it may have.
    pub until: Key,
}

impl Range {
    /// How often it was leased before: its batch may have taken longer than a lease.
    pub fn tries(&self) -> u32 {
        u32::try_from(self.token.saturating_sub(1)).unwrap_or(0)
    }
}

/// What a worker says when it asks for a range.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What gives the rows here: [`super::Program::digest`].
    pub program: &'a str,
    /// The most rows of a new range.
    pub rows_max: u32,
    /// The most rows a second that all machines together write; 0 is no limit.
    pub rows_per_second: u32,
    /// For how long. Each time that a lease of a range ran out it is given twice as long.
    pub lease: Duration,
}

impl Request<'_> {
    /// How long a range holds back the next one, in microseconds.
    fn interval(&self) -> Option<i64> {
        let rate = i64::from(self.rows_per_second);
        (i64::from(self.rows_max) * 1_000_000).checked_div(rate)
    }
}

/// What there is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// This range.
    Range(Range),
    /// Nothing yet: others work on the last ranges, and may fail.
    Wait,
    /// Nothing for so long: more rows a second are not to be written.
    NotBefore(Duration),
    /// Nothing for who asked: another build of the migration is at work, or other arguments.
    AnotherProgram,
    /// Nothing, as the operator says.
    Paused,
    /// Nothing any more: the journal knows nothing of it. Its step is done, or was forgotten.
    Gone,
    /// Nothing any more, as the operator says.
    Cancelled,
    /// Nothing any more: all ranges are done.
    Done,
    /// A range failed elsewhere.
    Failed(String),
}

/// The session itself, as a lease names it: its process, and when that began.
const OWNER: &str = "(SELECT pg_catalog.concat(a.pid, '/', pg_catalog.date_part('epoch', a.backend_start)) \
                     FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS a)";

/// Whether the session that the lease in a row `j` names is gone. Of one of another user only the process can be seen.
pub(super) const OWNER_IS_GONE: &str = "NOT EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(NULL) AS a \
    WHERE a.pid::pg_catalog.text OPERATOR(pg_catalog.=) pg_catalog.split_part(j.digest, '/', 1) AND (a.backend_start IS NULL OR \
    pg_catalog.date_part('epoch', a.backend_start)::pg_catalog.text OPERATOR(pg_catalog.=) pg_catalog.split_part(j.digest, '/', 2)))";

impl Session {
    /// Takes a range.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn claim(
        &mut self,
        backfill: &Backfill,
        transform: &Transform,
        request: Request<'_>,
    ) -> Result<Claim, SessionError> {
        let claimed = self.claim_in_transaction(backfill, transform, request).await;
        if let Err(SessionError::Fatal(_)) = &claimed {
            return claimed;
        }
        let end = if claimed.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.database_mut().simple(DOING, end.to_owned()).await.map_err(refused_by_server)?;
        claimed
    }

    async fn claim_in_transaction(
        &mut self,
        backfill: &Backfill,
        transform: &Transform,
        request: Request<'_>,
    ) -> Result<Claim, SessionError> {
        let journal = self.database_mut().tables().journal.quoted();
        // Whoever takes a range holds the row of the rest, for a moment.
        let sql = format!("BEGIN; SET LOCAL ROLE NONE; {}", backfill.select_rest(&journal));
        let rows = self.database_mut().simple(DOING, sql).await.map_err(refused_by_server)?;
        let Some((mut rest, now)) = rows.last().and_then(read_rest) else { return Ok(Claim::Gone) };
        match (rest.cancelled, rest.paused) {
            (true, _) => return Ok(Claim::Cancelled),
            _ if rest.program != request.program => return Ok(Claim::AnotherProgram),
            (false, true) => return Ok(Claim::Paused),
            (false, false) => {}
        }
        if let Some(interval) = request.interval().filter(|_| rest.until.is_some()) {
            let wait = rest.not_before.saturating_sub(now);
            // What is farther away is of a limit that was lower.
            if (1..=interval).contains(&wait) {
                return Ok(Claim::NotBefore(Duration::from_micros(wait.unsigned_abs())));
            }
            rest.not_before = now.saturating_add(interval);
        }
        let was_held = rest.held.take().is_some();
        if let Some(range) = self.take_over(backfill, &journal, request.lease).await? {
            if was_held || request.rows_per_second > 0 {
                let sql = backfill.update_rest(&journal, &rest);
                self.database_mut().simple(DOING, sql).await.map_err(refused_by_server)?;
            }
            return Ok(Claim::Range(range));
        }
        match rest.until.clone() {
            Some(until) => self.cut(backfill, &journal, transform, request, (rest, Key::of_texts(until))).await,
            None => self.what_is_left(backfill, &journal).await,
        }
    }

    /// Cuts a range of the rest.
    async fn cut(
        &mut self,
        backfill: &Backfill,
        journal: &str,
        transform: &Transform,
        request: Request<'_>,
        (mut rest, end): (Rest, Key),
    ) -> Result<Claim, SessionError> {
        self.as_role().await?;
        let after = rest.after.clone().map(Key::of_texts);
        let bound = self.key_after(transform, after.as_ref(), &end, request.rows_max).await?;
        let (until, is_last) = match bound {
            Some(key) if key != end => (key, false),
            _ => (end, true),
        };
        let bounds = Bounds { after: rest.after.take(), until: until.texts().to_vec() };
        rest.after = Some(bounds.until.clone());
        rest.cut = rest.cut.saturating_add(u64::from(request.rows_max));
        if is_last {
            rest.until = None;
        }
        let lease_until = format!("pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) {}", interval(request.lease));
        let last = format!(
            "(SELECT COALESCE(pg_catalog.max(position), {}) OPERATOR(pg_catalog.+) 1 FROM ONLY {journal} WHERE {})",
            backfill.base(),
            backfill.is_range()
        );
        let insert = row::insert(journal, backfill, &last, RANGE, &bounds.written(), OWNER, 1, &lease_until);
        let update = backfill.update_rest(journal, &rest);
        let sql = format!("SET LOCAL ROLE NONE; {update}; {insert} RETURNING position");
        let rows = self.database_mut().simple(DOING, sql).await.map_err(refused_by_server)?;
        let position = rows.last().and_then(|row| text_field(row, 0)).and_then(|text| text.parse::<u32>().ok());
        let position = position.filter(|position| *position < backfill.base() + RANGES_MAX).ok_or_else(|| {
            let text = format!("run-transform: there are more than {RANGES_MAX} batches: take larger ones");
            SessionError::guest(Error::Misuse(text))
        })?;
        let (after, until) = bounds.keys();
        Ok(Claim::Range(Range { position, token: 1, after, until }))
    }

    /// Takes the first range that nobody works on any more.
    async fn take_over(
        &mut self,
        backfill: &Backfill,
        journal: &str,
        lease: Duration,
    ) -> Result<Option<Range>, SessionError> {
        let interval = interval(lease);
        let sql = format!(
            "UPDATE ONLY {journal} SET found = found OPERATOR(pg_catalog.+) 1, digest = {OWNER}, \
             started_at = pg_catalog.clock_timestamp(), finished_at = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) \
             ({interval} OPERATOR(pg_catalog.*) pg_catalog.power(2::pg_catalog.float8, LEAST(found, 8)::pg_catalog.float8)) \
             WHERE {} AND position OPERATOR(pg_catalog.=) (SELECT j.position FROM ONLY {journal} AS j WHERE {} \
             AND j.state OPERATOR(pg_catalog.=) 'started' \
             AND (j.finished_at OPERATOR(pg_catalog.<) pg_catalog.clock_timestamp() OR {OWNER_IS_GONE}) \
             ORDER BY j.position LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING position, found, statement",
            backfill.of_step(),
            backfill.is_range(),
        );
        let rows = self.database_mut().simple(DOING, sql).await.map_err(refused_by_server)?;
        let Some(row) = rows.last() else { return Ok(None) };
        let field = |index| text_field(row, index).unwrap_or_default();
        let (position, token) = (field(0).parse(), field(1).parse());
        let (Ok(position), Ok(token), Some(bounds)) = (position, token, Bounds::read(&field(2))) else {
            return Ok(None);
        };
        let (after, until) = bounds.keys();
        Ok(Some(Range { position, token, after, until }))
    }

    /// What there is to do when no range is left.
    async fn what_is_left(&mut self, backfill: &Backfill, journal: &str) -> Result<Claim, SessionError> {
        let sql = format!(
            "SELECT state, error FROM ONLY {journal} WHERE {} AND state OPERATOR(pg_catalog.<>) 'finished' ORDER BY state LIMIT 1",
            backfill.is_range()
        );
        let rows = self.database_mut().simple(DOING, sql).await.map_err(refused_by_server)?;
        let Some(row) = rows.last() else { return Ok(Claim::Done) };
        Ok(match text_field(row, 0).as_deref() {
            Some("failed") => Claim::Failed(text_field(row, 1).unwrap_or_default()),
            _ => Claim::Wait,
        })
    }

    /// Goes back to the role of migrations within the transaction.
    async fn as_role(&mut self) -> Result<(), SessionError> {
        let role = self.database_mut().connector().role().map(quote_identifier);
        if let Some(role) = role {
            let sql = format!("SET LOCAL ROLE {role}");
            self.database_mut().simple(DOING, sql).await.map_err(refused_by_server)?;
        }
        Ok(())
    }
}

/// How long a lease is, as an SQL expression.
fn interval(lease: Duration) -> String {
    format!("'{} milliseconds'::pg_catalog.interval", lease.as_millis())
}
