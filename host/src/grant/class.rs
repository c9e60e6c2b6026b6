//! The kinds of statements that a migration can ask for, and sets of them.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// What a statement does, as far as somebody has to allow it. Its word is the key in a migration's `asks` and in
/// `[*.grants]` of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum Class {
    /// Reading. Every migration may: what is read goes nowhere but into the migration.
    Query,
    /// Changing rows, and locking tables.
    Data,
    /// Tables, indexes, views, types and whatever else a schema holds, but no code.
    Schema,
    /// Code in the server: functions, procedures, operators, `DO`, `CALL`.
    Function,
    /// Extensions and procedural languages.
    Extension,
    /// Rights on objects, and who owns them.
    Privilege,
    /// Roles, which all databases of the server share.
    Role,
    /// Parameters of the session beyond a few harmless ones; timeouts are among them.
    Session,
    /// What leads to other servers: foreign tables, publications, subscriptions.
    Foreign,
}

/// A set of classes. As JSON it is the list of all their words.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<&'static str>")]
pub struct Classes(u16);

/// A word that is no class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown class `{word}`, expected one of {}", all_words())]
pub struct UnknownClass {
    /// The word.
    pub word: String,
}

impl Class {
    /// Every class, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::Query,
        Self::Data,
        Self::Schema,
        Self::Function,
        Self::Extension,
        Self::Privilege,
        Self::Role,
        Self::Session,
        Self::Foreign,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Data => "data",
            Self::Schema => "schema",
            Self::Function => "function",
            Self::Extension => "extension",
            Self::Privilege => "privilege",
            Self::Role => "role",
            Self::Session => "session",
            Self::Foreign => "foreign",
        }
    }

    /// What a migration with it may do, to be put after "it may".
    pub fn ability(self) -> &'static str {
        match self {
            Self::Query => "read data",
            Self::Data => "change data: insert, update, delete, truncate",
            Self::Schema => "change the schema: tables, indexes, views, types, triggers",
            Self::Function => "put code into the server and run it: functions, procedures, DO blocks",
            Self::Extension => "install, change and drop extensions",
            Self::Privilege => "give and take rights, and change who owns what",
            Self::Role => "make, change and drop roles, which all databases of the server share",
            Self::Session => "change parameters of its session, such as the timeouts",
            Self::Foreign => "set up foreign servers and tables, publications and subscriptions",
        }
    }
}

impl Classes {
    /// No class at all.
    pub const NONE: Self = Self(0);

    /// Every class.
    pub fn all() -> Self {
        Class::ALL.into_iter().collect()
    }

    /// What a migration asks for that does not say, and what settings grant that do not say.
    pub fn usual() -> Self {
        Self::NONE.with(Class::Query).with(Class::Data).with(Class::Schema)
    }

    /// The set and one class more.
    #[must_use]
    pub const fn with(self, class: Class) -> Self {
        Self(self.0 | 1 << class as u16)
    }

    /// All that is in one of the two.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a class is in it.
    pub const fn contains(self, class: Class) -> bool {
        self.0 & (1 << class as u16) != 0
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its classes, in the order of [`Class::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |class| self.contains(*class))
    }

    /// The words that have to be written for it, as a TOML list. `query` needs none.
    pub fn as_toml(self) -> String {
        let words: Vec<String> = self.written().map(|class| format!("\"{}\"", class.word())).collect();
        format!("[{}]", words.join(", "))
    }

    /// The classes that somebody has to allow: all but [`Class::Query`].
    pub fn written(self) -> impl Iterator<Item = Class> {
        self.iter().filter(|class| *class != Class::Query)
    }
}

impl From<Class> for Classes {
    fn from(class: Class) -> Self {
        Self::NONE.with(class)
    }
}

impl FromIterator<Class> for Classes {
    fn from_iter<I: IntoIterator<Item = Class>>(classes: I) -> Self {
        classes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(word: &str) -> Result<Self, UnknownClass> {
        let known = Self::ALL.into_iter().find(|class| class.word() == word);
        known.ok_or_else(|| UnknownClass { word: word.to_owned() })
    }
}

impl TryFrom<String> for Class {
    type Error = UnknownClass;

    fn try_from(word: String) -> Result<Self, UnknownClass> {
        word.parse()
    }
}

impl TryFrom<Vec<String>> for Classes {
    type Error = UnknownClass;

    fn try_from(words: Vec<String>) -> Result<Self, UnknownClass> {
        words.into_iter().map(Class::try_from).collect()
    }
}

impl From<Classes> for Vec<&'static str> {
    fn from(classes: Classes) -> Self {
        classes.iter().map(Class::word).collect()
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// `data, schema and function`, or `nothing but query`.
impl fmt::Display for Classes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.written().map(Class::word).collect();
        match words.split_last() {
            None => formatter.write_str("nothing but query"),
            Some((last, [])) => formatter.write_str(last),
            Some((last, others)) => write!(formatter, "{} and {last}", others.join(", ")),
        }
    }
}

impl fmt::Debug for Classes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

fn all_words() -> String {
    Class::ALL.map(|class| format!("`{}`", class.word())).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for class in Class::ALL {
            assert_eq!(class.word().parse(), Ok(class));
        }
        let unknown = Class::from_str("superuser").expect_err("no class");
        assert_eq!(
            unknown.to_string(),
            "unknown class `superuser`, expected one of `query`, `data`, `schema`, `function`, `extension`, `privilege`, \
             `role`, `session`, `foreign`"
        );
    }

    #[test]
    fn sets() {
        let usual = Classes::usual();
        assert_eq!(usual.iter().collect::<Vec<_>>(), [Class::Query, Class::Data, Class::Schema]);
        assert_eq!(Classes::all().iter().count(), Class::ALL.len());
        assert_eq!(Classes::all().minus(usual).iter().count(), 6);
        assert!(usual.minus(Classes::all()).is_empty() && !usual.contains(Class::Role));
        assert_eq!(usual.union(Class::Role.into()), usual.with(Class::Role));
        assert_eq!(usual.intersection(Class::Data.into()), Class::Data.into());
        let json = serde_json::to_string(&usual).expect("JSON");
        assert_eq!(json, r#"["query","data","schema"]"#);
        assert_eq!(serde_json::from_str::<Classes>(&json).expect("classes"), usual);
        serde_json::from_str::<Classes>(r#"["superuser"]"#).expect_err("no class");
    }

    #[test]
    fn sets_in_words() {
        for (set, words, toml) in [
            (Classes::NONE, "nothing but query", "[]"),
            (Class::Query.into(), "nothing but query", "[]"),
            (Class::Role.into(), "role", r#"["role"]"#),
            (Classes::usual(), "data and schema", r#"["data", "schema"]"#),
            (Classes::usual().with(Class::Foreign), "data, schema and foreign", r#"["data", "schema", "foreign"]"#),
        ] {
            assert_eq!(set.to_string(), words);
            assert_eq!(set.as_toml(), toml);
        }
    }
}
