//! `[….schema]`: where the wanted schema comes from, and what is left out of comparisons.

use serde::Deserialize;
use serde::Deserializer;
use serde::de;

/// Where the wanted schema comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelsSetting<Url> {
    /// Files of SQL, by patterns relative to the project's folder.
    Files(Vec<String>),
    /// Another database.
    Url(Url),
    /// A program that prints SQL, with its arguments; it runs in the project's folder.
    Command(Vec<String>),
}

/// The section as it is written.
#[derive(Debug, Default)]
pub(super) struct SchemaSection {
    pub(super) models: Option<ModelsSetting<String>>,
    pub(super) exclude: Option<Vec<String>>,
    pub(super) shadow_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
struct Keys {
    files: Option<Vec<String>>,
    url: Option<String>,
    command: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    shadow_url: Option<String>,
}

impl<'de> Deserialize<'de> for SchemaSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Keys { files, url, command, exclude, shadow_url } = Keys::deserialize(deserializer)?;
        if command.as_ref().is_some_and(|command| command.first().is_none_or(String::is_empty)) {
            return Err(de::Error::custom(
                "`command` names no program: write a list such as [\"python3\", \"models.py\"]",
            ));
        }
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Err(de::Error::custom("`files` names no file: write a list such as [\"schema/**/*.sql\"]"));
        }
        let models = match (files, url, command) {
            (None, None, None) => None,
            (Some(files), None, None) => Some(ModelsSetting::Files(files)),
            (None, Some(url), None) => Some(ModelsSetting::Url(url)),
            (None, None, Some(command)) => Some(ModelsSetting::Command(command)),
            _ => {
                return Err(de::Error::custom(
                    "the schema comes from one of `files`, `url` and `command`: keep one of them",
                ));
            }
        };
        Ok(Self { models, exclude, shadow_url })
    }
}
