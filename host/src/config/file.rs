//! The shape of the file: what may be written, all of it optional.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;

use super::TableName;

/// PostgreSQL keeps its timeouts as milliseconds in a signed 32-bit number.
const SERVER_MILLISECONDS_MAX: u32 = 2_147_483_647;

/// A 32-bit guest has no more memory than this, in MiB; a result cannot be larger either.
const ADDRESSABLE_MEBIBYTES: u32 = 4096;

/// The largest stack, in KiB. A stack of a guest is memory of the process that is there from the beginning of its call.
const STACK_KIBIBYTES_MAX: u32 = 65_536;

pub(super) type Mebibytes = Bounded<1, ADDRESSABLE_MEBIBYTES>;
pub(super) type StackKibibytes = Bounded<64, STACK_KIBIBYTES_MAX>;
pub(super) type ServerMilliseconds = Bounded<0, SERVER_MILLISECONDS_MAX>;
pub(super) type CompileMebibytes = Bounded<64, 65_536>;
pub(super) type AtLeastOne = Bounded<1, { u32::MAX }>;
pub(super) type Any = Bounded<0, { u32::MAX }>;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a section such as [default] around this key")]
pub(super) struct Section {
    pub(super) url: Option<String>,
    pub(super) direct_url: Option<String>,
    pub(super) role: Option<String>,
    pub(super) require_restricted_role: Option<bool>,
    pub(super) migrations: Option<String>,
    pub(super) version_table: Option<TableName>,
    pub(super) log_table: Option<TableName>,
    pub(super) journal_table: Option<TableName>,
    #[serde(default)]
    pub(super) local: LocalSection,
    #[serde(default)]
    pub(super) grants: GrantsSection,
    #[serde(default)]
    pub(super) limits: LimitsSection,
}

/// The development cluster.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct LocalSection {
    pub(super) extensions: Option<Vec<String>>,
}

/// One key for each class that somebody has to allow.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct GrantsSection {
    pub(super) data: Option<bool>,
    pub(super) schema: Option<bool>,
    pub(super) function: Option<bool>,
    pub(super) extension: Option<bool>,
    pub(super) privilege: Option<bool>,
    pub(super) role: Option<bool>,
    pub(super) session: Option<bool>,
    pub(super) foreign: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct LimitsSection {
    pub(super) guest_seconds: Option<AtLeastOne>,
    pub(super) migration_seconds: Option<Any>,
    pub(super) memory_mebibytes: Option<Mebibytes>,
    pub(super) stack_kibibytes: Option<StackKibibytes>,
    pub(super) statements: Option<AtLeastOne>,
    pub(super) open_handles: Option<AtLeastOne>,
    pub(super) call_mebibytes: Option<Mebibytes>,
    pub(super) result_rows: Option<AtLeastOne>,
    pub(super) result_mebibytes: Option<Mebibytes>,
    pub(super) log_lines: Option<AtLeastOne>,
    pub(super) log_kibibytes: Option<AtLeastOne>,
    pub(super) component_mebibytes: Option<Mebibytes>,
    pub(super) compile_seconds: Option<AtLeastOne>,
    pub(super) compile_mebibytes: Option<CompileMebibytes>,
    pub(super) lock_timeout_milliseconds: Option<ServerMilliseconds>,
    pub(super) statement_timeout_milliseconds: Option<ServerMilliseconds>,
    pub(super) runner_lock_seconds: Option<Any>,
    pub(super) lock_retries: Option<Any>,
    pub(super) termination_grace_seconds: Option<Any>,
    pub(super) silence_seconds: Option<Any>,
}

/// A whole number between two bounds, both included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounded<const LEAST: u32, const MOST: u32>(pub(super) u32);

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Bounded<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const LEAST: u32, const MOST: u32>;

        impl<const LEAST: u32, const MOST: u32> de::Visitor<'_> for Visitor<LEAST, MOST> {
            type Value = Bounded<LEAST, MOST>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "a whole number from {LEAST} to {MOST}")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                u32::try_from(number)
                    .ok()
                    .filter(|number| (LEAST..=MOST).contains(number))
                    .map(Bounded)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_i64(Visitor)
    }
}
