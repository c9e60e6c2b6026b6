//! One environment with nothing left open.

use std::fmt;
use std::time::Duration;

use super::ConfigError;
use super::DEFAULT_ENVIRONMENT;
use super::ExpandError;
use super::TableName;
use super::backfill::BackfillSettings;
use super::downgrade::Downgrade;
use super::expand;
use super::file::LimitsSection;
use super::file::Section;
use super::grants::GrantsSection;
use super::schema::ModelsSetting;
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
    /// Whether what may destroy data asks first: a downgrade, a stamp, dropping the database.
    pub protect: bool,
    /// Whether migrations may be taken back.
    pub downgrade: Downgrade,
    /// The role under which the statements of migrations run, if it is not the user who logs in.
    pub role: Option<String>,
    /// Whether a user is refused whose rights reach the server's machine.
    pub require_restricted_role: bool,
    /// The folder of the migrations, relative to the project's.
    pub migrations: String,
    /// The file that is written after each run with the structure of the database, relative to the project's folder. It is that
    /// of the section itself: no environment takes it from `[default]`.
    pub dump: Option<String>,
    /// The table that holds the heads.
    pub version_table: TableName,
    /// The table that records what ran.
    pub log_table: TableName,
    /// The table that holds the statements of migrations without a transaction until these are finished.
    pub journal_table: TableName,
    /// The table that holds the rows that transforms passed over.
    pub rejected_table: TableName,
    /// The extensions that are made in the development cluster with the rights of its superuser, in this order.
    pub local_extensions: Vec<String>,
    /// Where the wanted schema comes from, and how schemas are compared.
    pub schema: SchemaSettings,
    /// What migrations may ask for.
    pub grants: Classes,
    /// How much a migration may use.
    pub limits: Limits,
    /// How tables are rewritten batch by batch.
    pub backfill: BackfillSettings,
}

/// How schemas are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaSettings {
    /// Where the wanted schema comes from, if the file says so.
    pub models: Option<ModelsSetting<UrlSetting>>,
    /// Patterns of objects that are left out, as `schema.name`.
    pub exclude: Vec<String>,
    /// The server on which shadow databases are made, if it is not the development cluster.
    pub shadow_url: Option<UrlSetting>,
}

impl SchemaSettings {
    /// The urls in it.
    pub(super) fn urls(&self) -> impl Iterator<Item = &UrlSetting> {
        let models = match &self.models {
            Some(ModelsSetting::Url(url)) => Some(url),
            _ => None,
        };
        models.into_iter().chain(&self.shadow_url)
    }
}

/// A url as the file has it, with variables in it. Its `Debug` does not show the text, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlSetting {
    text: String,
    section: String,
    key: &'static str,
    file: String,
}

/// How much a migration may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Computing time of one migration; time in the database does not count.
    pub guest_time: Duration,
    /// Time of one migration in all; zero is no limit.
    pub migration_time: Duration,
    /// Memory of one migration, in bytes.
    pub memory: u64,
    /// Stack of one migration, in bytes.
    pub stack: u64,
    /// Statements of one migration.
    pub statements: u32,
    /// Statements and savepoints that are open at the same time.
    pub open_handles: u32,
    /// What a migration hands to the host in one call, in bytes.
    pub call_size: u64,
    /// Rows in one result.
    pub result_rows: u32,
    /// Size of one result, in bytes.
    pub result_size: u64,
    /// Lines that one migration writes into the log.
    pub log_lines: u32,
    /// Size of what one migration writes into the log, in bytes.
    pub log_size: u64,
    /// Size of a component, in bytes.
    pub component_size: u64,
    /// How long compiling a component may take.
    pub compile_time: Duration,
    /// How much memory compiling a component may take, in bytes.
    pub compile_memory: u64,
    /// The server's `lock_timeout`; zero is none.
    pub lock_timeout: Duration,
    /// The server's `statement_timeout`; zero is none.
    pub statement_timeout: Duration,
    /// How long to wait for another runner.
    pub wait: Duration,
    /// How often a migration that lost to a lock is run again.
    pub lock_retries: u32,
    /// How long the step that runs may go on after SIGTERM.
    pub termination_grace: Duration,
    /// How long the server may be silent until a second connection looks at it; zero is for ever.
    pub silence: Duration,
}

impl Environment {
    pub(super) fn resolve(name: &str, own: &Section, default: &Section, file: &str) -> Self {
        let setting = |text: &Option<String>, section: &str, key| {
            let (section, file) = (section.to_owned(), file.to_owned());
            text.clone().map(|text| UrlSetting { text, section, key, file })
        };
        // Nothing else of [default] is its own alone.
        let section_itself = if name == DEFAULT_ENVIRONMENT { default } else { own };
        let url = |section: &Section, name: &str| setting(&section.url, name, "url");
        let direct_url = |section: &Section, name: &str| setting(&section.direct_url, name, "direct-url");
        // A section with a database of its own does not go to the one that [default] names.
        let inherited_direct_url = if own.url.is_some() { None } else { direct_url(default, DEFAULT_ENVIRONMENT) };
        let models = |section: &Section, name: &str| {
            section.schema.models.clone().map(|models| match models {
                ModelsSetting::Files(files) => ModelsSetting::Files(files),
                ModelsSetting::Command(command) => ModelsSetting::Command(command),
                ModelsSetting::Url(text) => ModelsSetting::Url(UrlSetting {
                    text,
                    section: name.to_owned(),
                    key: "schema.url",
                    file: file.to_owned(),
                }),
            })
        };
        let shadow_url = |section: &Section, name: &str| setting(&section.schema.shadow_url, name, "schema.shadow-url");
        let table = |own: &Option<TableName>, default: &Option<TableName>, name: &str| {
            let unwritten = || TableName { schema: None, name: name.to_owned() };
            own.clone().or_else(|| default.clone()).unwrap_or_else(unwritten)
        };
        Self {
            name: name.to_owned(),
            url: url(own, name).or_else(|| url(default, DEFAULT_ENVIRONMENT)),
            direct_url: direct_url(own, name).or(inherited_direct_url),
            // What [default] says of itself must not take away what the name of a section means.
            protect: own.protect.unwrap_or_else(|| default.protect.unwrap_or_default() || is_production(name)),
            downgrade: own.downgrade.or(default.downgrade).unwrap_or_default(),
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
            dump: section_itself.dump.clone().filter(|file| !file.is_empty()),
            version_table: table(&own.version_table, &default.version_table, "host_version"),
            log_table: table(&own.log_table, &default.log_table, "host_log"),
            local_extensions: own
                .local
                .extensions
                .clone()
                .or_else(|| default.local.extensions.clone())
                .unwrap_or_default(),
            schema: SchemaSettings {
                models: models(own, name).or_else(|| models(default, DEFAULT_ENVIRONMENT)),
                exclude: own.schema.exclude.clone().or_else(|| default.schema.exclude.clone()).unwrap_or_default(),
                shadow_url: shadow_url(own, name).or_else(|| shadow_url(default, DEFAULT_ENVIRONMENT)),
            },
            grants: GrantsSection::resolve(&own.grants, &default.grants),
            journal_table: table(&own.journal_table, &default.journal_table, "host_journal"),
            rejected_table: table(&own.rejected_table, &default.rejected_table, "host_rejected"),
            limits: Limits::resolve(&own.limits, &default.limits),
            backfill: BackfillSettings::resolve(&own.backfill, &default.backfill),
        }
    }

    /// Whether the section itself names a database, so that choosing it chooses that one.
    pub fn names_a_database(&self) -> bool {
        self.url.as_ref().is_some_and(|url| url.section == self.name)
    }
}

/// Whether a section is protected unless it says otherwise: `prod`, `production`, `prod-eu`.
fn is_production(name: &str) -> bool {
    name.get(..4).is_some_and(|beginning| beginning.eq_ignore_ascii_case("prod"))
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
            guest_time: limit!(guest_time, Duration::from_secs(60)),
            migration_time: limit!(migration_time, Duration::ZERO),
            memory: limit!(memory, 512 << 20),
            stack: limit!(stack, 1 << 20),
            statements: limit!(statements, 10_000_000),
            open_handles: limit!(open_handles, 1_000),
            call_size: limit!(call_size, 128 << 20),
            result_rows: limit!(result_rows, 100_000),
            result_size: limit!(result_size, 64 << 20),
            log_lines: limit!(log_lines, 100_000),
            log_size: limit!(log_size, 16 << 20),
            component_size: limit!(component_size, 64 << 20),
            compile_time: limit!(compile_time, Duration::from_secs(600)),
            compile_memory: limit!(compile_memory, 2 << 30),
            lock_timeout: limit!(lock_timeout, Duration::from_secs(10)),
            statement_timeout: limit!(statement_timeout, Duration::ZERO),
            wait: limit!(wait, Duration::from_secs(60)),
            lock_retries: limit!(lock_retries, 3),
            termination_grace: limit!(termination_grace, Duration::from_secs(10)),
            silence: limit!(silence, Duration::from_secs(15)),
        }
    }
}

impl UrlSetting {
    /// Where it is written: key, with its section, and file.
    pub fn place(&self) -> String {
        format!("'{}' in {}", self.full_key(), self.file)
    }

    /// The section that it stands in, which may be that of another environment than the one that takes it.
    pub fn section(&self) -> &str {
        &self.section
    }

    fn full_key(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The url with the variables' values in it. `lookup` gives the value of an environment variable.
    ///
    /// # Errors
    /// [`ConfigError::UnsetVariable`] and [`ConfigError::BrokenReference`]; neither shows any part of the text but the
    /// variable's name.
    pub fn expand(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
        expand(&self.text, lookup).map_err(|error| {
            let (file, key) = (self.file.clone(), self.full_key());
            match error {
                ExpandError::Unset { variable } => ConfigError::UnsetVariable { file, key, variable },
                ExpandError::Broken => ConfigError::BrokenReference { file, key },
            }
        })
    }
}

impl fmt::Debug for UrlSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UrlSetting")
            .field("key", &self.full_key())
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
