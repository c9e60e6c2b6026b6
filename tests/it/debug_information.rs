//! What a component says about its own source is nobody's business: its debug information is not looked at, and the names of
//! its functions are shown, but not at any length.

use std::time::Duration;
use std::time::Instant;

use wasm_encoder::CustomSection;
use wasm_encoder::Section as _;

use crate::harness::TestProject;
use crate::harness::assert_output;
use crate::harness::guests;

/// Far more than a trap needs on a slow machine, and far less than a reader of these sections would take.
const SOON: Duration = Duration::from_secs(15);

/// A migration that traps, with these custom sections in its module.
fn trap(sections: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut module = guests::upgrading(
        r#"(func $fails (result i32) unreachable)
           (func $upgrade (export "host:migration/migration@0.1.0#upgrade") (result i32) (call $fails))"#,
    );
    for (name, data) in sections {
        CustomSection { name: (*name).into(), data: data.as_slice().into() }.append_to(&mut module);
    }
    module
}

/// A project with this migration, built.
fn project(module: &[u8]) -> TestProject {
    let project = TestProject::new();
    project.binary("a", module);
    project.host(&["build"]).success();
    project
}

#[test]
fn debug_information_is_not_looked_at() {
    let plain = project(&trap(&[]));
    let expected = plain.host(&["upgrade", "head"]).with_code(1);
    assert_output!(expected);
    for sections in [many_units_of_one_line_table(), many_entries(), rubbish()] {
        let started = Instant::now();
        let hostile = project(&trap(&sections));
        let output = hostile.start(&["upgrade", "head"]).wait().with_code(1);
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
        assert_eq!(output.stable(), expected.stable());
    }
}

/// Each of 20,000 units covers the whole module and names the same table of a million lines (DWARF 4, 6.2 and 7.5).
fn many_units_of_one_line_table() -> Vec<(&'static str, Vec<u8>)> {
    let abbreviations = vec![1, 0x11, 0, 0x10, 0x17, 0x11, 0x01, 0x12, 0x06, 0, 0, 0];
    let unit = [&[20, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0xff, 0xff, 0xff, 0]].concat();
    let info = unit.repeat(20_000);
    let header = [1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, b'a', 0, 0, 0, 0, 0];
    // Beyond what the units cover, so that no table has the answer and all of them are read.
    let program = [vec![0, 5, 2, 0, 0, 0, 1], vec![0x20; 1_000_000], vec![0, 1, 1]].concat();
    let mut lines = Vec::new();
    lines.extend(u32::try_from(6 + header.len() + program.len()).expect("a length").to_le_bytes());
    lines.extend([4, 0]);
    lines.extend(u32::try_from(header.len()).expect("a length").to_le_bytes());
    lines.extend(header);
    lines.extend(program);
    vec![(".debug_abbrev", abbreviations), (".debug_info", info), (".debug_line", lines)]
}

/// One unit with two million entries, one inside the other.
fn many_entries() -> Vec<(&'static str, Vec<u8>)> {
    let abbreviations = vec![1, 0x11, 1, 0x11, 0x01, 0x12, 0x06, 0, 0, 2, 0x2e, 1, 0x11, 0x01, 0x12, 0x06, 0, 0, 0];
    let entry = [2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0];
    let entries = entry.repeat(200_000);
    let mut info = Vec::new();
    info.extend(u32::try_from(7 + 9 + entries.len()).expect("a length").to_le_bytes());
    info.extend([4, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0]);
    info.extend(entries);
    vec![(".debug_abbrev", abbreviations), (".debug_info", info)]
}

fn rubbish() -> Vec<(&'static str, Vec<u8>)> {
    [
        ".debug_abbrev",
        ".debug_info",
        ".debug_line",
        ".debug_str",
        ".debug_ranges",
        ".debug_aranges",
        "external_debug_info",
    ]
    .map(|name| (name, vec![0xff; 10_000]))
    .into()
}

#[test]
fn names_in_a_trap_are_short_and_readable() {
    for name in ["a".repeat(90_000), "_ZN3one7hostile17h0123456789abcdefE".to_owned()] {
        let upgrade = format!(
            r#"(func $fails (@name "{name}") (result i32) unreachable)
               (func (export "host:migration/migration@0.1.0#upgrade") (result i32) (call $fails))"#
        );
        let project = project(&guests::upgrading(&upgrade));
        assert_output!(project.host(&["upgrade", "head"]).with_code(1));
    }
}
