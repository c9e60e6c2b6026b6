//! Comments that look like the marker of a section and are none. What they were meant to divide would run in one go: first what
//! the upgrade makes, then what takes it away again.

use std::ops::Range;

use super::position::place_of_byte;
use super::sections::DOWNGRADE;
use super::sections::UPGRADE;
use super::sections::is_marker;
use super::split::Piece;
use super::split::Pieces;
use super::token::TokenKind;

/// How much of a comment is looked at, in bytes. What is longer is a text.
const LOOKED_AT: usize = 200;

/// A heading has no more words than these.
const WORDS_MAX: usize = 6;

/// The longest part of a comment that is repeated in a message, in characters.
const SHOWN_MAX: usize = 60;

/// What else may stand in a heading beside the words of host.
const BESIDE: [&str; 27] = [
    "section",
    "sections",
    "part",
    "script",
    "sql",
    "migration",
    "migrations",
    "migrate",
    "step",
    "steps",
    "statement",
    "statements",
    "start",
    "starts",
    "begin",
    "begins",
    "below",
    "here",
    "block",
    "commands",
    "follows",
    "the",
    "this",
    "is",
    "to",
    "for",
    "of",
];

/// What else may stand in a heading beside the words of other tools, which are words of everyday language as well.
const BESIDE_OTHERS: [&str; 14] = [
    "section",
    "part",
    "script",
    "sql",
    "migration",
    "migrations",
    "migrate",
    "step",
    "steps",
    "block",
    "begin",
    "goose",
    "dbmate",
    "rambler",
];

/// The words by which other tools call the two directions.
const OTHERS: [(&str, &str); 7] = [
    ("up", UPGRADE),
    ("ups", UPGRADE),
    ("down", DOWNGRADE),
    ("downs", DOWNGRADE),
    ("undo", DOWNGRADE),
    ("rollback", DOWNGRADE),
    ("revert", DOWNGRADE),
];

/// What Liquibase writes behind `--rollback`.
const AFTER_ROLLBACK: [&str; 9] =
    ["alter", "create", "delete", "drop", "empty", "insert", "truncate", "update", "changesetid"];

/// A comment that looks like a marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{written}' in line {line} looks like the beginning of a section, but it is an ordinary comment")]
pub struct NearMarker {
    /// Its line, from 1.
    pub line: u32,
    /// What it says, shortened.
    pub written: String,
    /// `upgrade` or `downgrade`.
    pub meant: &'static str,
}

impl NearMarker {
    /// What to write instead.
    pub fn hint(&self) -> String {
        let alone = format!("write '-- {}' alone on its line", self.meant);
        let said = if self.meant == DOWNGRADE && self.written.contains(':') {
            " ('-- downgrade: nothing to do' and '-- downgrade: irreversible' can be written, too)"
        } else {
            ""
        };
        format!("{alone}{said}; if it is a remark, word it as a sentence")
    }
}

/// The first comment in a part of a file that looks like a marker and is none. It stands alone on its line, and
///
/// - consists of a name of a direction (host's, also with one typing error, or that of another tool: `up`, `down`, `undo`,
///   `rollback`, `revert`) and of nothing else but words like `section` or `begins`, whatever signs are around them; or
/// - begins with a name of host's and a sign that divides (`:`, `=`, `(`, ` -`), or with one of another tool's and a colon; or
/// - is what dbmate, goose, sql-migrate, tern or Liquibase write.
///
/// The part begins with a line.
pub fn near_marker(file: &str, part: Range<usize>) -> Option<NearMarker> {
    let mut alone = true;
    for piece in Pieces::within(file, part).map_while(Result::ok) {
        let token = match piece {
            Piece::Token(token) => token,
            // Behind the data of a COPY a line begins.
            Piece::End(statement) => {
                alone = statement.copy_data.is_some();
                continue;
            }
        };
        let text = &file[token.bytes.clone()];
        match token.kind {
            TokenKind::Blank => alone |= text.contains(['\n', '\r']),
            TokenKind::LineComment | TokenKind::BlockComment if alone => {
                if let Some(meant) = meant(text).filter(|_| !is_marker(file, &token.bytes)) {
                    return Some(NearMarker {
                        line: place_of_byte(file, token.bytes.start).line,
                        written: shown(text),
                        meant,
                    });
                }
                alone = false;
            }
            // The Play framework writes `# --- !Downs`.
            TokenKind::Other if text == "#" => {}
            _ => alone = false,
        }
    }
    None
}

fn shown(comment: &str) -> String {
    let line = comment.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The direction that a comment seems to begin.
fn meant(comment: &str) -> Option<&'static str> {
    let inside = match comment.strip_prefix("/*") {
        Some(block) => block.strip_suffix("*/").unwrap_or(block),
        None => comment.strip_prefix("--")?,
    };
    let looked_at = inside[..inside.floor_char_boundary(LOOKED_AT)].to_ascii_lowercase();
    let whole = inside.len() <= LOOKED_AT;
    of_another_tool(&looked_at).or_else(|| opening(&looked_at)).or_else(|| heading(&looked_at).filter(|_| whole))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn of_others(word: &str) -> Option<&'static str> {
    OTHERS.into_iter().find(|(name, _)| *name == word).map(|(_, meant)| meant)
}

/// A name of host's, with one typing error at most.
fn of_host(word: &str) -> Option<&'static str> {
    [UPGRADE, DOWNGRADE].into_iter().find(|name| is_nearly(word, name))
}

/// The shapes of dbmate (`migrate:down`), goose and sql-migrate (`+goose Down`), tern and Liquibase.
fn of_another_tool(text: &str) -> Option<&'static str> {
    let trimmed = text.trim_start();
    let first = |text: &str| words(text).next().and_then(of_others);
    if let Some(after) = trimmed.strip_prefix("migrate").and_then(|rest| rest.trim_start().strip_prefix(':')) {
        return first(after);
    }
    if let Some(annotation) = trimmed.strip_prefix('+') {
        return words(annotation).nth(1).and_then(of_others);
    }
    if text.contains("create above") && text.contains("drop below") {
        return Some(DOWNGRADE);
    }
    // It reads `--rollback` whatever follows; with a blank in between it may be a sentence.
    let mut of_text = words(text);
    let is_rollback = of_text.next() == Some("rollback");
    let next = of_text.next();
    let is_statement = next.is_some_and(|next| AFTER_ROLLBACK.contains(&next));
    (is_rollback && (text.starts_with("rollback") || is_statement)).then_some(DOWNGRADE)
}

/// `downgrade: …`, `downgrade (…)`, `down: …`
fn opening(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(|character: char| !character.is_alphanumeric());
    let end = text.find(|character: char| !character.is_alphanumeric())?;
    let (word, rest) = text.split_at(end);
    let sign = rest.trim_start();
    // `upgrade-safe` is a word.
    let dash = sign.strip_prefix('-').is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    match (of_host(word), of_others(word)) {
        (Some(meant), _) => (dash || sign.starts_with([':', '=', '(', '[', '{', ']', '>', '–', '—'])).then_some(meant),
        (None, Some(meant)) => sign.starts_with(':').then_some(meant),
        (None, None) => None,
    }
}

/// `downgrade section`, `*** DOWN ***`, `roll back`: all words are such as stand in a heading.
fn heading(text: &str) -> Option<&'static str> {
    let words: Vec<&str> = words(text).take(WORDS_MAX + 1).collect();
    if words.is_empty() || words.len() > WORDS_MAX {
        return None;
    }
    let all_of = |direction: fn(&str) -> Option<&'static str>, beside: &[&str]| {
        let mut meant = words.iter().filter_map(|word| direction(word));
        let first = meant.next()?;
        let mut others = words.iter().filter(|word| direction(word).is_none());
        (meant.all(|next| next == first) && others.all(|word| beside.contains(word))).then_some(first)
    };
    let joined = words.concat();
    let split = of_host(&joined).or_else(|| of_others(&joined));
    split.or_else(|| all_of(of_host, &BESIDE)).or_else(|| all_of(of_others, &BESIDE_OTHERS))
}

/// Whether a word is another one with at most one letter added, left out or changed, or two next to each other exchanged.
fn is_nearly(word: &str, name: &str) -> bool {
    let (word, name) = (word.as_bytes(), name.as_bytes());
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let start = word.iter().zip(name).take_while(same).count();
    let (word, name) = (&word[start..], &name[start..]);
    let end = word.iter().rev().zip(name.iter().rev()).take_while(same).count();
    match (&word[..word.len() - end], &name[..name.len() - end]) {
        ([] | [_], [] | [_]) => true,
        ([one, two], [other_one, other_two]) => one == other_two && two == other_one,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
