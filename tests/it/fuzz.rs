//! The inputs of the fuzz targets, tried again: the seeds, what was found once, and small changes of each.
//!
//! Fuzzing itself needs a compiler of its own (`scripts/fuzz`); this runs the same bodies with the usual one.

#[path = "../../fuzz/bodies/alembic.rs"]
mod alembic;
#[path = "../../fuzz/bodies/component.rs"]
mod component;
#[path = "../../fuzz/bodies/metadata.rs"]
mod metadata;
#[path = "../../fuzz/bodies/sql.rs"]
mod sql;
#[path = "../../fuzz/bodies/value.rs"]
mod value;

use std::path::Path;

/// The changes that are tried of each input, at most.
const CHANGES_MAX: usize = 300;

#[test]
fn alembic_inputs() {
    replay("alembic", alembic::run);
}

#[test]
fn sql_inputs() {
    replay("sql", sql::run);
}

#[test]
fn metadata_inputs() {
    replay("metadata", metadata::run);
}

#[test]
fn component_inputs() {
    replay("component", component::run);
}

#[test]
fn value_inputs() {
    replay("value", value::run);
}

#[test]
fn every_target_has_seeds_and_is_tried_here() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).expect("a manifest");
    let names = |folder: &str| {
        let entries = std::fs::read_dir(fuzz.join(folder)).expect("a folder").map(|entry| entry.expect("an entry"));
        let mut names: Vec<_> =
            entries.map(|entry| entry.path().file_stem().expect("a name").to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let targets = names("fuzz_targets");
    assert_eq!(targets, names("bodies"));
    assert_eq!(targets, names("seeds"));
    for target in targets {
        assert!(manifest.contains(&format!("\nname = \"{target}\"\n")), "{target}");
        assert!(include_str!("fuzz.rs").contains(&format!("replay(\"{target}\", ")), "{target}");
    }
}

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("seeds") {
        let path = entry.expect("a seed").path();
        let seed = std::fs::read(&path).expect("a seed");
        count += 1;
        let run = |input: &[u8]| {
            let result = std::panic::catch_unwind(|| run(input));
            assert!(result.is_ok(), "{}, changed to {}", path.display(), input.escape_ascii());
        };
        run(&seed);
        let step = (seed.len() / CHANGES_MAX).max(1);
        for at in (0..seed.len()).step_by(step) {
            run(&seed[..at]);
            let mut changed = seed.clone();
            changed[at] ^= 1 << (at % 8);
            run(&changed);
            changed.remove(at);
            run(&changed);
        }
    }
    assert!(count > 0, "no seeds for {target}");
}
