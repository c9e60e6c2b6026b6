//! What CREATE, ALTER and DROP work on, and whose matter each of them is.

use super::words::Words;
use crate::grant::Class;

/// Words between CREATE and the kind of object.
const MODIFIERS: [&str; 14] = [
    "OR",
    "REPLACE",
    "UNIQUE",
    "TEMP",
    "TEMPORARY",
    "UNLOGGED",
    "LOCAL",
    "GLOBAL",
    "RECURSIVE",
    "TRUSTED",
    "PROCEDURAL",
    "CONSTRAINT",
    "DEFAULT",
    "ONLY",
];

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Its words.
    pub(super) words: &'static str,
    /// What a change of it needs, or None where no migration may change it.
    pub(super) class: Option<Class>,
    /// Where its words end and a name follows.
    pub(super) name_at: usize,
}

/// The kinds of objects, by the commands of the PostgreSQL manual. Longer phrases come before those that they begin with.
const OBJECTS: [(&str, Option<Class>); 46] = [
    ("DEFAULT PRIVILEGES", Some(Class::Privilege)),
    ("ACCESS METHOD", Some(Class::Function)),
    ("EVENT TRIGGER", Some(Class::Function)),
    ("FOREIGN DATA WRAPPER", Some(Class::Foreign)),
    ("FOREIGN TABLE", Some(Class::Foreign)),
    ("LARGE OBJECT", Some(Class::Data)),
    ("MATERIALIZED VIEW", Some(Class::Schema)),
    ("OPERATOR CLASS", Some(Class::Function)),
    ("OPERATOR FAMILY", Some(Class::Function)),
    ("TEXT SEARCH CONFIGURATION", Some(Class::Schema)),
    ("TEXT SEARCH DICTIONARY", Some(Class::Schema)),
    ("TEXT SEARCH PARSER", Some(Class::Schema)),
    ("TEXT SEARCH TEMPLATE", Some(Class::Schema)),
    ("USER MAPPING FOR", Some(Class::Foreign)),
    ("USER MAPPING IF", Some(Class::Foreign)),
    ("AGGREGATE", Some(Class::Function)),
    ("CAST", Some(Class::Function)),
    ("COLLATION", Some(Class::Schema)),
    ("CONVERSION", Some(Class::Function)),
    ("DATABASE", None),
    ("DOMAIN", Some(Class::Schema)),
    ("EXTENSION", Some(Class::Extension)),
    ("FUNCTION", Some(Class::Function)),
    ("GROUP", Some(Class::Role)),
    ("INDEX", Some(Class::Schema)),
    ("LANGUAGE", Some(Class::Extension)),
    ("OPERATOR", Some(Class::Function)),
    ("OWNED", Some(Class::Privilege)),
    ("POLICY", Some(Class::Schema)),
    ("PROCEDURE", Some(Class::Function)),
    ("PUBLICATION", Some(Class::Foreign)),
    ("ROLE", Some(Class::Role)),
    ("ROUTINE", Some(Class::Function)),
    ("RULE", Some(Class::Schema)),
    ("SCHEMA", Some(Class::Schema)),
    ("SEQUENCE", Some(Class::Schema)),
    ("SERVER", Some(Class::Foreign)),
    ("STATISTICS", Some(Class::Schema)),
    ("SUBSCRIPTION", Some(Class::Foreign)),
    ("SYSTEM", None),
    ("TABLE", Some(Class::Schema)),
    ("TABLESPACE", None),
    ("TRANSFORM", Some(Class::Function)),
    ("TRIGGER", Some(Class::Schema)),
    ("TYPE", Some(Class::Schema)),
    ("VIEW", Some(Class::Schema)),
];

/// USER without MAPPING is a role.
const USER: (&str, Option<Class>) = ("USER", Some(Class::Role));

/// The kind of object after the verb.
pub(super) fn object(words: &Words<'_>) -> Option<Object> {
    // ALTER DEFAULT PRIVILEGES begins like a modifier.
    let first = if words.begin_with(1, "DEFAULT PRIVILEGES") {
        1
    } else {
        (1..).find(|place| !words.is_any(*place, &MODIFIERS)).unwrap_or(1)
    };
    let found = OBJECTS.iter().chain([&USER]).find(|(phrase, _)| words.begin_with(first, phrase));
    found.map(|(phrase, class)| Object {
        words: phrase.strip_suffix(" FOR").or(phrase.strip_suffix(" IF")).unwrap_or(phrase),
        class: *class,
        name_at: first + phrase.split(' ').count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_phrases_come_first() {
        for (index, (phrase, _)) in OBJECTS.iter().enumerate() {
            let hidden = OBJECTS[..index].iter().find(|(earlier, _)| phrase.starts_with(&format!("{earlier} ")));
            assert_eq!(hidden, None, "{phrase} is never found");
        }
    }

    #[test]
    fn users_and_their_mappings() {
        for (statement, expected) in [
            ("CREATE USER mapping", "USER"),
            ("CREATE USER MAPPING FOR a SERVER b", "USER MAPPING"),
            ("DROP USER MAPPING IF EXISTS FOR a SERVER b", "USER MAPPING"),
            ("DROP USER mapping, b", "USER"),
        ] {
            assert_eq!(object(&Words::new(statement)).map(|object| object.words), Some(expected), "{statement}");
        }
    }
}
