//! Every command once, for what has to hold for all of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::process::Command;

use super::TestProject;

/// One command in a project of its own: that of three tables, a branch, and `plan.json`.
pub(crate) struct Invocation {
    /// The command with its arguments.
    pub(crate) arguments: &'static [&'static str],
    /// What is run before it.
    pub(crate) before: &'static [&'static str],
    /// Whether it prints results on standard output: as text, as JSON.
    pub(crate) prints: [bool; 2],
}

const fn invocation(arguments: &'static [&'static str], prints: [bool; 2]) -> Invocation {
    Invocation { arguments, before: &[], prints }
}

const BOTH: [bool; 2] = [true, true];
const ONLY_JSON: [bool; 2] = [false, true];
const NEITHER: [bool; 2] = [false, false];

/// All commands but those of the development cluster, some of them in several forms.
const INVOCATIONS: &[Invocation] = &[
    invocation(&["init", "shop"], BOTH),
    invocation(&["revision", "-m", "x", "--head", "c"], BOTH),
    // The models are what the migrations make, so there is nothing to write.
    invocation(&["revision", "-m", "x", "--head", "c", "--autogenerate"], ONLY_JSON),
    invocation(&["merge", "heads"], BOTH),
    invocation(&["build"], ONLY_JSON),
    invocation(&["build", "--check"], ONLY_JSON),
    invocation(&["upgrade", "heads"], BOTH),
    invocation(&["upgrade", "heads", "--dry-run"], BOTH),
    invocation(&["upgrade", "heads", "--sql"], BOTH),
    Invocation { arguments: &["downgrade", "base"], before: &["upgrade", "c"], prints: BOTH },
    invocation(&["downgrade", "--sql", "c:base"], BOTH),
    invocation(&["apply", "plan.json"], BOTH),
    Invocation { arguments: &["current"], before: &["upgrade", "c"], prints: BOTH },
    invocation(&["history"], BOTH),
    invocation(&["heads"], BOTH),
    invocation(&["branches"], BOTH),
    invocation(&["show", "c"], BOTH),
    // What the editor prints is its own.
    invocation(&["edit", "c"], NEITHER),
    invocation(&["stamp", "c"], BOTH),
    invocation(&["status"], BOTH),
    invocation(&["validate"], ONLY_JSON),
    invocation(&["validate", "--online"], ONLY_JSON),
    // There is nothing to repair, which is a note.
    Invocation { arguments: &["repair"], before: &["upgrade", "c"], prints: ONLY_JSON },
    // Nothing is being rewritten, which is a note.
    Invocation { arguments: &["backfill", "status"], before: &["upgrade", "c"], prints: ONLY_JSON },
    Invocation { arguments: &["backfill", "work"], before: &["upgrade", "c"], prints: ONLY_JSON },
    Invocation { arguments: &["backfill", "pause"], before: &["upgrade", "c"], prints: ONLY_JSON },
    Invocation { arguments: &["backfill", "resume"], before: &["upgrade", "c"], prints: ONLY_JSON },
    Invocation { arguments: &["backfill", "cancel"], before: &["upgrade", "c"], prints: ONLY_JSON },
    // There is nothing to do, which is a note.
    Invocation { arguments: &["backfill", "preview", "c"], before: &["upgrade", "c"], prints: ONLY_JSON },
    // Nothing has failed, which is a note.
    Invocation { arguments: &["backfill", "retry-failed"], before: &["upgrade", "c"], prints: ONLY_JSON },
    Invocation { arguments: &["backfill", "rejected"], before: &["upgrade", "c"], prints: ONLY_JSON },
    invocation(&["dump", "-o", "-"], BOTH),
    Invocation { arguments: &["schema", "show"], before: &["upgrade", "c"], prints: BOTH },
    invocation(&["db", "create"], BOTH),
    invocation(&["db", "drop", "--yes"], BOTH),
    Invocation { arguments: &["log"], before: &["upgrade", "c"], prints: BOTH },
    invocation(&["diff", "--from", "migrations@a", "--to", "models"], BOTH),
    invocation(&["diff", "--from", "migrations@a", "--to", "models", "--sql"], BOTH),
    invocation(&["check"], ONLY_JSON),
    Invocation { arguments: &["drift"], before: &["upgrade", "c"], prints: ONLY_JSON },
    invocation(&["verify"], BOTH),
    invocation(&["inspect", "c"], BOTH),
    invocation(&["cache", "info"], BOTH),
    invocation(&["cache", "prune"], BOTH),
    invocation(&["doctor"], BOTH),
    invocation(&["runtime", "list"], BOTH),
    invocation(&["runtime", "add", "toy", "runtime.wasm"], BOTH),
    invocation(&["ensure-version"], ONLY_JSON),
    invocation(&["ensure-version", "--sql"], BOTH),
    invocation(&["completions", "bash"], BOTH),
    invocation(&["completions", "elvish"], BOTH),
    invocation(&["help"], BOTH),
    invocation(&["--help"], BOTH),
    invocation(&["--version"], BOTH),
];

/// The commands of the development cluster, in an order in which each has something to do. What psql prints is its own.
pub(crate) const CLUSTER: &[&[&str]] =
    &[&["local", "status"], &["local", "start"], &["local", "url"], &["local", "stop"], &["local", "destroy", "--yes"]];
const OF_ANOTHER_PROGRAM: &[&[&str]] = &[&["local", "psql"]];

/// What the user of the tests may not do: make a database. Its two halves are tried.
const WITHOUT_THE_RIGHT: &[&[&str]] = &[&["db", "reset"]];

impl Invocation {
    /// Whether it does something else the second time.
    fn changes(&self) -> bool {
        let only_looks = self.arguments.iter().any(|argument| matches!(*argument, "--sql" | "--dry-run"));
        let verbs = ["init", "revision", "merge", "upgrade", "downgrade", "apply", "stamp"];
        let drops = self.arguments.get(1) == Some(&"drop");
        !only_looks && (drops || verbs.contains(&self.arguments[0]))
    }

    /// A project for it, in which everything is done that comes before.
    fn project(&self) -> TestProject {
        let project = TestProject::with_three_tables();
        let tables = ["a", "b", "c", "d"].map(|id| format!("CREATE TABLE public.table_{id} (id int);\n"));
        project.compare_with("models.sql", &tables.concat());
        project.sql("d", Some("a"), "CREATE TABLE table_d (id int)", "DROP TABLE table_d");
        project.host(&["build"]).success();
        let plan = project.host(&["--json", "upgrade", "c", "--dry-run"]).success();
        project.write("plan.json", &plan.stdout);
        let runtimes = host::runtime::RuntimeRegistry::default();
        let runtime = runtimes.find("sql", None).expect("the host carries it");
        std::fs::write(project.path("runtime.wasm"), runtime.component().expect("its component")).expect("a file");
        if !self.before.is_empty() {
            project.host(self.before).success();
        }
        project
    }

    /// The command, as text or as JSON.
    pub(crate) fn command(&self, project: &TestProject, json: bool) -> Command {
        let mut arguments = if json { vec!["--json"] } else { Vec::new() };
        arguments.extend(self.arguments);
        let mut command = project.command(&arguments);
        command.env("VISUAL", "true");
        command
    }

    /// The command for messages.
    pub(crate) fn name(&self) -> String {
        self.arguments.join(" ")
    }
}

/// Tries all of them in each of these ways. What changes something gets a project of its own each time.
pub(crate) fn for_each<Way: Copy>(ways: &[Way], mut test: impl FnMut(&Invocation, &TestProject, Way)) {
    let mut shared: BTreeMap<&[&str], TestProject> = BTreeMap::new();
    // The server programs of some versions come without pg_dump.
    let can_run = |invocation: &&Invocation| invocation.arguments[0] != "dump" || super::can_dump();
    for invocation in INVOCATIONS.iter().filter(can_run) {
        for way in ways {
            if invocation.changes() {
                test(invocation, &invocation.project(), *way);
            } else {
                let project = shared.entry(invocation.before).or_insert_with(|| invocation.project());
                test(invocation, project, *way);
            }
        }
    }
}

/// The commands as the help lists them, those within others by both names.
fn listed(command: &[String]) -> BTreeSet<Vec<String>> {
    let output = Command::new(env!("CARGO_BIN_EXE_host")).args(command).arg("--help").output().expect("host runs");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let names = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    // What is indented further goes on with the description of the line before.
    let names = names.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let names: Vec<_> = names.map(|name| [command, &[name.to_owned()]].concat()).collect();
    if names.is_empty() {
        return BTreeSet::from([command.to_vec()]);
    }
    let is_inner_help = |name: &Vec<String>| name.len() > 1 && name.last().is_some_and(|name| name == "help");
    names.iter().filter(|name| !is_inner_help(name)).flat_map(|name| listed(name)).collect()
}

#[test]
fn every_command_is_among_the_invocations() {
    let known = INVOCATIONS.iter().map(|invocation| invocation.arguments);
    let known = known.chain(CLUSTER.iter().copied()).chain(OF_ANOTHER_PROGRAM.iter().copied());
    let known: Vec<_> = known.chain(WITHOUT_THE_RIGHT.iter().copied()).collect();
    let listed = listed(&[]);
    assert!(listed.len() > 20, "{listed:?}");
    for command in listed {
        let is_known =
            known.iter().any(|known| known.len() >= command.len() && command.iter().eq(&known[..command.len()]));
        assert!(is_known, "`host {}` is not in INVOCATIONS: add it", command.join(" "));
    }
}
