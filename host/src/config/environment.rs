//! One environment with nothing left open.

use std::fmt;

use super::ConfigError;
use super::DEFAULT_ENVIRONMENT;
use super::ExpandError;
use super::TableName;
use super::expand;
use super::file::GrantsSection;
use super::file::LimitsSection;
use super::file::Section;
use crate::grant::Class;
use crate::grant::Classes;

/// The settings of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name, which is that of its section.
    pub name: String,
    /// The database, if the file names one.
    pub url: Option<UrlSetting>,
    /// The same database without a pooler in between, for what writes, if the file names it.
    pub direct_url: Option<UrlSetting>,
    /// The role under which the statements of migrations run, if it is not the user who logs in.
    pub role: Option<String>,
    /// Whether a user is refused whose rights reach the server's machine.
    pub require_restricted_role: bool,
    /// The folder of the migrations, relative to the project's.
    pub migrations: String,
    /// The table that holds the heads.
    pub version_table: TableName,
    /// The table that records what ran.
    pub log_table: TableName,
    /// The table that holds the statements of migrations without a transaction until these are finished.
    pub journal_table: TableName,
    /// The extensions that are made in the development cluster with the rights of its superuser, in this order.
    pub local_extensions: Vec<String>,
    /// What migrations may ask for.
    pub grants: Classes,
    /// How much a migration may use.
    pub limits: Limits,
}

/// A url as the file has it, with variables in it. Its `Debug` does not show the text, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlSetting {
    text: String,
    key: String,
    file: String,
}

/// How much a migration may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Computing time of one migration, in seconds; time in the database does not count.
    pub guest_seconds: u32,
    /// Time of one migration in all, in seconds; 0 is none.
    pub migration_seconds: u32,
    /// Memory of one migration, in MiB.
    pub memory_mebibytes: u32,
    /// Stack of one migration, in KiB.
    pub stack_kibibytes: u32,
    /// Statements of one migration.
    pub statements: u32,
    /// Statements and savepoints that are open at the same time.
    pub open_handles: u32,
    /// What a migration hands to the host in one call, in MiB.
    pub call_mebibytes: u32,
    /// Rows in one result.
    pub result_rows: u32,
    /// Size of one result, in MiB.
    pub result_mebibytes: u32,
    /// Lines that one migration writes into the log.
    pub log_lines: u32,
    /// Size of what one migration writes into the log, in KiB.
    pub log_kibibytes: u32,
    /// Size of a component, in MiB.
    pub component_mebibytes: u32,
    /// How long compiling a component may take, in seconds.
    pub compile_seconds: u32,
    /// How much memory compiling a component may take, in MiB.
    pub compile_mebibytes: u32,
    /// The server's `lock_timeout`, in milliseconds; 0 is none.
    pub lock_timeout_milliseconds: u32,
    /// The server's `statement_timeout`, in milliseconds; 0 is none.
    pub statement_timeout_milliseconds: u32,
    /// How long to wait for another runner, in seconds.
    pub runner_lock_seconds: u32,
    /// How often a migration that lost to a lock is run again.
    pub lock_retries: u32,
    /// How long the step that runs may go on after SIGTERM, in seconds.
    pub termination_grace_seconds: u32,
    /// How long the server may be silent until a second connection looks at it, in seconds; 0 is for ever.
    pub silence_seconds: u32,
}

impl Environment {
    pub(super) fn resolve(name: &str, own: &Section, default: &Section, file: &str) -> Self {
        let url = |section: &Section, name: &str| {
            let text = section.url.clone()?;
            Some(UrlSetting { text, key: format!("{name}.url"), file: file.to_owned() })
        };
        let direct_url = |section: &Section, name: &str| {
            let text = section.direct_url.clone()?;
            Some(UrlSetting { text, key: format!("{name}.direct-url"), file: file.to_owned() })
        };
        // A section with a database of its own does not go to the one that [default] names.
        let inherited_direct_url = if own.url.is_some() { None } else { direct_url(default, DEFAULT_ENVIRONMENT) };
        let table = |own: &Option<TableName>, default: &Option<TableName>, name: &str| {
            let unwritten = || TableName { schema: None, name: name.to_owned() };
            own.clone().or_else(|| default.clone()).unwrap_or_else(unwritten)
        };
        Self {
            name: name.to_owned(),
            url: url(own, name).or_else(|| url(default, DEFAULT_ENVIRONMENT)),
            direct_url: direct_url(own, name).or(inherited_direct_url),
            role: own.role.clone().or_else(|| default.role.clone()).filter(|role| !role.is_empty()),
            require_restricted_role: own
                .require_restricted_role
                .or(default.require_restricted_role)
                .unwrap_or_default(),
            migrations: own
                .migrations
                .clone()
                .or_else(|| default.migrations.clone())
                .unwrap_or_else(|| "migrations".to_owned()),
            version_table: table(&own.version_table, &default.version_table, "host_version"),
            log_table: table(&own.log_table, &default.log_table, "host_log"),
            local_extensions: own
                .local
                .extensions
                .clone()
                .or_else(|| default.local.extensions.clone())
                .unwrap_or_default(),
            grants: GrantsSection::resolve(&own.grants, &default.grants),
            journal_table: table(&own.journal_table, &default.journal_table, "host_journal"),
            limits: Limits::resolve(&own.limits, &default.limits),
        }
    }
}

impl GrantsSection {
    /// Key by key, like everything else; reading is always granted.
    fn resolve(own: &Self, default: &Self) -> Classes {
        let granted = |class: &Class| {
            let written = own.key(*class).or(default.key(*class));
            written.unwrap_or_else(|| Classes::usual().contains(*class))
        };
        Class::ALL.into_iter().filter(granted).collect()
    }

    fn key(&self, class: Class) -> Option<bool> {
        match class {
            Class::Query => Some(true),
            Class::Data => self.data,
            Class::Schema => self.schema,
            Class::Function => self.function,
            Class::Extension => self.extension,
            Class::Privilege => self.privilege,
            Class::Role => self.role,
            Class::Session => self.session,
            Class::Foreign => self.foreign,
        }
    }
}

impl Limits {
    fn resolve(own: &LimitsSection, default: &LimitsSection) -> Self {
        macro_rules! limit {
            ($key:ident, $unwritten:expr) => {
                own.$key.or(default.$key).map_or($unwritten, |bounded| bounded.0)
            };
        }
        Self {
            guest_seconds: limit!(guest_seconds, 60),
            migration_seconds: limit!(migration_seconds, 0),
            memory_mebibytes: limit!(memory_mebibytes, 512),
            stack_kibibytes: limit!(stack_kibibytes, 1024),
            statements: limit!(statements, 10_000_000),
            open_handles: limit!(open_handles, 1_000),
            call_mebibytes: limit!(call_mebibytes, 128),
            result_rows: limit!(result_rows, 100_000),
            result_mebibytes: limit!(result_mebibytes, 64),
            log_lines: limit!(log_lines, 100_000),
            log_kibibytes: limit!(log_kibibytes, 16_384),
            component_mebibytes: limit!(component_mebibytes, 64),
            compile_seconds: limit!(compile_seconds, 600),
            compile_mebibytes: limit!(compile_mebibytes, 2_048),
            lock_timeout_milliseconds: limit!(lock_timeout_milliseconds, 10_000),
            statement_timeout_milliseconds: limit!(statement_timeout_milliseconds, 0),
            runner_lock_seconds: limit!(runner_lock_seconds, 60),
            lock_retries: limit!(lock_retries, 3),
            termination_grace_seconds: limit!(termination_grace_seconds, 10),
            silence_seconds: limit!(silence_seconds, 15),
        }
    }
}

impl UrlSetting {
    /// Where it is written: key, with its section, and file.
    pub fn place(&self) -> String {
        format!("'{}' in {}", self.key, self.file)
    }

    /// The url with the variables' values in it. `lookup` gives the value of an environment variable.
    ///
    /// # Errors
    /// [`ConfigError::UnsetVariable`] and [`ConfigError::BrokenReference`]; neither shows any part of the text but the
    /// variable's name.
    pub fn expand(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
        expand(&self.text, lookup).map_err(|error| {
            let (file, key) = (self.file.clone(), self.key.clone());
            match error {
                ExpandError::Unset { variable } => ConfigError::UnsetVariable { file, key, variable },
                ExpandError::Broken => ConfigError::BrokenReference { file, key },
            }
        })
    }
}

impl fmt::Debug for UrlSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UrlSetting").field("key", &self.key).field("file", &self.file).finish_non_exhaustive()
    }
}
