//! Which comments look like markers, and which do not.

use proptest::prelude::*;

use super::*;
use crate::sql::sections;

fn found(file: &str) -> Option<(u32, &'static str)> {
    near_marker(file, 0..file.len()).map(|near| (near.line, near.meant))
}

#[test]
fn what_looks_like_a_marker() {
    for (comment, meant) in [
        // Those of host, nearly.
        ("-- downgrade:", DOWNGRADE),
        ("-- upgrade:", UPGRADE),
        ("--- downgrade", DOWNGRADE),
        ("-- downgrade --", DOWNGRADE),
        ("-- *** UPGRADE ***", UPGRADE),
        ("--== Downgrade ==--", DOWNGRADE),
        ("/* downgrade */", DOWNGRADE),
        ("/*\n * Upgrade\n */", UPGRADE),
        ("/* -- downgrade */", DOWNGRADE),
        ("-- [downgrade]", DOWNGRADE),
        ("-- 'downgrade'", DOWNGRADE),
        ("-- downgrade;", DOWNGRADE),
        ("-- downgrade.", DOWNGRADE),
        ("-- Downgrade section", DOWNGRADE),
        ("-- the downgrade begins here", DOWNGRADE),
        ("-- this is the upgrade part", UPGRADE),
        ("-- downgrades", DOWNGRADE),
        ("-- dowgrade", DOWNGRADE),
        ("-- donwgrade", DOWNGRADE),
        ("-- upgarde", UPGRADE),
        ("-- uprade section", UPGRADE),
        ("-- down-grade", DOWNGRADE),
        ("-- up grade", UPGRADE),
        ("-- downgrade: drop the table", DOWNGRADE),
        ("-- downgrade : nothing", DOWNGRADE),
        ("-- upgrade: nothing to do", UPGRADE),
        ("-- downgrade (irreversible)", DOWNGRADE),
        ("-- downgrade - drop the table", DOWNGRADE),
        ("-- downgrade — drop the table", DOWNGRADE),
        ("-- downgrade = irreversible", DOWNGRADE),
        // Those of others.
        ("-- migrate:up", UPGRADE),
        ("-- migrate:down", DOWNGRADE),
        ("-- migrate:up transaction:false", UPGRADE),
        ("-- +goose Up", UPGRADE),
        ("-- +goose Down", DOWNGRADE),
        ("--+goose down", DOWNGRADE),
        ("-- +migrate Down", DOWNGRADE),
        ("-- +migrate Up notransaction", UPGRADE),
        ("--//@UNDO", DOWNGRADE),
        ("-- //@UNDO", DOWNGRADE),
        ("---- create above / drop below ----", DOWNGRADE),
        ("-- rollback", DOWNGRADE),
        ("--rollback DROP TABLE guests;", DOWNGRADE),
        ("--rollback not required", DOWNGRADE),
        ("-- rollback drop table guests;", DOWNGRADE),
        ("-- roll back", DOWNGRADE),
        ("-- down", DOWNGRADE),
        ("-- Down:", DOWNGRADE),
        ("-- up: create guests", UPGRADE),
        ("-- !Ups", UPGRADE),
        ("# --- !Downs", DOWNGRADE),
        ("-- @DOWN", DOWNGRADE),
        ("-- Up Migration", UPGRADE),
        ("-- Down Migration", DOWNGRADE),
        ("-- rambler down", DOWNGRADE),
        ("-- undo", DOWNGRADE),
        ("-- Revert", DOWNGRADE),
    ] {
        let file = format!("-- upgrade\nCREATE TABLE a ();\n  {comment}  \nDROP TABLE a;\n");
        assert_eq!(found(&file), Some((3, meant)), "{comment}");
    }
}

#[test]
fn what_is_an_ordinary_comment() {
    for comment in [
        "-- Downgrades are handled by the application.",
        "-- The upgrade of guests takes a minute.",
        "-- upgrade now",
        "-- Upgrade guests to the new form",
        "-- upgrade-safe: old code still reads the column",
        "-- Before the downgrade, stop the workers.",
        "-- Running upgrade a1 -> b2",
        "-- Rollback of this is done by hand.",
        "-- rolls back",
        "-- up to 128 characters",
        "-- down payment",
        "-- upload",
        "-- update",
        "-- grade",
        "-- upgrade, then downgrade",
        "-- upgrade / downgrade",
        "-- migrate: the rows of 2019",
        "-- create above",
        "-- +1",
        "--",
        "-- ---------------------------------",
        "/* The downgrade drops it: see below. */",
        "SELECT 1; -- downgrade:",
        "/* a */ -- downgrade:",
        "-- DROP TABLE a;",
        "-- upgrade",
        "-- message = \"down\"",
    ] {
        let file = format!("{comment}\n");
        assert_eq!(near_marker(&file, 0..file.len()), None, "{comment}");
    }
    for file in ["SELECT '\n-- downgrade:\n';", "DO $$\n-- downgrade:\n$$;", "/*\n-- downgrade\nDROP TABLE a;\n*/"] {
        assert_eq!(found(file), None, "{file}");
    }
    for marker in ["-- downgrade", "--DOWNGRADE", "-- downgrade: nothing to do", "-- Downgrade : irreversible"] {
        assert_eq!(found(marker), None, "{marker}");
    }
}

#[test]
fn the_data_of_a_copy_are_no_comments() {
    let copy = "-- upgrade\nCOPY t FROM stdin;\n-- downgrade:\nIt's\n\\.\n";
    assert_eq!(found(copy), None);
    assert_eq!(found(&format!("{copy}-- downgrade:\n")), Some((6, DOWNGRADE)));
}

#[test]
fn it_says_what_to_write() {
    let near = near_marker("-- upgrade\n--  downgrade: drop it\n", 0..34).expect("a comment that looks like a marker");
    assert_eq!(
        near.to_string(),
        "'--  downgrade: drop it' in line 2 looks like the beginning of a section, but it is an ordinary comment"
    );
    assert_eq!(
        near.hint(),
        "write '-- downgrade' alone on its line ('-- downgrade: nothing to do' and '-- downgrade: irreversible' can be written, \
         too); if it is a remark, word it as a sentence"
    );
    let near = near_marker("-- +goose Up\n", 0..13).expect("a comment that looks like a marker");
    assert_eq!(near.hint(), "write '-- upgrade' alone on its line; if it is a remark, word it as a sentence");
}

proptest! {
    /// Whatever signs are around its name, a comment is a marker or looks like one.
    #[test]
    fn no_marker_is_missed(
        before in "[-=*#:./+@<>(\\[ \t]{0,6}",
        name in "(?i)upgrade|downgrade",
        after in "[-=*#:./+@<>)\\] \t]{0,6}",
    ) {
        let comment = format!("--{before}{name}{after}");
        let file = format!("-- a\n{comment}\nSELECT 1;\n");
        let bytes = 5..5 + comment.len();
        prop_assert!(is_marker(&file, &bytes) != found(&file).is_some(), "{}", comment);
    }

    /// A sentence is none: there is a word that stands in no heading, and no sign behind the first word.
    #[test]
    fn no_sentence_is_a_marker(
        first in "upgrade|downgrade|up|down|the|for|this",
        second in "guests|tables|takes|needs|drops|users",
        rest in proptest::collection::vec("upgrade|downgrade|section|down|of|is|here|a|them", 0..5),
        end in "[.:;!]?",
    ) {
        let file = format!("-- {first} {second} {}{end}\n", rest.join(" "));
        prop_assert_eq!(found(&file), None, "{}", file);
    }

    /// What divides a file is never taken for something that only looks so.
    #[test]
    fn no_text_makes_it_panic_or_contradict(
        lines in proptest::collection::vec("-- ?(upgrade|downgrade)(: irreversible)?|--.{0,20}|/\\*.{0,9}|\\*/|'|\\$\\$|\\PC{0,9}", 0..9),
    ) {
        let file = lines.join("\n");
        if let Some(near) = near_marker(&file, 0..file.len()) {
            let line = file.lines().nth(usize::try_from(near.line).expect("a line") - 1).unwrap_or_default();
            prop_assert!(line.contains("--") || line.contains("/*"), "{:?}", near);
        }
        let _ = sections(&file);
    }
}
