//! `grants` of a section, in one of its two forms: a list of all that is granted, or a table with a key for each class.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;

use crate::grant::Class;
use crate::grant::Classes;

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

/// Reads either form. A list is complete: what is not in it is not granted.
pub(super) fn grants<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GrantsSection, D::Error> {
    deserializer.deserialize_any(ListOrTable)
}

struct ListOrTable;

impl<'de> Visitor<'de> for ListOrTable {
    type Value = GrantsSection;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of classes, or a table")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<GrantsSection, A::Error> {
        let mut granted = Classes::NONE;
        while let Some(class) = words.next_element::<Class>()? {
            granted = granted.with(class);
        }
        Ok(GrantsSection::of(granted))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<GrantsSection, A::Error> {
        GrantsSection::deserialize(MapAccessDeserializer::new(table))
    }
}

impl GrantsSection {
    /// What is granted, with nothing left open.
    fn of(granted: Classes) -> Self {
        let key = |class| Some(granted.contains(class));
        Self {
            data: key(Class::Data),
            schema: key(Class::Schema),
            function: key(Class::Function),
            extension: key(Class::Extension),
            privilege: key(Class::Privilege),
            role: key(Class::Role),
            session: key(Class::Session),
            foreign: key(Class::Foreign),
        }
    }
}
