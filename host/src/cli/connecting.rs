//! Connections to the database that is named.
//!
//! That of an upgrade is opened, and asked what is applied, while the files of the project are read: each of the two takes
//! milliseconds, and a deployment with nothing to do takes hardly any more.

use std::time::Duration;

use super::failure::Failure;
use super::failure::with_causes;
use super::settings::Settings;
use super::target::Target;
use super::variables::Variables;
use crate::db::AppliedState;
use crate::db::Connector;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::execute::Options;
use crate::execute::Runner;
use crate::local::Status;
use crate::project::Project;
use crate::project::log_rows;

/// How long a database may take to answer that is only asked if it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection that was opened before its project was known to be right, or why there is none.
pub(super) struct EarlyConnection {
    url: String,
    result: Result<AskedDatabase, DatabaseError>,
}

/// A database, and what it said is applied if it was asked.
type AskedDatabase = (Database, Option<Result<AppliedState, DatabaseError>>);

impl Settings {
    /// The project, and a connection to the database for writing where nothing has to be started for it. What is wrong with the
    /// project is told first, and a server that does not answer is not waited for then. `lock_timeout` is how long the host's own
    /// statements wait, if not as the project says.
    pub(super) async fn project_and_connection(
        &self,
        lock_timeout: Option<Duration>,
    ) -> Result<(Project, Option<EarlyConnection>), Failure> {
        let project = self.project_unread()?;
        let Some(target) = self.target_in_reach(&project) else { return Ok((project.read_again()?, None)) };
        let connector = self.connector_of(&project, &target)?;
        let tables = project.tables();
        let (sender, counted) = tokio::sync::oneshot::channel();
        let mut connecting = std::pin::pin!(async {
            let mut database = connector.connect(tables).await?;
            if let Some(timeout) = lock_timeout {
                database.set_lock_timeout(timeout);
            }
            let applied = match counted.await {
                Ok(migrations) => Some(database.read_applied(log_rows(migrations)).await),
                Err(_) => None,
            };
            Ok((database, applied))
        });
        let mut reading = tokio::task::spawn_blocking(move || {
            project.read_again_counting(|migrations| {
                // Nobody is left to be told where connecting failed.
                let _ = sender.send(migrations);
            })
        });
        let read = |read: Result<Result<Project, _>, tokio::task::JoinError>| match read {
            Ok(project) => project.map_err(Failure::from),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let (project, result) = tokio::select! {
            biased;
            project = &mut reading => (read(project)?, connecting.await),
            result = &mut connecting => (read(reading.await)?, result),
        };
        Ok((project, Some(EarlyConnection { url: target.url().to_owned(), result })))
    }

    /// Opens connections to a database and beside it.
    pub(super) fn connector_of(&self, project: &Project, target: &Target) -> Result<Connector, Failure> {
        project.connector(target.url()).map_err(|error| not_connected(&error, target.source()))
    }

    /// Connects to a database.
    pub(super) async fn connect_to(&self, project: &Project, target: &Target) -> Result<Database, Failure> {
        project.connect(target.url()).await.map_err(|error| not_connected(&error, target.source()))
    }

    /// Connects to the database for reading.
    pub(super) async fn connect(&self, project: &Project) -> Result<Database, Failure> {
        self.connect_to(project, &self.target(project)?).await
    }

    /// Connects only if that needs nothing but the wire: a development cluster that stands still is not started.
    pub(super) async fn connect_if_there(&self, project: &Project) -> Option<Database> {
        let variables = Variables::of(project).ok()?;
        let named = self.named_by(project, &variables).ok()?;
        self.keep_secret(&named.url);
        let url = if named.is_cluster() {
            let cluster = self.cluster().ok()?;
            match cluster.status().ok()? {
                Status::Running { .. } => cluster.url().ok()?,
                _ => return None,
            }
        } else {
            self.completed(&named.url, &variables).ok()?
        };
        tokio::time::timeout(PATIENCE, project.connect(&url)).await.ok()?.ok()
    }

    /// A runner on the database for reading.
    pub(super) async fn runner<'project>(
        &self,
        project: &'project Project,
        options: Options,
    ) -> Result<Runner<'project>, Failure> {
        Ok(Runner::new(project, self.connect(project).await?, options))
    }

    /// A runner on a database for writing.
    pub(super) async fn runner_on<'project>(
        &self,
        target: &Target,
        project: &'project Project,
        options: Options,
    ) -> Result<Runner<'project>, Failure> {
        self.runner_through(None, target, project, options).await
    }

    /// The same through a connection that is open already, if it leads there.
    pub(super) async fn runner_through<'project>(
        &self,
        connection: Option<EarlyConnection>,
        target: &Target,
        project: &'project Project,
        options: Options,
    ) -> Result<Runner<'project>, Failure> {
        let (mut database, applied) = match connection.and_then(|connection| connection.to(target)) {
            Some(connected) => connected.map_err(|error| not_connected(&error, target.source()))?,
            None => (self.connect_to(project, target).await?, None),
        };
        if let Some(timeout) = options.lock_timeout {
            database.set_lock_timeout(timeout);
        }
        Ok(Runner::new(project, database, options).with_applied(applied))
    }
}

impl EarlyConnection {
    /// The connection, if it leads to this database.
    fn to(self, target: &Target) -> Option<Result<AskedDatabase, DatabaseError>> {
        (self.url == target.url()).then_some(self.result)
    }
}

/// A failure to connect, with the place where the url comes from.
pub(super) fn not_connected(error: &DatabaseError, source: &str) -> Failure {
    let hint = error.hint().map(|hint| format!("{hint} (the url comes from {source})"));
    Failure::new(error.kind(), with_causes(error), hint.unwrap_or_default())
}
