//! Any bytes as a component: looking at it, judging it and validating it never panic. Nothing is compiled or run.

use host::runtime::compiler;
use host::runtime::imports;
use host::runtime::strip::strip;
use host::store;

/// Tries one input.
pub(super) fn run(data: &[u8]) {
    if let Err(error) = imports::interfaces(data) {
        let _ = (error.to_string(), error.hint());
    }
    for (export, world) in [("migration", "migration-guest"), ("script", "script-runtime")] {
        if let Err(error) = imports::check(data, export, world) {
            let _ = (error.to_string(), error.hint());
        }
    }
    match store::read_manifest(data) {
        Ok(Some(manifest)) => {
            // What is said about a component can be said again.
            let mut plain = store::without_sections(data).expect("sections that can be read can be left out");
            let source = store::read_source(data).ok().flatten().map(str::to_owned);
            if store::add_manifest(&mut plain, &manifest, source.as_deref()).is_ok() {
                assert_eq!(store::read_manifest(&plain).expect("what was written can be read"), Some(manifest));
            }
        }
        Ok(None) => {}
        Err(error) => drop((error.to_string(), error.hint())),
    }
    if let Ok(Some(source)) = store::read_source(data) {
        let _ = source.len();
    }
    match compiler::check(data) {
        // What the compiler gets is as valid as what it was made of.
        Ok(()) => {
            let stripped = strip(data).expect("a valid component has sections");
            assert_eq!(compiler::check(&stripped).map_err(|error| error.to_string()), Ok(()));
        }
        Err(error) => drop((error.to_string(), error.hint())),
    }
}
