//! The project's settings: `host.toml` → [`Config`] → one [`Environment`].
//!
//! Every key with its default:
//!
#![doc = concat!("```toml\n", include_str!("reference.toml"), "```")]

mod alembic;
mod backfill;
mod bounded;
pub mod database_url;
mod distance;
mod downgrade;
mod environment;
mod error;
mod expand;
mod file;
mod grants;
mod limit_keys;
mod renamed;
mod schema;
mod table_name;
mod toml_problem;

pub use alembic::AlembicProject;
pub use backfill::BackfillSettings;
pub use backfill::Hours;
pub use backfill::OnRowError;
pub use downgrade::Downgrade;
pub use environment::Environment;
pub use environment::Limits;
pub use environment::SchemaSettings;
pub use environment::UrlSetting;
pub use error::ConfigError;
pub use expand::ExpandError;
pub use expand::expand;
pub use schema::ModelsSetting;
pub use table_name::InvalidTableName;
pub use table_name::TableName;
pub use toml_problem::TomlProblem;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use file::File;
use file::Section;

/// The name of the settings file, in the project's folder.
pub const CONFIG_FILE: &str = "host.toml";

/// The environment that is used when none is chosen, and from which the others inherit.
pub const DEFAULT_ENVIRONMENT: &str = "default";

/// The longest time that PostgreSQL takes for a timeout, in milliseconds: it keeps them in a signed 32-bit number.
pub const SERVER_TIMEOUT_MILLISECONDS_MAX: u64 = 2_147_483_647;

/// All environments of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    file: String,
    dotenv: bool,
    python_requirements: Vec<String>,
    javascript_dependencies: Vec<String>,
    alembic: Option<AlembicProject>,
    environments: BTreeMap<String, Environment>,
}

impl Config {
    /// Reads the text of a settings file. `file` is its name, for messages. Variables in a url stay as they are until
    /// [`UrlSetting::expand`].
    ///
    /// # Errors
    /// [`ConfigError::Toml`] when the text is not TOML, has an unknown key, or a value that its key cannot have.
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let File { dotenv, python, javascript, alembic, mut sections } = toml::from_str(text).map_err(|error| {
            // A url in the wrong place must not show its password.
            let problem = TomlProblem::new(text, &error).without_text().with_renamed_key(text);
            ConfigError::Toml { file: file.to_owned(), problem }
        })?;
        let default = sections.remove(DEFAULT_ENVIRONMENT).unwrap_or_default();
        let environment =
            |name: &str, own: &Section| (name.to_owned(), Environment::resolve(name, own, &default, file));
        let mut environments: BTreeMap<_, _> = sections.iter().map(|(name, own)| environment(name, own)).collect();
        environments.extend([environment(DEFAULT_ENVIRONMENT, &Section::default())]);
        Ok(Self {
            file: file.to_owned(),
            dotenv: dotenv.unwrap_or_default(),
            python_requirements: python.requirements,
            javascript_dependencies: javascript.dependencies,
            alembic,
            environments,
        })
    }

    /// The packages that migrations in Python import besides the standard library, as the file has them.
    pub fn python_requirements(&self) -> &[String] {
        &self.python_requirements
    }

    /// The packages of npm that migrations in JavaScript and TypeScript import, as the file has them.
    pub fn javascript_dependencies(&self) -> &[String] {
        &self.javascript_dependencies
    }

    /// The project of Alembic that the migrations belong to, if they do.
    pub fn alembic(&self) -> Option<&AlembicProject> {
        self.alembic.as_ref()
    }

    /// One environment by its name. [`DEFAULT_ENVIRONMENT`] is always there, whether the file has its section or not.
    ///
    /// # Errors
    /// [`ConfigError::UnknownEnvironment`] when the file has no such section.
    pub fn environment(&self, name: &str) -> Result<&Environment, ConfigError> {
        self.environments.get(name).ok_or_else(|| ConfigError::UnknownEnvironment {
            file: self.file.clone(),
            name: name.to_owned(),
            known: self.environments.keys().cloned().collect(),
        })
    }

    /// Whether a file `.env` beside the settings may name the database, too.
    pub fn dotenv(&self) -> bool {
        self.dotenv
    }

    /// All environments, by name.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        self.environments.values()
    }

    /// The urls of all environments.
    pub fn urls(&self) -> impl Iterator<Item = &UrlSetting> {
        self.environments.values().flat_map(|environment| {
            let own = environment.url.iter().chain(&environment.direct_url);
            own.chain(environment.schema.urls())
        })
    }

    /// The environment variables that the urls of all environments name: each may hold a password.
    pub fn url_variables(&self) -> BTreeSet<String> {
        let names = RefCell::new(BTreeSet::new());
        let record = |name: &str| {
            names.borrow_mut().insert(name.to_owned());
            Some("value".to_owned())
        };
        for url in self.urls() {
            // One that cannot be expanded names no variable; whoever connects is told.
            let _ = url.expand(&record);
        }
        names.into_inner()
    }

    /// The names of the environments, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.environments.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
