//! What changed from one text of a migration file to another: whether the statements did, or only what stands between them.

use std::fmt;

use super::sections::sections;
use super::token::TokenKind;
use super::token::Tokens;

/// What changed in one direction of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionChange {
    /// Nothing.
    Same,
    /// Only comments or white space.
    Layout,
    /// Its statements.
    Statements,
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
}

/// What changed in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The way up.
    pub upgrade: SectionChange,
    /// The way down.
    pub downgrade: SectionChange,
}

impl SectionChange {
    /// A stable word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Layout => "layout",
            Self::Statements => "statements",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }

    fn is_harmless(self) -> bool {
        matches!(self, Self::Same | Self::Layout)
    }

    fn sentence(self, name: &str) -> String {
        match self {
            Self::Same => format!("the {name} is the same"),
            Self::Layout => format!("only comments or white space of the {name} changed"),
            Self::Statements => format!("statements of the {name} changed"),
            Self::Added => format!("the {name} was added"),
            Self::Removed => format!("the {name} was removed"),
        }
    }
}

impl FileChange {
    /// Whether both directions do what they did before.
    pub fn is_harmless(self) -> bool {
        self.upgrade.is_harmless() && self.downgrade.is_harmless()
    }
}

impl fmt::Display for FileChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_harmless() {
            return formatter.write_str("only comments or white space changed");
        }
        write!(formatter, "{}; {}", self.upgrade.sentence("upgrade"), self.downgrade.sentence("downgrade"))
    }
}

/// Compares two texts of a migration file, direction by direction. None where one of them is no such file.
pub fn file_change(before: &str, now: &str) -> Option<FileChange> {
    let (old, new) = (sections(before).ok()?, sections(now).ok()?);
    let (old_downgrade, new_downgrade) =
        (old.downgrade.map(|part| &before[part]), new.downgrade.map(|part| &now[part]));
    Some(FileChange {
        upgrade: section_change(Some(&before[old.upgrade]), Some(&now[new.upgrade])),
        downgrade: section_change(old_downgrade, new_downgrade),
    })
}

fn section_change(before: Option<&str>, now: Option<&str>) -> SectionChange {
    match (before, now) {
        (None, None) => SectionChange::Same,
        (None, Some(_)) => SectionChange::Added,
        (Some(_), None) => SectionChange::Removed,
        (Some(before), Some(now)) if before == now => SectionChange::Same,
        (Some(before), Some(now)) => match (significant(before), significant(now)) {
            (Some(before), Some(now)) if before == now => SectionChange::Layout,
            _ => SectionChange::Statements,
        },
    }
}

/// What of a text the server looks at; none where it cannot be read. A blank stands only between two operators, where it decides
/// whether they are one.
fn significant(text: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let (mut last, mut is_apart) = (None, false);
    for token in Tokens::new(text) {
        let token = token.ok()?;
        if !token.kind.is_significant() {
            is_apart = true;
            continue;
        }
        if is_apart && last == Some(TokenKind::Other) && token.kind == TokenKind::Other {
            tokens.push(" ");
        }
        (last, is_apart) = (Some(token.kind), false);
        tokens.push(&text[token.bytes]);
    }
    Some(tokens)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use SectionChange::Added;
    use SectionChange::Layout;
    use SectionChange::Removed;
    use SectionChange::Same;
    use SectionChange::Statements;

    use super::*;

    #[test]
    fn directions_are_compared_token_by_token() {
        let before = "-- upgrade\nSELECT a<=b, 'x  y' FROM t;\n-- downgrade\nDROP TABLE t;\n";
        for (now, upgrade, downgrade) in [
            (before, Same, Same),
            ("-- why\n\n-- upgrade\nSELECT a<=b, 'x  y' FROM t;\n-- downgrade\nDROP TABLE t;\n", Same, Same),
            ("-- upgrade\nSELECT a <= b,\n 'x  y' -- c\n/* d */ FROM t;\n-- downgrade\nDROP TABLE t;", Layout, Layout),
            ("-- upgrade\nSELECT a< =b, 'x  y' FROM t;\n-- downgrade\nDROP TABLE t;\n", Statements, Same),
            ("-- upgrade\nSELECT a<=b, 'x y' FROM t;\n-- downgrade\nDROP TABLE t;\n", Statements, Same),
            ("-- upgrade\nSELECT a<=b, 'x  y' FROM t;\n-- downgrade\nDROP TABLE T;\n", Same, Statements),
            ("-- upgrade\nSELECT a<=b, 'x  y' FROM t;\n", Same, Removed),
            // A marker is a comment, and decides what runs.
            ("-- upgrade\n-- downgrade\nSELECT a<=b, 'x  y' FROM t;\nDROP TABLE t;\n", Statements, Statements),
        ] {
            assert_eq!(file_change(before, now), Some(FileChange { upgrade, downgrade }), "{now}");
        }
        let added = file_change("-- upgrade\nA;\n", "-- upgrade\nA;\n-- downgrade\nB;\n").unwrap();
        assert_eq!((added.upgrade, added.downgrade), (Same, Added));
        assert_eq!(added.to_string(), "the upgrade is the same; the downgrade was added");
        assert_eq!(file_change(before, "no migration"), None);
    }

    #[test]
    fn a_comment_that_swallows_a_statement_is_a_change() {
        let change = file_change("-- upgrade\nA;\nB;\n", "-- upgrade\nA; --\n--B;\n").unwrap();
        assert_eq!(change.upgrade, Statements);
        assert!(!change.is_harmless());
    }
}
