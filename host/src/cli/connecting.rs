//! The connection of a run is opened while the files of the project are read: each of the two takes milliseconds, and a
//! deployment with nothing to do takes hardly any more.

use super::failure::Failure;
use super::settings::Settings;
use super::target::Target;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::project::Project;

/// A connection that was opened before its project was known to be right, or why there is none.
pub(super) struct EarlyConnection {
    url: String,
    result: Result<Database, DatabaseError>,
}

impl Settings {
    /// The project, and a connection to the database for writing where nothing has to be started for it. What is wrong with the
    /// project is told first, and a server that does not answer is not waited for then.
    pub(super) async fn project_and_connection(&self) -> Result<(Project, Option<EarlyConnection>), Failure> {
        let project = self.project_unread()?;
        let Some(target) = self.target_in_reach(&project) else { return Ok((project.read_again()?, None)) };
        let connector = self.connector_of(&project, &target)?;
        let tables = project.tables();
        let mut connecting = std::pin::pin!(connector.connect(tables));
        let mut reading = tokio::task::spawn_blocking(move || project.read_again());
        let read = |read: Result<Result<Project, _>, tokio::task::JoinError>| match read {
            Ok(project) => project.map_err(Failure::from),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let (project, result) = tokio::select! {
            biased;
            project = &mut reading => (read(project)?, connecting.await),
            result = &mut connecting => (read(reading.await)?, result),
        };
        Ok((project, Some(EarlyConnection { url: target.into_url(), result })))
    }
}

impl EarlyConnection {
    /// The connection, if it leads to this database.
    pub(super) fn to(self, target: &Target) -> Option<Result<Database, DatabaseError>> {
        (self.url == target.url()).then_some(self.result)
    }
}
