//! A project: its settings, its migrations, their graph.

mod error;

use cap_std::fs::Dir;

use crate::config::CONFIG_FILE;
use crate::config::Config;
use crate::config::Environment;
use crate::db::AppliedState;
use crate::db::Connector;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::db::LoggedDigest;
use crate::db::Tables;
use crate::db::opening::Timeouts;
use crate::revision::Graph;
use crate::revision::Revision;
use crate::revision::RevisionId;
use crate::store::BuildTrust;
use crate::store::Migration;
use crate::store::MigrationSource;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TOML_BYTES_MAX;
use crate::worker::Worker;

pub use error::ProjectError;

/// How many rows of the log are read of a project with few migrations.
const LOG_ROWS_MORE: usize = 100;

/// How many characters Alembic has room for in its version table.
const ALEMBIC_ID_CHARACTERS: u32 = 32;

/// A migration that was applied and has changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The revision.
    pub revision: RevisionId,
    /// Its file or folder.
    pub file: String,
}

/// Where the migrations of a project come from.
#[derive(Debug)]
enum Source {
    Folder(Store),
    Other(Box<dyn MigrationSource>),
}

impl Source {
    fn as_dyn(&self) -> &dyn MigrationSource {
        match self {
            Self::Folder(store) => store,
            Self::Other(source) => source.as_ref(),
        }
    }

    /// All migrations, or everything that is wrong with them, at least one thing.
    fn migrations(&self, counted: impl FnOnce(usize)) -> Result<Vec<Migration>, Vec<StoreError>> {
        match self {
            Self::Folder(store) => store.scan_all_counting(counted),
            Self::Other(source) => source.migrations().map_err(|first| match source.problems() {
                all if all.is_empty() => vec![first],
                all => all,
            }),
        }
    }
}

/// A project in one of its environments. Opening it reads files and nothing else: no guest runs, no database is asked.
#[derive(Debug)]
pub struct Project {
    config: Config,
    environment: Environment,
    source: Source,
    migrations: Vec<Migration>,
    /// Its nodes are the migrations, in the same order.
    graph: Graph,
}

impl Project {
    /// Opens the project in a folder. What a compiler made is not believed to be made of its source; see
    /// [`Project::open_with`].
    ///
    /// # Errors
    /// [`ProjectError`] when the settings, a migration's metadata or the graph are wrong; each names the file.
    pub fn open(directory: Dir, environment: &str) -> Result<Self, ProjectError> {
        Self::open_with(directory, environment, BuildTrust::default())
    }

    /// The same, with a trust in the components that lie in the build folder.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub fn open_with(directory: Dir, environment: &str, trust: BuildTrust) -> Result<Self, ProjectError> {
        Self::open_settings(directory, environment, trust)?.read_again()
    }

    /// The same before its migrations are read: it has none. [`Project::read_again`] reads them.
    ///
    /// # Errors
    /// [`ProjectError`] when the settings are wrong.
    pub fn open_settings(directory: Dir, environment: &str, trust: BuildTrust) -> Result<Self, ProjectError> {
        let config = Self::read_config(&directory)?;
        let environment = config.environment(environment)?.clone();
        let store = Store::open(directory, &environment.migrations)
            .with_trust(trust)
            .with_components_of(environment.limits.component_size)
            .with_alembic(config.alembic(), None);
        Ok(Self {
            config,
            environment,
            source: Source::Folder(store),
            migrations: Vec::new(),
            graph: Graph::new(std::iter::empty())?,
        })
    }

    /// The same with a program that looks into files of others in processes of its own: what revisions of Alembic say about
    /// themselves. Without one that is done in this process, where a hostile file can use up time and memory.
    #[must_use]
    pub fn with_worker(mut self, worker: Worker) -> Self {
        if let Source::Folder(store) = &mut self.source {
            store.set_worker(worker);
        }
        self
    }

    /// A project without a folder: its settings are the text of a `host.toml`, `[default]` for those that nobody changes, and
    /// its migrations come from anywhere, such as [`crate::include_migrations!`].
    ///
    /// # Errors
    /// As [`Project::open`].
    pub fn from_source(
        settings: &str,
        environment: &str,
        source: impl MigrationSource + 'static,
    ) -> Result<Self, ProjectError> {
        let config = Config::parse(settings, CONFIG_FILE)?;
        let environment = config.environment(environment)?.clone();
        let source = Source::Other(Box::new(source));
        Self::read(config, environment, source, |_| ())
    }

    /// The same project with its migrations as they are now, such as after a build, in which cargo may write lock files.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub fn read_again(self) -> Result<Self, ProjectError> {
        self.read_again_counting(|_| ())
    }

    /// The same. `counted` learns early, before any file is looked at, how many migrations there are at most.
    pub(crate) fn read_again_counting(self, counted: impl FnOnce(usize)) -> Result<Self, ProjectError> {
        Self::read(self.config, self.environment, self.source, counted)
    }

    fn read(
        config: Config,
        environment: Environment,
        source: Source,
        counted: impl FnOnce(usize),
    ) -> Result<Self, ProjectError> {
        let migrations = source.migrations(counted).map_err(|mut problems| match problems.len() {
            1 => problems.remove(0).into(),
            _ => ProjectError::Several { problems: problems.into_iter().map(ProjectError::from).collect() },
        })?;
        let graph =
            Graph::checked(migrations.iter().map(Revision::from)).map_err(|mut problems| match problems.len() {
                1 => problems.remove(0).into(),
                _ => ProjectError::Several { problems: problems.into_iter().map(ProjectError::from).collect() },
            })?;
        Ok(Self { config, environment, source, migrations, graph })
    }

    /// The settings of an environment, whatever the migrations of the project are.
    ///
    /// # Errors
    /// [`ProjectError`] when the settings cannot be read, or have no such environment.
    pub fn settings(directory: &Dir, environment: &str) -> Result<Environment, ProjectError> {
        Ok(Self::read_config(directory)?.environment(environment)?.clone())
    }

    /// The names of the environments, sorted, whatever the migrations of the project are.
    ///
    /// # Errors
    /// [`ProjectError`] when the settings cannot be read.
    pub fn environments(directory: &Dir) -> Result<Vec<String>, ProjectError> {
        Ok(Self::read_config(directory)?.names().map(str::to_owned).collect())
    }

    fn read_config(directory: &Dir) -> Result<Config, ProjectError> {
        let bytes =
            crate::store::read_file_at_most(directory, CONFIG_FILE, TOML_BYTES_MAX).map_err(|error| match error {
                StoreError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                    match crate::store::alembic_file(directory) {
                        Some(file) => ProjectError::OnlyAlembic { file },
                        None => ProjectError::NoProject,
                    }
                }
                StoreError::Read { source, .. } => ProjectError::ReadConfig { source },
                StoreError::NotAFile { .. } => ProjectError::ReadConfig {
                    source: std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is not a file"),
                },
                other => ProjectError::Store(other),
            })?;
        let text = String::from_utf8(bytes).map_err(|_| ProjectError::ReadConfig {
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, "stream did not contain valid UTF-8"),
        })?;
        Ok(Config::parse(&text, CONFIG_FILE)?)
    }

    /// Opens connections to a database of this project, with what its environment says about them. `url` is complete:
    /// variables are expanded, `local:` is resolved.
    ///
    /// # Errors
    /// [`DatabaseError::InvalidUrl`].
    pub fn connector(&self, url: &str) -> Result<Connector, DatabaseError> {
        let limits = &self.environment.limits;
        let timeouts = Timeouts::new(limits.lock_timeout, limits.statement_timeout);
        Ok(Connector::new(url, concat!("host ", env!("CARGO_PKG_VERSION")))?
            .with_silence(limits.silence)
            .with_lock_timeout(limits.lock_timeout)
            .with_timeouts(timeouts)
            .with_role(self.environment.role.as_deref())
            .with_restricted_role(self.environment.require_restricted_role))
    }

    /// Connects to a database of this project; see [`Project::connector`].
    ///
    /// # Errors
    /// [`DatabaseError`], sorted by what the operator has to do.
    pub async fn connect(&self, url: &str) -> Result<Database, DatabaseError> {
        self.connector(url)?.connect(self.tables()).await
    }

    /// Reads what is applied to a database, without ever writing. Usually one round trip; two more where the log is long and the
    /// last of its rows leave out a migration that is applied.
    ///
    /// # Errors
    /// [`DatabaseError`] when the tables cannot be read, or hold something else.
    pub async fn read_applied(&self, database: &mut Database) -> Result<AppliedState, DatabaseError> {
        let applied = database.read_applied(log_rows(self.migrations.len())).await?;
        self.complete(database, applied).await
    }

    /// What is applied, where it was read before the project was: with what the rows do not say that were read of the log.
    pub(crate) async fn complete(
        &self,
        database: &mut Database,
        mut applied: AppliedState,
    ) -> Result<AppliedState, DatabaseError> {
        self.read_older_digests(database, &mut applied).await?;
        Ok(applied)
    }

    /// The same again: of the log only what came since `before` was read.
    ///
    /// # Errors
    /// As [`Project::read_applied`].
    pub async fn read_applied_again(
        &self,
        database: &mut Database,
        before: &AppliedState,
    ) -> Result<AppliedState, DatabaseError> {
        let applied = database.read_applied_again(before, log_rows(self.migrations.len())).await?;
        self.complete(database, applied).await
    }

    async fn read_older_digests(
        &self,
        database: &mut Database,
        applied: &mut AppliedState,
    ) -> Result<(), DatabaseError> {
        if applied.log.is_whole() {
            return Ok(());
        }
        let implied = self.graph.implied(&applied.heads);
        let revisions = self.migrations.iter().map(|migration| &migration.metadata.revision);
        let missing: Vec<_> =
            revisions.filter(|id| implied.contains(*id) && !applied.digests.contains_key(*id)).collect();
        if missing.is_empty() { Ok(()) } else { database.read_older_digests(&mut applied.digests, &missing).await }
    }

    /// The settings.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The settings of all its environments.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where its migrations come from.
    pub fn source(&self) -> &dyn MigrationSource {
        self.source.as_dyn()
    }

    /// The project's folder, for building and writing migrations.
    ///
    /// # Errors
    /// [`ProjectError::NoFolder`] when the migrations come from elsewhere.
    pub fn store(&self) -> Result<&Store, ProjectError> {
        match &self.source {
            Source::Folder(store) => Ok(store),
            Source::Other(_) => Err(ProjectError::NoFolder),
        }
    }

    /// All migrations, in the order of their file names.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// One migration.
    pub fn migration(&self, revision: &RevisionId) -> Option<&Migration> {
        self.migrations.get(self.graph.node(revision.as_str())?)
    }

    /// How the migrations hang together.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The tables of host.
    pub fn tables(&self) -> Tables {
        Tables {
            version: self.environment.version_table.clone(),
            version_characters: self.config.alembic().map(|_| ALEMBIC_ID_CHARACTERS).filter(|most| {
                let fits =
                    |id: &RevisionId| u32::try_from(id.as_str().chars().count()).is_ok_and(|count| count <= *most);
                self.migrations.iter().all(|migration| fits(&migration.metadata.revision))
            }),
            log: self.environment.log_table.clone(),
            journal: self.environment.journal_table.clone(),
            rejected: self.environment.rejected_table.clone(),
        }
    }

    /// The migrations that are applied and whose source is another one than at that time, in the order of the files.
    pub fn changed(&self, applied: &AppliedState) -> Vec<Changed> {
        let changed = self.changed_migrations(applied).into_iter();
        changed
            .map(|migration| Changed { revision: migration.metadata.revision.clone(), file: migration.file.clone() })
            .collect()
    }

    /// The same as migrations.
    pub(crate) fn changed_migrations(&self, applied: &AppliedState) -> Vec<&Migration> {
        let mut suspects: Vec<&Migration> = self
            .migrations
            .iter()
            .filter(|migration| {
                let digests = applied.digests.get(&migration.metadata.revision);
                let source = digests.and_then(|digests| digests.source.as_ref());
                source.is_some_and(|applied| applied.digest() != Some(&migration.source_digest))
            })
            .filter(|migration| !self.is_applied_component(applied, migration))
            .collect();
        if !suspects.is_empty() {
            // What was downgraded since may be changed freely.
            let applied = self.graph.implied(&applied.heads);
            suspects.retain(|migration| applied.contains(&migration.metadata.revision));
        }
        suspects
    }

    /// Whether what would run is, byte by byte, the component that was applied: it may have been applied from its source, and
    /// be there as a component now, or the other way round.
    fn is_applied_component(&self, applied: &AppliedState, migration: &Migration) -> bool {
        let digests = applied.digests.get(&migration.metadata.revision);
        let applied = digests.and_then(|digests| digests.component.as_ref()).and_then(LoggedDigest::digest);
        applied.is_some_and(|applied| {
            self.source().component(migration).is_ok_and(|component| component.digest == *applied)
        })
    }
}

/// How many rows of the log are read at first: one for each migration, and some for those that failed or ran again.
pub(crate) fn log_rows(migrations: usize) -> usize {
    migrations + migrations / 4 + LOG_ROWS_MORE
}
