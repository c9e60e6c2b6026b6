//! The shape of the file: what may be written, all of it optional.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::MapAccess;
use serde::de::Visitor;

use super::AlembicProject;
use super::Downgrade;
use super::TableName;
use super::backfill::BackfillSection;
use super::bounded::AnyTime;
use super::bounded::AtLeastOne;
use super::bounded::Count;
use super::bounded::Size;
use super::bounded::TIME_MAX;
use super::bounded::Time;
use super::grants::GrantsSection;
use super::grants::grants;
use super::schema::SchemaSection;

/// A 32-bit guest has no more memory than this, and a result cannot be larger either.
type GuestSize = Size<{ 1 << 20 }, { 4 << 30 }>;

/// A stack of a guest is memory of the process that is there from the beginning of its call.
type StackSize = Size<{ 64 << 10 }, { 64 << 20 }>;

type LogSize = Size<{ 1 << 10 }, { 4 << 40 }>;
type CompileMemory = Size<{ 64 << 20 }, { 64 << 30 }>;

type SomeTime = Time<1, TIME_MAX>;
type ServerTimeout = Time<0, { super::SERVER_TIMEOUT_MILLISECONDS_MAX }>;

/// The keys at the top that are no environments.
const DOTENV: &str = "dotenv";
const PYTHON: &str = "python";
const JAVASCRIPT: &str = "javascript";
const ALEMBIC: &str = "alembic";

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) dotenv: Option<bool>,
    pub(super) python: PythonSection,
    pub(super) javascript: JavaScriptSection,
    pub(super) alembic: Option<AlembicProject>,
    pub(super) sections: BTreeMap<String, Section>,
}

/// By hand, because a flattened map would lose the places of its errors.
impl<'de> Deserialize<'de> for File {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = File;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("sections")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
                let mut file = File::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == DOTENV {
                        file.dotenv = Some(map.next_value()?);
                    } else if key == PYTHON {
                        file.python = map.next_value()?;
                    } else if key == JAVASCRIPT {
                        file.javascript = map.next_value()?;
                    } else if key == ALEMBIC {
                        file.alembic = Some(map.next_value()?);
                    } else {
                        file.sections.insert(key, map.next_value()?);
                    }
                }
                Ok(file)
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

/// What the runtime of Python has besides its standard library.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with requirements")]
pub(super) struct PythonSection {
    #[serde(default)]
    pub(super) requirements: Vec<String>,
}

/// What migrations in JavaScript and TypeScript import besides `host`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with dependencies")]
pub(super) struct JavaScriptSection {
    #[serde(default)]
    pub(super) dependencies: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a section such as [default] around this key")]
pub(super) struct Section {
    pub(super) url: Option<String>,
    pub(super) direct_url: Option<String>,
    pub(super) protect: Option<bool>,
    pub(super) downgrade: Option<Downgrade>,
    pub(super) role: Option<String>,
    pub(super) require_restricted_role: Option<bool>,
    pub(super) migrations: Option<String>,
    pub(super) dump: Option<String>,
    pub(super) version_table: Option<TableName>,
    pub(super) log_table: Option<TableName>,
    pub(super) journal_table: Option<TableName>,
    pub(super) rejected_table: Option<TableName>,
    #[serde(default)]
    pub(super) local: LocalSection,
    #[serde(default)]
    pub(super) schema: SchemaSection,
    #[serde(default, deserialize_with = "grants")]
    pub(super) grants: GrantsSection,
    #[serde(default)]
    pub(super) limits: LimitsSection,
    #[serde(default)]
    pub(super) backfill: BackfillSection,
}

/// The development cluster.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct LocalSection {
    pub(super) extensions: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct LimitsSection {
    pub(super) guest_time: Option<SomeTime>,
    pub(super) migration_time: Option<AnyTime>,
    pub(super) memory: Option<GuestSize>,
    pub(super) stack: Option<StackSize>,
    pub(super) statements: Option<AtLeastOne>,
    pub(super) open_handles: Option<AtLeastOne>,
    pub(super) call_size: Option<GuestSize>,
    pub(super) result_rows: Option<AtLeastOne>,
    pub(super) result_size: Option<GuestSize>,
    pub(super) log_lines: Option<AtLeastOne>,
    pub(super) log_size: Option<LogSize>,
    pub(super) component_size: Option<GuestSize>,
    pub(super) compile_time: Option<SomeTime>,
    pub(super) compile_memory: Option<CompileMemory>,
    pub(super) lock_timeout: Option<ServerTimeout>,
    pub(super) statement_timeout: Option<ServerTimeout>,
    pub(super) wait: Option<AnyTime>,
    pub(super) lock_retries: Option<Count>,
    pub(super) termination_grace: Option<AnyTime>,
    pub(super) silence: Option<AnyTime>,
}
