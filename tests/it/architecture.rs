//! The invariants of ARCHITECTURE.md that a look at the source can check. What a single call breaks is for host/clippy.toml.

use std::collections::BTreeSet;
use std::path::Path;

use crate::harness::source::File;
use crate::harness::source::files;

/// The longest file, in lines. Files that are longer, each with the reason why it is one file:
const LINES_MAX: usize = 400;
const LONGER: &[(&str, &str)] = &[];

/// Words that stand in the source of some modules only.
const WORDS: &[(&str, &[&str])] = &[
    ("sqlx", &["db/"]),
    ("wasmtime", &["runtime/", "host_functions/", "bindings.rs"]),
    ("wasmtime_wasi", &["runtime/", "host_functions/"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/"]),
    // A worker speaks with its parent.
    ("io::stdout", &["cli/report/terminal.rs", "worker/serve.rs"]),
    ("io::stderr", &["cli/report/terminal.rs"]),
    // What may destroy data asks first.
    ("io::stdin", &["cli/report/terminal.rs", "worker/serve.rs"]),
    ("ambient_authority", &["cli/"]),
    // Times are read and written elsewhere, too; which one it is now, only cli asks.
    ("jiff", &["cli/", "scaffold/", "store/", "units.rs"]),
    ("std::env", &["cli/", "local/"]),
    (
        "std::fs",
        &[
            "local/",
            "cli/build.rs",
            "cli/doctor.rs",
            "cli/folders/",
            "cli/runtime.rs",
            "toolchain/target.rs",
            "toolchain/work_folder.rs",
        ],
    ),
    ("rustix::fs", &["cli/folders/", "local/", "runtime/cache/", "store/files.rs", "worker/serve.rs"]),
    // `host edit` becomes the editor.
    ("process::Command", &["local/", "schema/command.rs", "toolchain/", "worker/run.rs", "cli/edit.rs"]),
    // `host local psql` becomes psql.
    ("CommandExt", &["local/", "worker/run.rs", "cli/local.rs", "cli/edit.rs"]),
    ("process::exit", &["cli/signals.rs"]),
    ("unsafe", &["runtime/code.rs"]),
    // Nobody else may lift what Cargo.toml denies.
    ("unsafe_code", &["main.rs", "runtime/code.rs"]),
    ("tokio::fs", &[]),
    ("tokio::process", &[]),
    ("std::net", &[]),
    ("tokio::net", &[]),
    ("println", &[]),
    ("eprintln", &[]),
];

/// Modules that only compute: the same input gives the same output, and no test of them needs a file or a server.
const PURE: &[&str] = &["config", "grant", "plan", "revision", "sql", "units", "value"];
const IMPURE_WORDS: &[&str] = &[
    "async",
    "await",
    "tokio",
    "cap_std",
    "cap_tempfile",
    "rustix",
    "getrandom",
    "std::fs",
    "std::process",
    "std::env",
    "std::net",
    "Instant",
    "SystemTime",
];

/// Which modules a module may name: each only those that stand above it in this list, so there are no circles. `cli` may
/// name everything.
const LAYERS: &[(&str, &[&str])] = &[
    ("bindings", &[]),
    ("digest", &[]),
    ("grant", &[]),
    ("language", &[]),
    ("local", &[]),
    ("revision", &[]),
    ("source_problem", &[]),
    ("units", &[]),
    ("worker", &["units"]),
    ("config", &["grant", "units"]),
    ("plan", &["digest", "grant", "revision"]),
    ("sql", &["grant", "units"]),
    ("alembic", &["grant", "sql"]),
    ("value", &["bindings"]),
    ("db", &["bindings", "config", "digest", "grant", "revision", "sql", "value"]),
    ("store", &["alembic", "config", "digest", "grant", "language", "revision", "sql", "worker"]),
    ("host_functions", &["bindings", "db", "grant", "sql", "units", "value"]),
    ("project", &["config", "db", "revision", "store", "worker"]),
    ("runtime", &["bindings", "digest", "host_functions", "plan", "units", "worker"]),
    ("toolchain", &["bindings", "digest", "grant", "language", "revision", "source_problem", "sql", "store", "worker"]),
    (
        "execute",
        &[
            "bindings",
            "config",
            "db",
            "digest",
            "grant",
            "host_functions",
            "plan",
            "project",
            "revision",
            "runtime",
            "source_problem",
            "sql",
            "store",
            "value",
            "worker",
        ],
    ),
    ("scaffold", &["grant", "language", "revision", "store"]),
    (
        "schema",
        &["config", "db", "digest", "execute", "grant", "language", "plan", "project", "revision", "sql", "store"],
    ),
    ("error", &["config", "db", "execute", "project", "revision", "store"]),
];

#[test]
fn some_words_stand_in_some_modules_only() {
    let files = files();
    for (word, allowed) in WORDS {
        let elsewhere: Vec<_> = files
            .iter()
            .filter(|file| !allowed.iter().any(|allowed| file.path.starts_with(allowed)))
            .flat_map(|file| file.places_of(word))
            .collect();
        assert!(elsewhere.is_empty(), "`{word}` is for {allowed:?} only, but stands in {elsewhere:?}");
        let used = allowed.iter().all(|allowed| {
            files.iter().any(|file| file.path.starts_with(allowed) && file.places_of(word).next().is_some())
        });
        assert!(used, "`{word}` does not need all of {allowed:?} any more");
    }
}

/// Everything but the library forbids it, which nothing inside can lift. The library denies it and lifts that for one
/// expression.
#[test]
fn unsafe_code_is_one_expression() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let crates = [
        "src/main.rs",
        "benches/planner.rs",
        "benches/speed/main.rs",
        "../examples/embedding/main.rs",
        "../tests/it/main.rs",
    ];
    for file in crates {
        assert!(read(file).contains("\n#![forbid(unsafe_code)]\n"), "{file}");
    }
    assert!(read("../Cargo.toml").contains("\nunsafe_code = \"deny\"\n"));
    let code = File { path: "runtime/code.rs".to_owned(), text: read("src/runtime/code.rs") };
    assert_eq!(code.places_of("unsafe").count(), 1);
    assert_eq!(code.places_of("unsafe_code").count(), 1);
    for entry in std::fs::read_dir(root.join("../guest-sdk/rust/src")).expect("the SDK") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            assert_eq!(
                File { path: path.display().to_string(), text }.places_of("unsafe").count(),
                0,
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn pure_modules_only_compute() {
    for file in files().iter().filter(|file| PURE.contains(&file.module())) {
        for word in IMPURE_WORDS {
            let places: Vec<_> = file.places_of(word).collect();
            assert!(places.is_empty(), "{} is pure, but has `{word}`: {places:?}", file.module());
        }
    }
}

#[test]
fn modules_name_only_what_lies_below_them() {
    let mut used = BTreeSet::new();
    for file in files().iter().filter(|file| !matches!(file.module(), "cli" | "lib" | "main")) {
        let Some((_, below)) = LAYERS.iter().find(|(module, _)| *module == file.module()) else {
            panic!("{} belongs to no layer: add the module to LAYERS and to ARCHITECTURE.md", file.path)
        };
        for (number, line) in file.code() {
            for (start, _) in line.match_indices("crate::").filter(|(start, _)| !line[..*start].ends_with('$')) {
                let named = &line[start + "crate::".len()..];
                let end = named.find(|character: char| !(character.is_alphanumeric() || character == '_'));
                let named = &named[..end.unwrap_or(named.len())];
                let fits = named == file.module() || below.contains(&named);
                assert!(fits, "{}:{number} names crate::{named}, which is not below {}", file.path, file.module());
                used.insert((file.module().to_owned(), named.to_owned()));
            }
        }
    }
    for (module, below) in LAYERS {
        let unused: Vec<_> =
            below.iter().filter(|named| !used.contains(&((*module).to_owned(), (**named).to_owned()))).collect();
        assert!(unused.is_empty(), "{module} does not need {unused:?} any more");
    }
}

#[test]
fn layers_have_no_circles() {
    for (index, (module, below)) in LAYERS.iter().enumerate() {
        let above: Vec<_> = LAYERS[..index].iter().map(|(module, _)| *module).collect();
        let wrong: Vec<_> = below.iter().filter(|named| !above.contains(named)).collect();
        assert!(wrong.is_empty(), "{module} may name {wrong:?}, which do not stand above it in LAYERS");
    }
}

/// Modules that an application may name. All others are hidden from the documentation, which is what says what is stable.
const SURFACE: &[&str] = &["local", "toolchain"];

#[test]
fn modules_are_hidden_unless_they_are_for_applications() {
    let text = files().into_iter().find(|file| file.path == "lib.rs").expect("lib.rs").text;
    let hidden = "#[cfg_attr(not(feature = \"internals\"), doc(hidden))]";
    let lines: Vec<_> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(module) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            assert_ne!(lines[index - 1] == hidden, SURFACE.contains(&module), "{module}");
        }
        assert!(!line.starts_with("mod "), "{line}: tests and benchmarks could not name it");
    }
}

/// What all runs of a process would share. Each with the reason why it may:
const STATICS: &[(&str, &str)] = &[
    // The panic hook gets nothing but the thread that it runs on.
    ("db/driver.rs", "WAITING"),
    // Constants that are computed once.
    ("host_functions/apply.rs", "PROCESSORS"),
    ("runtime/exports.rs", "RESOLVED"),
    ("runtime/imports.rs", "PROVIDED_FUNCTIONS"),
];

#[test]
fn runs_in_one_process_share_nothing() {
    let mut found = Vec::new();
    for file in files() {
        for (_, line) in file.code() {
            let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            if let Some(name) = line.strip_prefix("static ") {
                let name = name.trim_start_matches("mut ").split(':').next().unwrap_or_default().to_owned();
                found.push((file.path.clone(), name));
            }
        }
    }
    let listed: Vec<_> = STATICS.iter().map(|(file, name)| ((*file).to_owned(), (*name).to_owned())).collect();
    assert_eq!(found, listed, "a value that is handed on is better; otherwise list it with the reason");
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for file in files() {
        assert!(file.text.starts_with("//! "), "{} has no `//!` line at its top", file.path);
        let lines = file.text.lines().count();
        let listed = LONGER.iter().any(|(path, _)| *path == file.path);
        assert!(
            (lines > LINES_MAX) == listed,
            "{} has {lines} lines: split it, or list it in LONGER with the reason",
            file.path
        );
    }
}
