//! What a server has to do besides, and whether that holds a backfill back.

use std::time::Duration;

use super::Backfill;
use super::BackfillSettings;
use super::row::Held;
use crate::bindings::types::Error;
use crate::config::Hours;
use crate::db::driver::text_field;
use crate::db::error::DatabaseError;
use crate::db::session::Session;
use crate::db::session::SessionError;
use crate::db::sqlstate;
use crate::value::quote_identifier;
use crate::value::quote_text;

/// What a server has to do, as far as a limit asks.
#[derive(Debug, Clone, Default, PartialEq)]
struct Pressure {
    active_sessions: u32,
    /// How far the standby is behind that is farthest behind.
    replication_lag: Duration,
    /// The minute of the day, in the zone of the hours.
    minute: u16,
}

impl Pressure {
    /// What holds a backfill back, for people.
    fn holds_back(&self, limits: &BackfillSettings) -> Option<String> {
        let Self { active_sessions, replication_lag, minute } = self;
        if let Some(hours) = limits.hours.as_ref().filter(|hours| !hours.has(*minute)) {
            return Some(format!("it is {:02}:{:02}, hours are {hours}", minute / 60, minute % 60));
        }
        if !limits.replication_lag.is_zero() && *replication_lag > limits.replication_lag {
            let (lag, limit) = (seconds(*replication_lag), seconds(limits.replication_lag));
            return Some(format!("replication lag {lag} s, limit {limit} s"));
        }
        (limits.active_sessions > 0 && *active_sessions > limits.active_sessions)
            .then(|| format!("{active_sessions} active sessions, limit {}", limits.active_sessions))
    }
}

/// Seconds with their fraction, if they have one.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

impl Session {
    /// What holds a backfill back, by the limits of the operator; none for nothing.
    ///
    /// # Errors
    /// [`SessionError`]: [`DatabaseError::BackfillLimit`] where the user cannot see what a limit is about, and for a time zone
    /// that the server does not know.
    pub async fn held_back_by(&mut self, limits: &BackfillSettings) -> Result<Option<String>, SessionError> {
        let asks_others = limits.active_sessions > 0 || !limits.replication_lag.is_zero();
        if !asks_others && limits.hours.is_none() {
            return Ok(None);
        }
        let asked = self.as_login(&[select(limits)]).await;
        let rows = asked.map_err(|error| zone_error(error, limits.hours.as_ref()))?;
        let field = |index| rows.first().and_then(|row| text_field(row, index)).unwrap_or_default();
        if asks_others && field(0) != "t" {
            let user = self.database_mut().connector().user().to_owned();
            let key = if limits.active_sessions > 0 { "active-sessions" } else { "replication-lag" };
            return Err(SessionError::Fatal(DatabaseError::BackfillLimit {
                key,
                reason: format!("user '{user}' does not see what others do"),
                hint: format!(
                    "GRANT pg_monitor TO {}, or take the limit away; then run the command again",
                    quote_identifier(&user)
                ),
            }));
        }
        let lag: f64 = field(2).parse().unwrap_or(0.0);
        let pressure = Pressure {
            active_sessions: field(1).parse().unwrap_or(0),
            replication_lag: Duration::try_from_secs_f64(lag).unwrap_or_default(),
            minute: field(3).parse().unwrap_or(0),
        };
        Ok(pressure.holds_back(limits))
    }

    /// Writes down what holds this process back, for whoever asks how far the backfill is.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn note_held_back(&mut self, backfill: &Backfill, why: &str) -> Result<(), SessionError> {
        let change = |rest: &mut super::row::Rest, at| rest.held = Some(Held { why: why.to_owned(), at });
        match self.database_mut().change_rest(backfill, change).await {
            // Somebody takes a range: that is no time to say that nobody does.
            Err(DatabaseError::Statement { error, .. }) if error.sqlstate == sqlstate::LOCK_NOT_AVAILABLE => Ok(()),
            changed => changed.map(drop).map_err(super::refused_by_server),
        }
    }
}

/// One row: whether the user sees sessions of others, how many are active, the lag in seconds, the minute of the day.
fn select(limits: &BackfillSettings) -> String {
    let sees = "pg_catalog.pg_has_role('pg_read_all_stats'::pg_catalog.name, 'USAGE')";
    let active = match limits.active_sessions {
        0 => "0".to_owned(),
        _ => "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_get_activity(NULL) AS a \
              WHERE a.state OPERATOR(pg_catalog.=) 'active' AND a.backend_type OPERATOR(pg_catalog.=) 'client backend' \
              AND NOT (a.usesysid OPERATOR(pg_catalog.=) (SELECT r.oid FROM pg_catalog.pg_roles AS r \
              WHERE r.rolname OPERATOR(pg_catalog.=) session_user) AND pg_catalog.starts_with(a.application_name, 'host ')))"
            .to_owned(),
    };
    let lag = if limits.replication_lag.is_zero() {
        "0"
    } else {
        "(SELECT COALESCE(pg_catalog.date_part('epoch', pg_catalog.max(GREATEST(s.write_lag, s.flush_lag, s.replay_lag))), 0) \
         FROM pg_catalog.pg_stat_get_wal_senders() AS s)"
    };
    let minute = match &limits.hours {
        None => "0".to_owned(),
        Some(hours) => format!(
            "(SELECT pg_catalog.date_part('hour', t) OPERATOR(pg_catalog.*) 60 OPERATOR(pg_catalog.+) pg_catalog.date_part('minute', t) \
             FROM pg_catalog.timezone({}::pg_catalog.text, pg_catalog.clock_timestamp()) AS t)",
            quote_text(hours.zone())
        ),
    };
    format!("SELECT {sees}, {active}, {lag}, {minute}")
}

fn zone_error(error: SessionError, hours: Option<&Hours>) -> SessionError {
    match (&error, hours) {
        (SessionError::Guest(inner), Some(hours)) if matches!(inner.as_ref(), Error::Sql(error) if error.sqlstate == sqlstate::INVALID_PARAMETER_VALUE) => {
            SessionError::Fatal(DatabaseError::BackfillLimit {
                key: "hours",
                reason: format!("the server knows no time zone '{}'", hours.zone()),
                hint: "take a name of pg_timezone_names, then run the command again".to_owned(),
            })
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_its_limit_holds_back() {
        let none = BackfillSettings::default();
        let busy =
            Pressure { active_sessions: 21, replication_lag: Duration::from_millis(12_345), minute: 14 * 60 + 5 };
        assert_eq!(busy.holds_back(&none), None);
        let held = |limits: BackfillSettings| busy.holds_back(&limits);
        let lag = |seconds| BackfillSettings { replication_lag: Duration::from_secs(seconds), ..none.clone() };
        assert_eq!(held(lag(10)).as_deref(), Some("replication lag 12.3 s, limit 10 s"));
        assert_eq!(held(lag(13)), None);
        let sessions = |active_sessions| BackfillSettings { active_sessions, ..none.clone() };
        assert_eq!(held(sessions(20)).as_deref(), Some("21 active sessions, limit 20"));
        assert_eq!(held(sessions(21)), None);
        let hours = |text| BackfillSettings { hours: Hours::read(text), ..none.clone() };
        assert_eq!(held(hours("22:00-06:00")).as_deref(), Some("it is 14:05, hours are 22:00-06:00 UTC"));
        assert_eq!(held(hours("14:00-15:00")), None);
    }
}
