//! No circles: where one module names another one, that one does not name it back, not even by a detour.
//!
//! This holds for the modules at the top, and inside of each module for its parts. A part is a file with the folder of its own
//! files; the file of the module itself (`mod.rs`) belongs to all its parts, and is none.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::harness::source::files;

/// The circles that are still there inside of modules; at the top there is none. A list that only shrinks: what is no circle any
/// more must leave it.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "apply",
            "args",
            "backfill",
            "build",
            "cache",
            "compare",
            "completions",
            "connecting",
            "current",
            "db",
            "doctor",
            "dry_run",
            "dump",
            "edit",
            "ensure_version",
            "guard",
            "heads",
            "history",
            "init",
            "init_alembic",
            "inspect",
            "javascript_packages",
            "local",
            "log",
            "migrate",
            "python_packages",
            "repair",
            "revision",
            "revision_alembic",
            "runtime",
            "settings",
            "show",
            "source_checks",
            "stamp",
            "status",
            "target",
            "validate",
            "worker",
        ],
    ),
    ("cli", &["failure", "problem", "report", "signals"]),
    (
        "db",
        &[
            "begun_ahead",
            "connect",
            "connector",
            "error",
            "interrupted_statement",
            "known",
            "liveness",
            "log",
            "non_transactional",
            "prepared_end",
            "server_error",
            "session",
            "statement_journal",
            "transaction",
        ],
    ),
    ("execute", &["compile", "components"]),
    ("execute", &["error", "goal", "runner", "unfinished"]),
    ("execute", &["failure", "partial_progress"]),
    ("revision", &["check", "graph", "order", "resolve", "walk"]),
    ("store", &["block", "error", "files"]),
];

/// Where a module is: `["db", "session"]`. The top is empty.
type Path = Vec<String>;

/// The code of each module, by line.
type Modules = BTreeMap<Path, Vec<String>>;

/// For each module the names that it takes from elsewhere, and the paths behind them.
type Uses = BTreeMap<Path, BTreeMap<String, Path>>;

/// Which parts of one module name which, and where an example of that stands.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// The modules of the library, but its program.
fn library() -> Modules {
    files()
        .iter()
        .filter(|file| file.path != "main.rs")
        .map(|file| (module(&file.path), file.code().map(|(_, line)| line.to_owned()).collect()))
        .collect()
}

fn module(file: &str) -> Path {
    let name = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if name == "lib" { Vec::new() } else { name.split('/').map(str::to_owned).collect() }
}

/// The names that a module takes from elsewhere, and the paths behind them.
fn uses(code: &[String]) -> BTreeMap<String, Path> {
    let mut uses = BTreeMap::new();
    for line in code {
        let Some((before, path)) = line.trim().split_once("use ") else { continue };
        if !(before.is_empty() || before.starts_with("pub")) {
            continue;
        }
        let (path, alias) = path.trim_end_matches(';').split_once(" as ").unwrap_or((path.trim_end_matches(';'), ""));
        let path: Path = path.split("::").map(str::to_owned).collect();
        let name = if alias.is_empty() { path[path.len() - 1].clone() } else { alias.to_owned() };
        uses.insert(name, path);
    }
    uses
}

/// The paths in a line that begin at the top, or above this module.
fn paths(line: &str) -> Vec<Path> {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut paths = Vec::new();
    for root in ["crate::", "super::"] {
        for (start, _) in line.match_indices(root) {
            let before = &line[..start];
            // A part of a longer path or name, or a macro's.
            if before.ends_with("::") || before.ends_with('$') || before.ends_with(is_name) {
                continue;
            }
            let end = line[start..].find(|character: char| !(is_name(character) || character == ':'));
            let path = &line[start..end.map_or(line.len(), |end| start + end)];
            paths.push(path.trim_end_matches(':').split("::").map(str::to_owned).collect());
        }
    }
    paths
}

/// The module in which something stands that a module names, behind all the names that are passed on.
fn resolve(modules: &Modules, uses: &Uses, from: &Path, path: &[String]) -> Option<Path> {
    let (mut here, mut rest) = (from.clone(), path);
    while let [first, after @ ..] = rest {
        match first.as_str() {
            "crate" => here.clear(),
            "super" => drop(here.pop()?),
            "self" => {}
            name => {
                here.push(name.to_owned());
                if !modules.contains_key(&here) {
                    here.pop();
                    break;
                }
            }
        }
        rest = after;
    }
    if rest.len() == path.len() {
        // A name of another crate.
        return None;
    }
    let passed_on = rest.first().and_then(|name| uses.get(&here)?.get(name));
    match passed_on {
        Some(behind) => Some(resolve(modules, uses, &here, behind).unwrap_or(here)),
        None => Some(here),
    }
}

/// The graph of the parts of each module.
fn graphs(modules: &Modules) -> BTreeMap<Path, Graph> {
    let all_uses = modules.iter().map(|(module, code)| (module.clone(), uses(code))).collect();
    let mut graphs: BTreeMap<Path, Graph> = BTreeMap::new();
    for (module, code) in modules {
        for line in code {
            for path in paths(line) {
                let Some(named) = resolve(modules, &all_uses, module, &path) else { continue };
                let common = module.iter().zip(&named).take_while(|(one, other)| one == other).count();
                let (Some(part), Some(other)) = (module.get(common), named.get(common)) else { continue };
                let graph = graphs.entry(module[..common].to_vec()).or_default();
                let example = || format!("{}: {}", module.join("/"), line.trim());
                graph.entry(part.clone()).or_default().entry(other.clone()).or_insert_with(example);
            }
        }
    }
    graphs
}

/// What can be reached from a part.
fn reached(graph: &Graph, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(part) = open.pop() {
        for other in graph.get(&part).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(other.clone()) {
                open.push(other.clone());
            }
        }
    }
    reached
}

/// The circles: for each the parts that reach each other.
fn circles(graph: &Graph) -> BTreeSet<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|part| (part, reached(graph, part))).collect();
    let both_ways = |part: &String| {
        let others = reached[part].iter();
        others.filter(|other| reached.get(other).is_some_and(|back| back.contains(part))).cloned().collect()
    };
    reached.keys().map(|part| both_ways(part)).filter(|circle: &BTreeSet<String>| !circle.is_empty()).collect()
}

/// All circles of all modules, with an example for each step.
fn all_circles(modules: &Modules) -> BTreeMap<(String, BTreeSet<String>), String> {
    let mut all = BTreeMap::new();
    for (module, graph) in graphs(modules) {
        for circle in circles(&graph) {
            let mut examples = String::new();
            for (part, others) in graph.iter().filter(|(part, _)| circle.contains(*part)) {
                for (other, example) in others.iter().filter(|(other, _)| circle.contains(*other)) {
                    examples.push_str(&format!("\n  {part} -> {other}: {example}"));
                }
            }
            all.insert((module.join("::"), circle), examples);
        }
    }
    all
}

#[test]
fn no_modules_name_each_other() {
    let modules = library();
    let edges: usize = graphs(&modules).values().flat_map(BTreeMap::values).map(BTreeMap::len).sum();
    assert!(edges > 300, "{edges} names were found");
    let found = all_circles(&modules);
    let set = |circle: &[&str]| circle.iter().map(|part| (*part).to_owned()).collect();
    assert!(KNOWN.iter().all(|(module, _)| !module.is_empty()), "at the top there are no circles");
    let known: BTreeSet<(String, BTreeSet<String>)> =
        KNOWN.iter().map(|(module, circle)| ((*module).to_owned(), set(circle))).collect();
    assert_eq!(known.len(), KNOWN.len(), "KNOWN says something twice");
    let new: String = found
        .iter()
        .filter(|(circle, _)| !known.contains(circle))
        .map(|((module, circle), examples)| format!("\n{module}: {circle:?}{examples}"))
        .collect();
    assert!(new.is_empty(), "these name each other:{new}");
    let gone: Vec<_> = known.iter().filter(|circle| !found.contains_key(circle)).collect();
    assert!(gone.is_empty(), "no circles any more, to be taken out of KNOWN: {gone:?}");
}

/// Modules with this code, one line each.
fn modules(code: &[(&str, &str)]) -> Modules {
    let lines = |code: &str| code.split("; ").map(|line| format!("{line};")).collect();
    code.iter().map(|(file, code)| (module(file), lines(code))).collect()
}

fn found(code: &[(&str, &str)]) -> Vec<String> {
    let all = all_circles(&modules(code));
    all.into_keys().map(|(module, circle)| format!("{module}: {}", Vec::from_iter(circle).join(" "))).collect()
}

#[test]
fn circles_are_found_wherever_they_are() {
    let detour = [("a.rs", "use crate::b::B"), ("b/mod.rs", "mod x"), ("b/x.rs", "fn f() { crate::c::f() }")];
    assert!(found(&detour).is_empty());
    let closed = [detour[0], detour[1], detour[2], ("c.rs", "use crate::a"), ("d.rs", "use crate::a")];
    assert_eq!(found(&closed), [": a b c"]);
    let inside = [("m/mod.rs", "mod x; mod y"), ("m/x.rs", "use super::y::Y"), ("m/y.rs", "use crate::m::x::X")];
    assert_eq!(found(&inside), ["m: x y"]);
    let deeper = [("m/x.rs", "use super::y::Y"), ("m/y.rs", "mod z"), ("m/y/z.rs", "use super::super::x::X")];
    assert_eq!(found(&deeper), ["m: x y"]);
}

#[test]
fn a_name_that_is_passed_on_counts_where_it_comes_from() {
    let module = ("m/mod.rs", "mod x; mod y; pub use x::X; pub(crate) use y::Y as Other");
    assert_eq!(found(&[module, ("m/x.rs", "use super::Other"), ("m/y.rs", "use super::X")]), ["m: x y"]);
    assert_eq!(found(&[module, ("m/x.rs", "use crate::m::Other"), ("m/y.rs", "struct Y")]), [""; 0]);
    let top = [("lib.rs", "pub mod a; pub mod b; pub use a::A"), ("a.rs", "use crate::b::B"), ("b.rs", "use crate::A")];
    assert_eq!(found(&top), [": a b"]);
}

#[test]
fn what_only_looks_like_a_name_counts_for_nothing() {
    let code = [
        ("a.rs", "use crate::b::B"),
        ("b.rs", "use std::a::A; $crate::a::A; other_crate::a::A; mycrate::a; use super::super_a"),
    ];
    assert_eq!(found(&code), [""; 0]);
}
