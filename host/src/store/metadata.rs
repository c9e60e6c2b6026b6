//! What a migration says about itself.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;
use serde::de::SeqAccess;
use serde::de::Visitor;
use toml_edit::DocumentMut;
use toml_edit::Value;

use super::short;
use crate::config::TomlProblem;
use crate::grant::Class;
use crate::grant::Classes;
use crate::language::Language;
use crate::revision::REVISION_ID_CHARACTERS_MAX;
use crate::revision::RevisionId;

/// How many revisions, names or classes a list may have.
const LIST_ENTRIES_MAX: usize = 1000;

/// The metadata of one migration. Keys are written in kebab-case; only `revision` is required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub struct Metadata {
    /// Its revision id.
    pub revision: RevisionId,
    /// The revisions that it comes after: none for a base, several for a merge. One may be written without a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub revises: Vec<RevisionId>,
    /// Revisions or labels of other branches that have to be there first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub depends_on: Vec<String>,
    /// Names for the branch that begins here.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub branch_labels: Vec<String>,
    /// What it does, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "short::message")]
    pub message: String,
    /// When it was written, as in RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "time")]
    pub created: Option<String>,
    /// Whether it runs inside a transaction.
    #[serde(default, skip_serializing_if = "Transaction::is_default")]
    pub transaction: Transaction,
    /// Whether it has no way back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub irreversible: bool,
    /// The command that builds a folder of sources that host has no toolchain for: a program and its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub build: Vec<String>,
    /// What it asks for: the classes of its statements. Without the key it asks for what is usual.
    #[serde(
        default = "Classes::usual",
        skip_serializing_if = "is_usual",
        serialize_with = "asks_as_words",
        deserialize_with = "asks"
    )]
    pub asks: Classes,
}

/// How a migration stands to transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transaction {
    /// It runs in a transaction of its own.
    #[default]
    PerMigration,
    /// Each of its statements stands alone, as `CREATE INDEX CONCURRENTLY` needs it.
    None,
}

impl Transaction {
    // The signature that serde calls.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Metadata {
    /// Metadata with a revision id and nothing else.
    pub fn new(revision: RevisionId) -> Self {
        Self {
            revision,
            revises: Vec::new(),
            depends_on: Vec::new(),
            branch_labels: Vec::new(),
            message: String::new(),
            created: None,
            transaction: Transaction::default(),
            irreversible: false,
            build: Vec::new(),
            asks: Classes::usual(),
        }
    }

    /// What a migration in this language asks for where so much is granted: see [`super::Migration::asks`].
    pub fn asks_in(&self, language: Language, granted: Classes) -> Classes {
        match language {
            Language::Alembic => self.asks.union(granted),
            _ => self.asks,
        }
    }

    /// Reads metadata from TOML.
    ///
    /// # Errors
    /// A [`TomlProblem`] whose line counts from the beginning of `text`.
    pub fn from_toml(text: &str) -> Result<Self, TomlProblem> {
        toml::from_str(text).map_err(|error| TomlProblem::new(text, &error))
    }

    /// Writes metadata as TOML, one key a line. Keys with default values are left out.
    ///
    /// # Errors
    /// None that is known: metadata is a flat table of texts and lists.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let text = toml::to_string(self)?;
        // Text of several lines would come in several lines, of which one may look like the end of a block.
        let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(text) };
        for (_, item) in document.iter_mut() {
            match item.as_value_mut() {
                Some(Value::Array(values)) => values.iter_mut().for_each(in_one_line),
                Some(value) => in_one_line(value),
                None => {}
            }
        }
        Ok(document.to_string())
    }
}

/// Writes a text of several lines with escapes for their ends.
fn in_one_line(value: &mut Value) {
    let Some(text) = value.as_str().filter(|text| text.contains('\n')) else { return };
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    if let Ok(mut one_line) = quoted.parse::<Value>() {
        *one_line.decor_mut() = value.decor().clone();
        *value = one_line;
    }
}

/// Reads one text or a list of texts, each made into what it stands for.
///
/// Written by hand, because an untagged enum would first copy everything and then format an error that nobody sees, for
/// each list in the index of migrations.
struct OneOrMany<T>(PhantomData<T>);

impl<'de, T> Visitor<'de> for OneOrMany<T>
where
    T: TryFrom<String>,
    T::Error: fmt::Display,
{
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        Ok(vec![read_one(text.to_owned())?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Vec<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(text) = texts.next_element::<String>()? {
            if all.len() == LIST_ENTRIES_MAX {
                return Err(A::Error::custom(format!("it has more than {LIST_ENTRIES_MAX} entries")));
            }
            all.push(read_one(text)?);
        }
        Ok(all)
    }
}

fn read_one<T, E>(text: String) -> Result<T, E>
where
    T: TryFrom<String>,
    T::Error: fmt::Display,
    E: Error,
{
    // A dependency is a name, perhaps with that of a branch.
    if text.chars().count() > 2 * REVISION_ID_CHARACTERS_MAX + 1 {
        return Err(E::custom(format!("'{}' is too long for a name", short::shortened(text, 64).escape_debug())));
    }
    T::try_from(text).map_err(E::custom)
}

fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String>,
    T::Error: fmt::Display,
{
    deserializer.deserialize_any(OneOrMany(PhantomData))
}

/// Reading needs no word, and may have one.
fn asks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Classes, D::Error> {
    let classes: Vec<Class> = one_or_many(deserializer)?;
    Ok(classes.into_iter().collect::<Classes>().with(Class::Query))
}

// The signature that serde calls.
fn asks_as_words<S: Serializer>(asks: &Classes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(asks.written().map(Class::word))
}

// The signature that serde calls.
fn is_usual(asks: &Classes) -> bool {
    *asks == Classes::usual()
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a time as in RFC 3339, such as 2026-11-22T12:00:00Z")]
enum TextOrTime {
    Text(String),
    Time(toml::value::Datetime),
}

/// TOML has times of its own: both `created = "…"` and `created = …` are read.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = match TextOrTime::deserialize(deserializer)? {
        TextOrTime::Text(text) => text,
        TextOrTime::Time(time) => time.to_string(),
    };
    match text.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(Some(text)),
        Err(_) => Err(Error::custom(format!(
            "'{}' is not a time as in RFC 3339, such as 2026-11-22T12:00:00Z",
            short::shortened(text, 64).escape_debug()
        ))),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_every_key() {
        let text = r#"
            revision = "b"
            revises = "a"
            depends-on = ["x@head"]
            branch-labels = ["billing"]
            message = "create users"
            created = 2026-11-22T12:00:00Z
            transaction = "none"
            irreversible = true
            asks = ["schema", "role"]
        "#;
        let expected = Metadata {
            revises: vec![RevisionId::new("a").unwrap()],
            depends_on: vec!["x@head".to_owned()],
            branch_labels: vec!["billing".to_owned()],
            message: "create users".to_owned(),
            created: Some("2026-11-22T12:00:00Z".to_owned()),
            transaction: Transaction::None,
            irreversible: true,
            asks: [Class::Query, Class::Schema, Class::Role].into_iter().collect(),
            ..Metadata::new(RevisionId::new("b").unwrap())
        };
        assert_eq!(Metadata::from_toml(text).unwrap(), expected);
        let json = serde_json::to_string(&expected).unwrap();
        assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), expected);
        let base = Metadata::from_toml("revision = 'b'\ntransaction = 'per-migration'").unwrap();
        assert_eq!(base, Metadata::new(RevisionId::new("b").unwrap()));
        assert_eq!(base.to_toml().unwrap(), "revision = \"b\"\n");
    }

    #[test]
    fn errors_name_line_and_key() {
        for (text, expected) in [
            ("", "1: missing field `revision`"),
            (
                "revision = 'a'\nrevise = 'b'",
                "2: 'revise': unknown field `revise`, expected one of `revision`, `revises`, `depends-on`, `branch-labels`, \
                 `message`, `created`, `transaction`, `irreversible`, `build`, `asks`",
            ),
            ("revision = 'a@b'", "1: 'revision': Character(s) '@' not allowed in revision identifier 'a@b'"),
            (
                "revision = 'a'\nrevises = ['b', 'a-b']",
                "2: 'revises': Character(s) '-' not allowed in revision identifier 'a-b'",
            ),
            (
                "revision = 'a'\nrevises = 5",
                "2: 'revises': invalid type: integer `5`, expected a text or a list of texts",
            ),
            (
                "revision = 'a'\ntransaction = 'never'",
                "2: 'transaction': unknown variant `never`, expected `per-migration` or `none`",
            ),
            (
                "revision = 'a'\nasks = ['schema', 'superuser']",
                "2: 'asks': unknown class `superuser`, expected one of `query`, `data`, `schema`, `function`, `extension`, \
                 `privilege`, `role`, `session`, `foreign`",
            ),
            (
                "revision = 'a'\ncreated = 'today'",
                "2: 'created': 'today' is not a time as in RFC 3339, such as 2026-11-22T12:00:00Z",
            ),
        ] {
            assert_eq!(Metadata::from_toml(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn asks_are_usual_unless_written() {
        for (text, expected, written) in [
            ("", Classes::usual(), ""),
            ("asks = ['data', 'schema']", Classes::usual(), ""),
            ("asks = 'data'", Classes::NONE.with(Class::Query).with(Class::Data), "asks = [\"data\"]\n"),
            ("asks = []", Class::Query.into(), "asks = []\n"),
            ("asks = ['query']", Class::Query.into(), "asks = []\n"),
        ] {
            let metadata = Metadata::from_toml(&format!("revision = 'a'\n{text}")).unwrap();
            assert_eq!(metadata.asks, expected, "{text}");
            assert_eq!(metadata.to_toml().unwrap(), format!("revision = \"a\"\n{written}"));
        }
    }

    #[test]
    fn texts_without_end_are_cut_or_refused() {
        let long = "x".repeat(1 << 20);
        let metadata = Metadata::from_toml(&format!("revision = 'a'\nmessage = '{long}'")).unwrap();
        assert!(metadata.message.len() < 20_000 && metadata.message.ends_with(" […]"));
        assert_eq!(Metadata::from_toml(&metadata.to_toml().unwrap()).unwrap(), metadata, "cut once");
        let many = vec!["'a'"; 2000].join(",");
        for text in [
            format!("depends-on = '{long}'"),
            format!("branch-labels = ['{long}']"),
            format!("depends-on = [{many}]"),
            format!("asks = '{long}'"),
            format!("created = '{long}'"),
            format!("transaction = '{long}'"),
            format!("{long} = 1"),
        ] {
            let error = Metadata::from_toml(&format!("revision = 'a'\n{text}")).unwrap_err().to_string();
            assert!(error.len() < 2600, "{} bytes: {}", error.len(), &error[..200]);
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC*|[a-z\\-]{1,12} = [\\[\\]'\",a-z0-9\n]*") {
            let _ = Metadata::from_toml(&text);
        }

        #[test]
        fn what_is_written_is_read_back(
            message in any::<String>(),
            labels in proptest::collection::vec(any::<String>(), 0..3),
            irreversible in any::<bool>(),
            classes in proptest::collection::vec(proptest::sample::select(&Class::ALL[..]), 0..4),
        ) {
            let metadata = Metadata {
                message,
                branch_labels: labels,
                irreversible,
                asks: classes.into_iter().collect::<Classes>().with(Class::Query),
                ..Metadata::new(RevisionId::new("a").unwrap())
            };
            let text = metadata.to_toml().unwrap();
            prop_assert_eq!(Metadata::from_toml(&text).unwrap(), metadata);
        }
    }
}
