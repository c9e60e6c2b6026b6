//! Noticing that an answer will never come.
//!
//! A network that loses packets tells nobody. The driver sets no keepalives and waits for ever; a time limit is no way out
//! either, because a statement may rightly take hours. So when the server has been silent for a while, a second connection
//! looks at the session of the first one (`pg_stat_activity`): while that works, the host waits on. When it is gone, or
//! waits for the host as the host waits for it, or when no server can be reached any more, the connection is given up.

use std::future::Future;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use sqlx::Connection as _;

use super::connect::NAMES_OF_THE_SYSTEM;
use super::connector::Connector;
use super::driver;
use super::driver::text_field;
use super::error::DatabaseError;
use super::error::classify;

/// How long the server may be silent until a second connection looks at it, where nothing else is said.
pub(super) const INTERVAL: Duration = Duration::from_secs(15);

/// After so many looks in a row that see no work, the connection is given up. Fewer would not do: while a large text is on its
/// way to the server over a slow line, the server waits for the host as well.
const LOOKS_MAX: u32 = 4;

/// The same where a look proves less: the session is not known yet, or it is `active` and waits for its client on a server with
/// Citus. So does the session of a coordinator while its workers are at work; elsewhere it is in the middle of a message.
const DOUBTFUL_LOOKS_MAX: u32 = 40;

/// Watches over one connection. All copies are one.
#[derive(Clone)]
pub struct Liveness {
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    session: OnceLock<SessionIdentity>,
    lost: OnceLock<String>,
}

/// An error that may mean the end of the connection.
pub(super) trait MayBeLost {
    /// Why the connection is lost, if it is.
    fn lost_reason(&self) -> Option<&str>;
}

impl MayBeLost for DatabaseError {
    fn lost_reason(&self) -> Option<&str> {
        match self {
            Self::Lost { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

/// A session of the server: process numbers are used again, so the time belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionIdentity {
    /// The number of the server's process.
    pub process: String,
    /// When it began, as the server writes it.
    pub started: String,
}

/// What a second connection sees of the first one.
enum Look {
    /// The server works on what it was asked, or does not say what it does.
    Working,
    /// The server waits for the host, since then.
    Waiting {
        /// When it began to wait, as the server writes it.
        since: String,
        /// Whether it may be a coordinator of Citus that waits for its workers.
        may_work: bool,
    },
    /// There is a server, and which of its sessions is the one in question is not known.
    Unknown,
    /// The session has ended.
    Gone,
    /// No server answers.
    Unreachable(String),
}

impl Liveness {
    /// Of a connection that this connector opened.
    pub(super) fn new(connector: Connector) -> Self {
        Self { shared: Arc::new(Shared { connector, session: OnceLock::new(), lost: OnceLock::new() }) }
    }

    /// How long the server may be silent. Zero never looks.
    fn interval(&self) -> Duration {
        self.shared.connector.silence
    }

    /// Says which session of the server this connection is. The first word counts.
    pub(super) fn know(&self, session: SessionIdentity) {
        let _ = self.shared.session.set(session);
    }

    /// The session of the server, once it is known.
    pub(super) fn session(&self) -> Option<&SessionIdentity> {
        self.shared.session.get()
    }

    /// Waits for an answer of the server, and gives up when there will be none. After that the connection is not used again:
    /// the driver would wait for the rest of the answer.
    ///
    /// # Errors
    /// Those of the answer, or [`DatabaseError::Lost`].
    pub(super) async fn over<T, E: From<DatabaseError> + MayBeLost>(
        &self,
        doing: &str,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let lost = |reason: &str| DatabaseError::Lost { doing: doing.to_owned(), reason: reason.to_owned() }.into();
        if let Some(reason) = self.shared.lost.get() {
            return Err(lost(reason));
        }
        tokio::select! {
            biased;
            answer = answer => {
                // Whatever the driver thinks: nothing that comes after a loss belongs to what is asked then.
                if let Err(Some(reason)) = answer.as_ref().map_err(E::lost_reason) {
                    self.shared.lost.get_or_init(|| reason.to_owned());
                }
                answer
            }
            reason = self.silence() => Err(lost(self.shared.lost.get_or_init(|| reason))),
        }
    }

    /// Ends when no answer will come, with the reason.
    async fn silence(&self) -> String {
        let interval = self.interval();
        if interval.is_zero() {
            return std::future::pending().await;
        }
        let mut looks = 0;
        let mut waiting_since: Option<String> = None;
        loop {
            tokio::time::sleep(interval).await;
            let look = match self.session() {
                Some(session) => Box::pin(self.look(session)).await,
                None => Box::pin(self.look_for_a_server()).await,
            };
            let looks_max = match look {
                Look::Unknown | Look::Waiting { may_work: true, .. } => DOUBTFUL_LOOKS_MAX,
                _ => LOOKS_MAX,
            };
            let (reason, since) = match look {
                Look::Gone => return "the server has ended the session".to_owned(),
                Look::Working => {
                    looks = 0;
                    continue;
                }
                Look::Waiting { since, .. } => ("it waits for host, so a message was lost".to_owned(), Some(since)),
                Look::Unknown => ("it answers other connections".to_owned(), None),
                Look::Unreachable(reason) => (reason, None),
            };
            // Something came and went in between.
            if waiting_since != since {
                looks = 0;
            }
            waiting_since = since;
            looks += 1;
            if looks >= looks_max {
                let seconds = interval.as_secs() * u64::from(looks);
                return format!("the server has been silent for more than {seconds} s: {reason}");
            }
        }
    }

    /// Whether there is a server at all, as long as nobody knows which session is the one in question.
    async fn look_for_a_server(&self) -> Look {
        match tokio::time::timeout(self.patience(), self.shared.connector.open()).await {
            Err(_) => Look::Unreachable("a second connection gets no answer either".to_owned()),
            Ok(Ok(connection)) => {
                let _ = driver::guarded(connection.close()).await;
                Look::Unknown
            }
            Ok(Err(error @ DatabaseError::NoServer { .. })) => Look::Unreachable(error.to_string()),
            Ok(Err(_)) => Look::Unknown,
        }
    }

    /// How long a look may take.
    fn patience(&self) -> Duration {
        self.interval().max(Duration::from_secs(2))
    }

    async fn look(&self, session: &SessionIdentity) -> Look {
        match tokio::time::timeout(self.patience(), self.ask(session)).await {
            Err(_) => Look::Unreachable("a second connection gets no answer either".to_owned()),
            Ok(Ok(look)) => look,
            Ok(Err(error @ (DatabaseError::NoServer { .. } | DatabaseError::Lost { .. }))) => {
                Look::Unreachable(error.to_string())
            }
            // A server that refuses a second connection is there. What the first one does, nobody says.
            Ok(Err(_)) => Look::Working,
        }
    }

    async fn ask(&self, session: &SessionIdentity) -> Result<Look, DatabaseError> {
        let mut connection = self.shared.connector.open().await?;
        let sql = format!(
            "{NAMES_OF_THE_SYSTEM} SELECT CASE WHEN {WAITS_FOR_HOST} THEN state_change::text END, state = 'active' AND EXISTS \
             (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus') FROM pg_catalog.pg_stat_activity WHERE {}",
            session.condition()
        );
        let rows = driver::rows(&mut connection, sql).await.map_err(|error| classify("check the session", error))?;
        // Everything is known; how this session ends does not matter.
        let _ = driver::guarded(connection.close()).await;
        let Some(row) = rows.first() else { return Ok(Look::Gone) };
        let may_work = text_field(row, 1).as_deref() == Some("t");
        Ok(text_field(row, 0).map_or(Look::Working, |since| Look::Waiting { since, may_work }))
    }
}

/// The condition on `pg_stat_activity` that a session meets when it waits for the next message. The state is no sign: in the
/// middle of the messages for one statement it is `active`.
pub(super) const WAITS_FOR_HOST: &str = "wait_event = 'ClientRead'";

impl SessionIdentity {
    /// The condition on `pg_stat_activity` that this session meets, and no other one.
    pub(super) fn condition(&self) -> String {
        let text = crate::value::quote_text;
        format!("pid::text = {} AND backend_start::text = {}", text(&self.process), text(&self.started))
    }
}
