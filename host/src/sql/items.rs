//! The tokens of a statement as the guard tells them apart: the few key words that mean something, and the rest.

/// A token, or a key word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Name,
    Open,
    Close,
    Comma,
    Dot,
    Semicolon,
    String,
    Other,
    Also,
    As,
    Atomic,
    Authorization,
    Begin,
    Create,
    Delete,
    Do,
    Execute,
    /// A reserved word after which an expression follows.
    Filler,
    For,
    From,
    Grant,
    Hold,
    Insert,
    Instead,
    Into,
    Key,
    Language,
    Merge,
    No,
    Notify,
    On,
    Owner,
    Parameter,
    Select,
    To,
    Update,
    With,
}

/// Key words with a meaning here.
const KEYWORDS: [(&str, Item); 30] = [
    ("ALL", Item::Filler),
    ("ALSO", Item::Also),
    ("AS", Item::As),
    ("ATOMIC", Item::Atomic),
    ("AUTHORIZATION", Item::Authorization),
    ("BEGIN", Item::Begin),
    ("CREATE", Item::Create),
    ("DELETE", Item::Delete),
    ("DISTINCT", Item::Filler),
    ("DO", Item::Do),
    ("EXECUTE", Item::Execute),
    ("FOR", Item::For),
    ("FROM", Item::From),
    ("GRANT", Item::Grant),
    ("HOLD", Item::Hold),
    ("INSERT", Item::Insert),
    ("INSTEAD", Item::Instead),
    ("INTO", Item::Into),
    ("KEY", Item::Key),
    ("LANGUAGE", Item::Language),
    ("MERGE", Item::Merge),
    ("NO", Item::No),
    ("NOTIFY", Item::Notify),
    ("ON", Item::On),
    ("OWNER", Item::Owner),
    ("PARAMETER", Item::Parameter),
    ("SELECT", Item::Select),
    ("TO", Item::To),
    ("UPDATE", Item::Update),
    ("WITH", Item::With),
];

/// The key word that a word is, or a name.
pub(super) fn keyword(word: &str) -> Item {
    let found = KEYWORDS.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word));
    found.map_or(Item::Name, |(_, item)| *item)
}
