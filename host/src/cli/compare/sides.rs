//! From a source to the facts of a schema.

use std::ffi::OsString;
use std::path::Path;

use host_schema::Catalog;
use host_schema::Pattern;
use host_schema::ReadOptions;

use crate::cli::connecting::not_connected;
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::cli::settings::open_folder;
use crate::cli::variables::Variables;
use crate::config::ModelsSetting;
use crate::db::Connector;
use crate::execute::Options;
use crate::language::Language;
use crate::language::PYTHON_SDK_FOLDER;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::schema::SchemaError;
use crate::schema::Shadows;
use crate::schema::Source;
use crate::schema::command;
use crate::schema::files;
use crate::schema::migrations;
use crate::schema::texts;

/// The tables of host where no host.toml says otherwise.
const OWN_TABLES: [&str; 4] = ["host_version", "host_log", "host_journal", "host_rejected"];

/// What was read of a source.
pub(in crate::cli) struct Loaded {
    /// The source, for people.
    pub(in crate::cli) title: String,
    /// The shadow database that has it; none where it is a database of the user.
    pub(in crate::cli) database: Option<String>,
    /// What it consists of.
    pub(in crate::cli) catalog: Catalog,
}

/// Reads sources, with the shadows of one command.
pub(in crate::cli) struct Sides<'a> {
    /// The settings of the invocation.
    pub(in crate::cli) settings: &'a Settings,
    /// The project, if there is one.
    pub(in crate::cli) project: Option<&'a Project>,
    /// What is left out.
    pub(in crate::cli) read: ReadOptions,
}

impl<'a> Sides<'a> {
    /// What is left out is what host.toml says, and `--exclude`.
    pub(in crate::cli) fn new(
        settings: &'a Settings,
        project: Option<&'a Project>,
        exclude: &[String],
    ) -> Result<Self, Failure> {
        let configured = project.map(|project| project.environment().schema.exclude.as_slice()).unwrap_or_default();
        let mut read = ReadOptions::default();
        for pattern in configured.iter().chain(exclude) {
            read.exclude.push(pattern.parse::<Pattern>().map_err(SchemaError::from)?);
        }
        Ok(Self { settings, project, read })
    }

    /// The same where what belongs to one role in shadows is compared with what belongs to another one elsewhere.
    pub(in crate::cli) fn with_role(&self, of_shadows: &str, elsewhere: &str) -> Self {
        let mut read = self.read.clone();
        if of_shadows != elsewhere {
            read.role_names = vec![(of_shadows.to_owned(), elsewhere.to_owned())];
        }
        Self { settings: self.settings, project: self.project, read }
    }

    /// The project, or the failure that there is none.
    pub(in crate::cli) fn project(&self) -> Result<&'a Project, Failure> {
        self.project.ok_or_else(|| {
            Failure::usage(
                "this source belongs to a project, and this folder to none",
                "run the command in a project, or name its folder with --dir",
            )
        })
    }

    /// How shadows are read.
    pub(in crate::cli) fn of_shadows(&self) -> ReadOptions {
        match self.project {
            Some(project) => migrations::without_own_tables(project, self.read.clone()),
            None => self.read.clone(),
        }
    }

    /// How migrations run on shadows.
    pub(in crate::cli) fn options(&self) -> Result<Options, Failure> {
        Ok(Options { compiler: crate::cli::worker::compiler(self.settings)?, ..self.settings.options() })
    }

    /// Reads a source.
    pub(in crate::cli) async fn load(&self, shadows: &mut Shadows, source: &Source) -> Result<Loaded, Failure> {
        match source {
            Source::Url(url) => self.database(url, "the command line").await,
            Source::Files(pattern) => {
                let texts = self.texts_anywhere(pattern)?;
                self.of_texts(shadows, pattern.clone(), &texts).await
            }
            Source::Migrations(target) => {
                let target = target.as_deref().unwrap_or("heads");
                let heads = crate::revision::resolve_revisions(self.project()?.graph(), &[], target)?;
                let title = match target {
                    "heads" => "the migrations".to_owned(),
                    _ => format!("the migrations up to {target}"),
                };
                self.migrations(shadows, &heads, title).await
            }
            Source::Models => self.models(shadows).await,
        }
    }

    /// Whether a source is a database of the user, so that no shadow is needed for it.
    pub(in crate::cli) fn is_url(&self, source: &Source) -> bool {
        match source {
            Source::Url(_) => true,
            Source::Models => self
                .project
                .is_some_and(|project| matches!(project.environment().schema.models, Some(ModelsSetting::Url(_)))),
            Source::Files(_) | Source::Migrations(_) => false,
        }
    }

    /// Reads a source that needs no shadow.
    pub(in crate::cli) async fn load_database(&self, source: &Source) -> Result<Loaded, Failure> {
        match source {
            Source::Url(url) => self.database(url, "the command line").await,
            _ => self.models_database().await,
        }
    }

    /// The database that `[….schema]` of host.toml names.
    async fn models_database(&self) -> Result<Loaded, Failure> {
        let project = self.project()?;
        let Some(ModelsSetting::Url(setting)) = &project.environment().schema.models else {
            return Err(Failure::bug("a source that is no database was read as one"));
        };
        let variables = Variables::of(project)?;
        let url = setting.expand(&|name| variables.lookup(name))?;
        self.database(&url, &setting.place()).await
    }

    /// The migrations up to these revisions, on a shadow.
    pub(in crate::cli) async fn migrations(
        &self,
        shadows: &mut Shadows,
        heads: &[RevisionId],
        title: String,
    ) -> Result<Loaded, Failure> {
        let project = self.project()?;
        // Revisions of Alembic are built without being asked for, as for an upgrade.
        crate::cli::build::build_alembic(self.settings, project)?;
        let applied = migrations::applied(shadows, project, heads, &self.options()?).await;
        let database = applied.map_err(|error| match error {
            SchemaError::Run { source } if source.is_outdated() => (*source).into(),
            error => Failure::from(error),
        })?;
        let catalog = shadows.read(&database, &self.of_shadows()).await?;
        Ok(Loaded { title, database: Some(database), catalog })
    }

    /// What `[….schema]` of host.toml names.
    pub(in crate::cli) async fn models(&self, shadows: &mut Shadows) -> Result<Loaded, Failure> {
        let project = self.project()?;
        let folder = self.settings.project_folder()?;
        match &project.environment().schema.models {
            None => Err(Failure::new(
                "configuration",
                format!(
                    "host.toml does not say where the models are: [{}.schema] has none",
                    self.settings.environment()
                ),
                "write `files = [\"schema/**/*.sql\"]` there, or `command = […]`, or `url = \"…\"`",
            )),
            Some(ModelsSetting::Files(patterns)) => {
                let found = files::read(&open_folder(&folder)?, patterns)?;
                let texts =
                    found.iter().map(|(name, content)| texts::read(name, content)).collect::<Result<Vec<_>, _>>()?;
                self.of_texts(shadows, "the models".to_owned(), &texts).await
            }
            Some(ModelsSetting::Command(arguments)) => {
                let arguments = arguments.clone();
                let name = format!("output of {}", arguments.join(" "));
                if arguments.iter().any(|argument| argument.starts_with("host_migrate.")) {
                    crate::toolchain::write_sdk(Language::Python, project.store()?)?;
                }
                let python_path = python_path(&folder);
                // A second thread waits for the program, so that signals are heard meanwhile.
                let run = move || command::run(&arguments, &folder, &python_path);
                let printed = tokio::task::spawn_blocking(run).await;
                let printed =
                    printed.map_err(|error| Failure::bug(format!("the program was not waited for: {error}")))??;
                let texts = [texts::read(&name, &printed)?];
                self.of_texts(shadows, "the models".to_owned(), &texts).await
            }
            Some(ModelsSetting::Url(_)) => self.models_database().await,
        }
    }

    /// What some texts make.
    pub(in crate::cli) async fn of_texts(
        &self,
        shadows: &mut Shadows,
        title: String,
        texts: &[host_schema::load::Text],
    ) -> Result<Loaded, Failure> {
        let database = shadows.of_texts(texts).await?;
        let catalog = shadows.read(&database, &self.of_shadows()).await?;
        Ok(Loaded { title, database: Some(database), catalog })
    }

    /// Files that the command line names: relative to the folder in which the command runs.
    fn texts_anywhere(&self, pattern: &str) -> Result<Vec<host_schema::load::Text>, Failure> {
        let (folder, rest) = split_folder(pattern);
        let folder = open_folder(folder)?;
        let found = files::read(&folder, &[rest.to_owned()]).map_err(|error| match error {
            SchemaError::NoFiles { .. } => SchemaError::NoFiles { pattern: pattern.to_owned() },
            error => error,
        })?;
        let before = &pattern[..pattern.len() - rest.len()];
        let text = |(name, content): &(String, String)| texts::read(&format!("{before}{name}"), content);
        Ok(found.iter().map(text).collect::<Result<Vec<_>, _>>()?)
    }

    /// A database of the user, which is only read.
    async fn database(&self, url: &str, source: &str) -> Result<Loaded, Failure> {
        self.settings.keep_secret(url);
        let variables = self.project.map(Variables::of).transpose()?.unwrap_or_default();
        let url = match (url, self.project) {
            ("local:", Some(_)) => self.settings.start_cluster(true)?,
            _ => self.settings.completed(url, &variables)?,
        };
        let connector = match self.project {
            Some(project) => project.connector(&url),
            None => Connector::new(&url, concat!("host ", env!("CARGO_PKG_VERSION"))),
        };
        let connector = connector.map_err(|error| not_connected(&error, source))?;
        self.live(&connector, source).await
    }

    /// The database of the environment, if it answers at once. What is wrong with it has nothing to do with the models.
    pub(in crate::cli) async fn live_if_there(&self) -> Option<Loaded> {
        let project = self.project?;
        let variables = Variables::of(project).ok()?;
        if self.settings.named_by(project, &variables).ok()?.is_cluster() {
            return None;
        }
        let database = self.settings.connect_if_there(project).await?;
        let connector = database.connector().clone();
        database.close().await;
        self.live(&connector, "").await.ok()
    }

    /// The same through a connector. Its roles are named as they are.
    pub(in crate::cli) async fn live(&self, connector: &Connector, source: &str) -> Result<Loaded, Failure> {
        let mut connection = connector.open_apart().await.map_err(|error| not_connected(&error, source))?;
        // Its roles are called what they are.
        let mut read = ReadOptions { role_names: Vec::new(), ..self.read.clone() };
        let names = match self.project.map(Project::tables) {
            Some(tables) => {
                [tables.version, tables.log, tables.journal, tables.rejected].map(|table| (table.schema, table.name))
            }
            None => OWN_TABLES.map(|name| (None, name.to_owned())),
        };
        let title = format!("the database {}", connector.location());
        let of = |source| SchemaError::Read { of: title.clone(), source };
        read.own_tables = host_schema::find_tables(&mut connection, &names).await.map_err(of)?;
        let catalog = host_schema::read(&mut connection, &read).await;
        host_schema::shadow::close(connection).await;
        Ok(Loaded { catalog: catalog.map_err(of)?, title, database: None })
    }
}

/// Where Python looks for modules: where the user says, and behind that in the SDK, which has `host_migrate.sqlalchemy`.
#[expect(clippy::disallowed_methods, reason = "the user says where modules are")]
fn python_path(folder: &Path) -> OsString {
    let mut path = std::env::var_os("PYTHONPATH").unwrap_or_default();
    if !path.is_empty() {
        path.push(":");
    }
    path.push(folder.join(PYTHON_SDK_FOLDER));
    path
}

/// A pattern as a folder in front of its first wildcard, and the rest. `..` and absolute paths end up in the folder.
fn split_folder(pattern: &str) -> (&Path, &str) {
    let literal = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    // What has no wildcard is a file, or a folder that stands for its files.
    match pattern[..literal].trim_end_matches('/').rfind('/').filter(|_| literal == pattern.len()) {
        Some(slash) => (Path::new(&pattern[..=slash]), &pattern[slash + 1..]),
        None if literal == pattern.len() => (Path::new("."), pattern),
        None => match pattern[..literal].rfind('/') {
            Some(slash) => (Path::new(&pattern[..=slash]), &pattern[slash + 1..]),
            None => (Path::new("."), pattern),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_in_its_folder() {
        for (pattern, folder, rest) in [
            ("a.sql", ".", "a.sql"),
            ("schema", ".", "schema"),
            ("../x/a.sql", "../x/", "a.sql"),
            ("/tmp/x/", "/tmp/", "x/"),
            ("/tmp/x/**/*.sql", "/tmp/x/", "**/*.sql"),
            ("*.sql", ".", "*.sql"),
            ("s/a*.sql", "s/", "a*.sql"),
        ] {
            assert_eq!(split_folder(pattern), (Path::new(folder), rest), "{pattern}");
        }
    }
}
