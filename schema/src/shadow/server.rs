//! A server on which shadows are made, through a connection to any of its databases.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use sqlx::Connection as _;
use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgRow;

use super::error::ShadowError;
use super::name::KEPT_PREFIX;
use super::name::PREFIX;
use super::name::Parts;
use super::name::name;
use super::name::parts;
use crate::quote::quote_identifier;
use crate::quote::quote_text;

/// The first half of the advisory lock of a shadow; the second is the number in its name.
const LOCK_CLASS: i32 = 0x686f_7374;

/// Younger ones are left alone, because a shadow is there for a moment before its lock is.
const LEFTOVER_SECONDS: u32 = 60;

/// How long the server may take to make a shadow that nobody waits for any more, and how often it is asked.
const BEING_MADE_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

const FORCE: &str = " WITH (FORCE)";

const DENIED: &str = "42501";
const IN_USE: &str = "55006";
const UNDEFINED: &str = "3D000";

/// The shadows that were made and not dropped yet. All copies are one, so whoever ends a run early can drop them.
#[derive(Debug, Clone, Default)]
pub struct Made(Arc<Mutex<BTreeSet<String>>>);

impl Made {
    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn insert(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
    }

    fn remove(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// What is known of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// As `server_version_num`, for example 150018.
    pub version: u32,
    /// The user who logs in, to whom shadows belong.
    pub user: String,
    /// Whether that is a superuser.
    pub is_superuser: bool,
}

/// A server on which shadows are made.
pub struct ShadowServer {
    pub(super) connection: PgConnection,
    made: Made,
    facts: ServerFacts,
}

impl ShadowServer {
    /// Uses a connection to any database of the server, for as long as its shadows are needed. `made` gets to know them.
    ///
    /// # Errors
    /// [`ShadowError::Statement`].
    pub async fn new(mut connection: PgConnection, made: Made) -> Result<Self, ShadowError> {
        let sql = "SET search_path = pg_catalog, pg_temp; \
                   SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4::pg_catalog.text, session_user::pg_catalog.text, \
                   (SELECT rolsuper::pg_catalog.text FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) session_user)";
        let row = one_row(&mut connection, "ask the server what it is", sql).await?;
        let facts = ServerFacts {
            version: text(&row, 0).parse().unwrap_or_default(),
            user: text(&row, 1),
            is_superuser: text(&row, 2) == "true",
        };
        Ok(Self { connection, made, facts })
    }

    /// What is known of the server.
    pub fn facts(&self) -> &ServerFacts {
        &self.facts
    }

    /// Makes a shadow from a template, [`super::EMPTY_TEMPLATE`] or a kept shadow, and gives its name. Nobody may be connected to the
    /// template.
    ///
    /// # Errors
    /// [`ShadowError::NoRight`] and [`ShadowError::NotCreated`].
    pub async fn create(&mut self, template: &str) -> Result<String, ShadowError> {
        let doing = "create a shadow database";
        let sql = "SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.now()))::pg_catalog.int8::pg_catalog.text, \
                   pg_catalog.floor(pg_catalog.random() * 2147483647)::pg_catalog.int8::pg_catalog.text";
        let row = one_row(&mut self.connection, doing, sql).await?;
        let number = |index| text(&row, index).parse::<u32>().unwrap_or_default();
        let parts = Parts { seconds: number(0), number: number(1) };
        let name = name(parts);
        execute(&mut self.connection, doing, &format!("SELECT pg_catalog.pg_advisory_lock({})", lock(parts.number)))
            .await?;
        // Before it is there: whoever ends this run now drops it as well.
        self.made.insert(&name);
        let sql = format!("CREATE DATABASE {} TEMPLATE {}", quote_identifier(&name), quote_identifier(template));
        match execute(&mut self.connection, doing, &sql).await {
            Ok(()) => Ok(name),
            Err(error) => {
                self.forget(&name).await;
                Err(match server_words(&error) {
                    Some((code, _)) if code == DENIED => ShadowError::NoRight { user: self.facts.user.clone() },
                    Some((sqlstate, message)) => ShadowError::NotCreated { message, sqlstate },
                    None => error,
                })
            }
        }
    }

    /// Drops a shadow, and ends the sessions in it. One that is not there is no error.
    ///
    /// A worker of autovacuum may be in it. FORCE refuses to end that for anybody but a superuser; without FORCE the server sends
    /// it away by itself, and waits up to 5 s for all that are connected (`CountOtherDBBackends` of PostgreSQL).
    ///
    /// # Errors
    /// [`ShadowError::NotDropped`].
    pub async fn drop(&mut self, database: &str) -> Result<(), ShadowError> {
        match self.drop_with(database, FORCE).await {
            Err(ShadowError::NotDropped { sqlstate, .. }) if sqlstate == DENIED => {}
            result => return result,
        }
        match self.drop_with(database, "").await {
            // Then sessions of this user are left, which FORCE ends.
            Err(ShadowError::NotDropped { sqlstate, .. }) if sqlstate == IN_USE => {
                self.drop_with(database, FORCE).await
            }
            result => result,
        }
    }

    /// The same where nobody may be connected to it.
    pub(super) async fn drop_unused_one(&mut self, database: &str) -> Result<(), ShadowError> {
        self.drop_with(database, "").await
    }

    async fn drop_with(&mut self, database: &str, how: &str) -> Result<(), ShadowError> {
        let sql = format!("DROP DATABASE IF EXISTS {}{how}", quote_identifier(database));
        match execute(&mut self.connection, "drop a shadow database", &sql).await {
            Ok(()) => self.forget(database).await,
            Err(error) => match server_words(&error) {
                Some((code, _)) if code == UNDEFINED => self.forget(database).await,
                Some((sqlstate, message)) => {
                    return Err(ShadowError::NotDropped { database: database.to_owned(), message, sqlstate });
                }
                None => return Err(error),
            },
        }
        Ok(())
    }

    /// Drops all that were made through any server with the same [`Made`].
    ///
    /// # Errors
    /// The first one of [`ShadowServer::drop`]; the others are dropped all the same.
    pub async fn drop_all(&mut self) -> Result<(), ShadowError> {
        let mut first = Ok(());
        for name in self.made.names() {
            let dropped = self.drop(&name).await;
            first = first.and(dropped);
        }
        first
    }

    /// The same for work that was given up: the server may still be making one of them for a session that nobody waits for.
    ///
    /// # Errors
    /// As [`ShadowServer::drop_all`].
    pub async fn drop_given_up(&mut self) -> Result<(), ShadowError> {
        let doing = "wait for a shadow database that is being made";
        for name in self.made.names() {
            let sql = format!(
                "SELECT 1 FROM pg_catalog.pg_stat_activity AS a WHERE a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() \
                 AND a.state OPERATOR(pg_catalog.=) 'active' AND pg_catalog.strpos(a.query, {}) OPERATOR(pg_catalog.>) 0",
                quote_text(&format!("CREATE DATABASE {}", quote_identifier(&name)))
            );
            let started = Instant::now();
            while started.elapsed() < BEING_MADE_MAX && !rows(&mut self.connection, doing, &sql).await?.is_empty() {
                tokio::time::sleep(POLL).await;
            }
        }
        self.drop_all().await
    }

    /// Drops what killed runs left behind: shadows of this user that nobody has a lock on and nobody is connected to. Gives their
    /// names. What another run is just dropping is left to it.
    ///
    /// # Errors
    /// [`ShadowError::Statement`].
    pub async fn sweep(&mut self) -> Result<Vec<String>, ShadowError> {
        let doing = "look for shadow databases that were left behind";
        let sql = format!(
            "SELECT d.datname::pg_catalog.text, \
             pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.now()))::pg_catalog.int8::pg_catalog.text \
             FROM pg_catalog.pg_database AS d \
             WHERE pg_catalog.starts_with(d.datname::pg_catalog.text, {}) \
             AND d.datdba OPERATOR(pg_catalog.=) (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) session_user) \
             AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity AS a WHERE a.datid OPERATOR(pg_catalog.=) d.oid)",
            quote_text(PREFIX)
        );
        let mut swept = Vec::new();
        let own = self.made.names();
        for row in rows(&mut self.connection, doing, &sql).await? {
            let (database, now) = (text(&row, 0), text(&row, 1).parse::<u32>().unwrap_or_default());
            let Some(parts) = parts(&database).filter(|_| !own.contains(&database)) else { continue };
            if now.saturating_sub(parts.seconds) < LEFTOVER_SECONDS || self.is_locked(parts.number).await? {
                continue;
            }
            match self.drop_unused_one(&database).await {
                Ok(()) => swept.push(database),
                Err(ShadowError::NotDropped { sqlstate, .. }) if sqlstate == IN_USE => {}
                Err(error) => return Err(error),
            }
        }
        Ok(swept)
    }

    /// Ends the session, and with it the locks of its shadows.
    pub async fn close(self) {
        // It ends either way.
        let _ = self.connection.close().await;
    }

    /// In whatever database of the server the lock was taken.
    async fn is_locked(&mut self, number: u32) -> Result<bool, ShadowError> {
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_locks AS l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' \
             AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) {LOCK_CLASS} AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) {number}"
        );
        Ok(!rows(&mut self.connection, "look for the lock of a shadow database", &sql).await?.is_empty())
    }

    /// What is kept or dropped is no shadow of this run any more.
    pub(super) async fn forget(&mut self, database: &str) {
        self.made.remove(database);
        if let Some(parts) = parts(database) {
            let sql = format!("SELECT pg_catalog.pg_advisory_unlock({})", lock(parts.number));
            // It goes with the session in any case.
            let _ = execute(&mut self.connection, "give back a lock", &sql).await;
        }
    }

    /// The names of the kept shadows of this user.
    pub(super) fn kept_condition() -> String {
        format!(
            "pg_catalog.starts_with(d.datname::pg_catalog.text, {}) AND d.datdba OPERATOR(pg_catalog.=) \
             (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) session_user)",
            quote_text(KEPT_PREFIX)
        )
    }
}

/// The two numbers of an advisory lock.
fn lock(number: u32) -> String {
    format!("{LOCK_CLASS}, {}", number & 0x7fff_ffff)
}

/// What the server said, and its code.
pub(super) fn server_words(error: &ShadowError) -> Option<(String, String)> {
    let ShadowError::Statement { source: sqlx::Error::Database(error), .. } = error else { return None };
    Some((error.code().unwrap_or_default().into_owned(), error.message().to_owned()))
}

pub(super) async fn execute(connection: &mut PgConnection, doing: &'static str, sql: &str) -> Result<(), ShadowError> {
    rows(connection, doing, sql).await.map(drop)
}

pub(super) async fn rows(
    connection: &mut PgConnection,
    doing: &'static str,
    sql: &str,
) -> Result<Vec<PgRow>, ShadowError> {
    let query = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    query.fetch_all(connection).await.map_err(|source| ShadowError::Statement { doing, source })
}

async fn one_row(connection: &mut PgConnection, doing: &'static str, sql: &str) -> Result<PgRow, ShadowError> {
    let gone = || ShadowError::Statement { doing, source: sqlx::Error::RowNotFound };
    rows(connection, doing, sql).await?.pop().ok_or_else(gone)
}

/// A field of a row of the simple protocol; empty for NULL.
pub(super) fn text(row: &PgRow, index: usize) -> String {
    row.try_get_raw(index).ok().and_then(|value| value.as_str().ok().map(str::to_owned)).unwrap_or_default()
}
