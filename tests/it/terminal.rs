//! A hostile project: whatever is printed about it commands no terminal, and no line of it can be taken for one of the host.

use std::process::Command;

use host::store::Manifest;
use host::store::add_manifest;
use host::store::read_manifest;

use crate::harness::Output;
use crate::harness::TestProject;
use crate::harness::assert_output;

/// Sequences that clear the screen, set a title, go back to the beginning of the line, turn the direction of writing, end
/// the line in other ways, or are not seen at all; and lines in the voice of the host.
const HOSTILE: &str = "x\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{7f}\r\u{8}\u{85}\u{2028}\u{202e}\u{2066}\u{61c}\u{200b}\u{feff}\
                       \nhint: FORGED\nerror: FORGED\nnote: FORGED\n{\"event\":\"FORGED\"}\nRunning FORGED\nthe database is at FORGED";

/// The beginnings of lines that are only the host's to write.
const VOICES: [&str; 6] = [
    "hint: FORGED",
    "error: FORGED",
    "note: FORGED",
    "{\"event\":\"FORGED",
    "Running FORGED",
    "  the database is at FORGED",
];

/// The text as a string of TOML or JSON.
fn quoted() -> String {
    HOSTILE.chars().fold(String::from("\""), |mut text, character| {
        match character {
            '"' => text.push_str("\\\""),
            character if character.is_ascii_graphic() || character == ' ' => text.push(character),
            character => text.push_str(&format!("\\u{:04x}", u32::from(character))),
        }
        text
    }) + "\""
}

/// The text as an escape string of SQL.
fn sql() -> String {
    HOSTILE.chars().fold(String::from("E'"), |mut text, character| {
        match character {
            character if character.is_ascii_graphic() || character == ' ' => text.push(character),
            character => text.push_str(&format!("\\u{:04x}", u32::from(character))),
        }
        text
    }) + "'"
}

#[track_caller]
fn assert_harmless(output: &Output, what: &str) {
    for text in [&output.stdout, &output.stderr] {
        let bad: Vec<char> = text
            .chars()
            .filter(|character| {
                (character.is_control() && !matches!(character, '\n' | '\t'))
                    || matches!(character, '\u{2028}' | '\u{202e}' | '\u{2066}' | '\u{61c}' | '\u{200b}' | '\u{feff}')
            })
            .collect();
        assert!(bad.is_empty(), "{what}: {bad:?} in {text:?}");
        for line in text.lines() {
            assert!(!VOICES.iter().any(|voice| line.starts_with(voice)), "{what}: {line:?} in {text}");
        }
    }
}

/// Runs a command for people and for programs.
fn both(project: &TestProject, arguments: &[&str]) -> Output {
    let what = arguments.join(" ");
    // What `host edit` becomes is not the host any more.
    let output = project.host_with(("VISUAL", "true"), arguments);
    assert_harmless(&output, &what);
    assert_ne!(output.code, 70, "{what}: {}", output.stable());
    let mut json = vec!["--json"];
    json.extend(arguments);
    let document = project.host_with(("VISUAL", "true"), &json);
    assert_harmless(&document, &format!("--json {what}"));
    // Each line is a document, and none is one that somebody else wrote.
    for line in document.json_lines() {
        assert_ne!(line["event"], "FORGED", "{what}");
    }
    output
}

/// Three migrations whose texts are hostile wherever one can be.
fn hostile_project() -> TestProject {
    let project = TestProject::new();
    let text = quoted();
    project.write(
        &format!("migrations/1{}.sql", HOSTILE.replace('/', "")),
        &format!(
            "-- /// migration\n-- revision = \"a\"\n-- message = {text}\n-- ///\n-- upgrade\n\
             CREATE TABLE t (id int);\n-- downgrade\nDROP TABLE t;\n"
        ),
    );
    project.write(
        "migrations/2.sql",
        &format!(
            "-- /// migration\n-- revision = \"b\"\n-- revises = \"a\"\n-- message = {text}\n-- asks = [\"function\"]\n-- ///\n-- upgrade\n\
             DO $$ BEGIN\n  RAISE EXCEPTION USING message = {0}, detail = {0}, hint = {0}, constraint = {0}, table = {0}, \
             schema = {0}, column = {0}, datatype = {0};\nEND $$;\n-- downgrade\n",
            sql()
        ),
    );
    project
}

#[test]
fn no_command_lets_a_hostile_project_speak_for_the_host() {
    let project = hostile_project();
    both(&project, &["history", "-v"]);
    both(&project, &["heads"]);
    both(&project, &["branches"]);
    both(&project, &["show", "head"]);
    both(&project, &["build", "--check"]);
    both(&project, &["build"]);
    both(&project, &["inspect", "b"]);
    both(&project, &["validate"]);
    both(&project, &["upgrade", "head", "--dry-run"]);
    both(&project, &["upgrade", "head", "--sql"]);
    let output = both(&project, &["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("FORGED"), "{}", output.stable());
    both(&project, &["current", "-v"]);
    both(&project, &["log", "-v"]);
    both(&project, &["status", "-v"]);
    both(&project, &["validate", "--online"]);
    both(&project, &["repair", "--dry-run"]);
    both(&project, &["downgrade", "base", "--dry-run"]);
    both(&project, &["downgrade", "base"]);
}

#[test]
fn what_the_server_says_is_quoted_below_what_the_host_says() {
    let project = hostile_project();
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn names_of_files_are_quoted_in_every_refusal() {
    let project = TestProject::new();
    let name = HOSTILE.replace('/', "");
    for text in [
        "".to_owned(),
        "-- /// migration\n".to_owned(),
        "-- /// migration\n-- revision = 1\n-- ///\n".to_owned(),
        format!("-- /// migration\n-- revision = {}\n-- ///\n", quoted()),
        "-- /// migration\n-- revision = \"a\\u202eb\"\n-- ///\n".to_owned(),
        format!("-- /// migration\n-- {} = 1\n-- ///\n", quoted()),
        format!("-- /// migration\n-- revision = \"a\"\n-- depends-on = {}\n-- ///\n", quoted()),
        format!("-- /// migration\n-- revision = \"a\"\n-- branch-labels = {}\n-- ///\n", quoted()),
        format!("-- /// migration\n-- revision = \"a\"\n-- created = {}\n-- ///\n", quoted()),
        format!("-- /// migration\n-- revision = \"a\"\n-- asks = [{}]\n-- ///\n", quoted()),
        format!("-- /// migration\n-- revision = \"a\"\n-- transaction = {}\n-- ///\n", quoted()),
        "-- /// migration\n-- revision = \"a\"\n-- ///\n-- upgrade\nCOMMIT;\n".to_owned(),
        format!("-- /// migration\n-- revision = \"a\"\n-- ///\n-- upgrade\nSELECT '{HOSTILE}\n"),
        format!("-- /// migration\n-- revision = \"a\"\n-- ///\n-- upgrade\n\\{HOSTILE}\n"),
        format!("-- /// migration\n-- revision = \"a\"\n-- ///\n-- upgrade\nSELECT \"{HOSTILE}\";\n"),
    ] {
        project.write(&format!("migrations/{name}.sql"), &text);
        both(&project, &["upgrade", "head", "--build"]).with_code(1);
        both(&project, &["edit", "head"]);
    }
    std::fs::remove_file(project.path(&format!("migrations/{name}.sql"))).expect("a file to remove");
    project.write(&format!("migrations/{name}/migration.toml"), "revision = \"a\"\n");
    both(&project, &["history"]).with_code(1);
    project.write(&format!("migrations/{name}/{name}.wasm"), "rubbish");
    both(&project, &["build"]).with_code(1);
    project.write(&format!("migrations/{name}/Cargo.toml"), HOSTILE);
    both(&project, &["build"]).with_code(1);
}

#[test]
fn what_a_component_says_about_itself_is_quoted() {
    let project = TestProject::with_three_tables();
    let path = project.path(".host/build/b.wasm");
    let bytes = std::fs::read(&path).expect("a component");
    let source = host::store::read_source(&bytes).expect("a component").expect("a source").to_owned();
    let manifest = read_manifest(&bytes).expect("a component").expect("metadata");
    let mut metadata = manifest.metadata.clone();
    metadata.message = HOSTILE.to_owned();
    metadata.depends_on = vec![HOSTILE.to_owned()];
    metadata.branch_labels = vec![HOSTILE.to_owned()];
    for runtime in [None, Some(HOSTILE.to_owned())] {
        let mut component = host::store::without_sections(&bytes).expect("a component");
        let manifest = Manifest {
            metadata: metadata.clone(),
            file: HOSTILE.to_owned(),
            packages: Vec::new(),
            built_with: HOSTILE.to_owned(),
            runtime,
            sections: None,
            ..manifest.clone()
        };
        add_manifest(&mut component, &manifest, Some(&source)).expect("sections");
        std::fs::write(project.path("hostile.wasm"), &component).expect("a file");
        both(&project, &["inspect", "hostile.wasm"]).success();
        // As a migration of its own its labels count, and are refused.
        std::fs::write(project.path("migrations/hostile.wasm"), &component).expect("a file");
        both(&project, &["history"]).with_code(1);
        std::fs::remove_file(project.path("migrations/hostile.wasm")).expect("a file to remove");
    }
}

#[test]
fn rows_that_somebody_else_wrote_are_quoted() {
    let project = TestProject::with_three_tables();
    project.host(&["upgrade", "head"]).success();
    let text = sql();
    project.database.query(&format!(
        "UPDATE host_log SET revision = {text}, source_digest = {text}, \
         component_digest = {text}, database_user = {text}, host_version = {text}, error = {text}"
    ));
    both(&project, &["log", "-v"]);
    both(&project, &["history", "-i"]);
    project.database.query(&format!("UPDATE host_version SET version_num = {text}"));
    for arguments in
        [&["current", "-v"][..], &["history"], &["upgrade", "head"], &["downgrade", "base"], &["stamp", "a"]]
    {
        both(&project, arguments);
    }
    project.database.query("TRUNCATE host_version; INSERT INTO host_version VALUES (U&'ghost\\202e')");
    for arguments in
        [&["current", "-v"][..], &["history"], &["upgrade", "head"], &["downgrade", "base"], &["stamp", "a"]]
    {
        both(&project, arguments);
    }
}

#[test]
fn arguments_and_variables_are_quoted() {
    let project = TestProject::with_three_tables();
    for arguments in [
        &["upgrade", HOSTILE][..],
        &["downgrade", HOSTILE],
        &["upgrade", HOSTILE, "--sql"],
        &["upgrade", "a", HOSTILE],
        &["stamp", HOSTILE],
        &["show", HOSTILE],
        &["edit", HOSTILE],
        &["build", HOSTILE],
        &["inspect", HOSTILE],
        &["history", "-r", HOSTILE],
        &[HOSTILE],
        &["--what\u{1b}[31m\nhint: FORGED"],
        &["-x", HOSTILE, "current"],
        &["-e", HOSTILE, "current"],
        &["-C", HOSTILE, "current"],
        &["log", "--limit", HOSTILE],
        &["revision", "--rev-id", HOSTILE],
        &["revision", "--lang", HOSTILE],
        &["revision", "--head", HOSTILE],
        &["revision", "--depends-on", HOSTILE],
        &["revision", "--branch-label", HOSTILE],
        &["merge", HOSTILE, "a"],
        &["completions", HOSTILE],
        &["local", HOSTILE],
        &["init", HOSTILE],
        &["init", HOSTILE],
    ] {
        both(&project, arguments);
    }
    both(&project, &["revision", "-m", HOSTILE]).success();
    both(&project, &["history", "-v"]).success();
    for (variable, arguments) in [("VISUAL", ["edit", "a"]), ("HOST_PG_BIN", ["local", "start"])] {
        assert_harmless(&project.host_with((variable, HOSTILE), &arguments).with_code(1), variable);
    }
}

#[test]
fn urls_and_settings_are_quoted() {
    let project = TestProject::with_three_tables();
    let encoded: String = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for url in [
        HOSTILE.to_owned(),
        format!("postgres://{HOSTILE}"),
        format!("postgres://{encoded}@127.0.0.1:1/x"),
        format!("postgres://me@{encoded}:1/x"),
        format!("postgres://me@127.0.0.1:1/{encoded}"),
        format!("postgres://me@localhost/x?host={encoded}"),
        format!("postgres://me@localhost/x?host=%2Fnowhere{encoded}"),
        format!("postgres://me@localhost/x?sslmode={encoded}"),
        project.database.url_for(&encoded),
        format!("{}&options={encoded}", project.database.url()),
        project.database.url().replace(project.database.name(), &encoded),
    ] {
        both(&project, &["--url", &url, "current"]).with_code(1);
    }
    let text = quoted();
    for settings in [
        format!("[default]\nurl = {text}\n"),
        format!("[default]\nmigrations = {text}\n"),
        format!("[default]\nversion-table = {text}\n"),
        format!("[default]\n{text} = 1\n"),
        format!("[{text}]\n[{text}.{text}]\n"),
        format!("{HOSTILE}\n"),
        format!("[default.limits]\nguest-time = {text}\n"),
        format!("[default]\nurl = {}\n", text.replace("\"x", "\"x${").replace("\\u000a", "}")),
    ] {
        project.write("host.toml", &settings);
        let mut command = project.command(&["current"]);
        command.env_remove("HOST_DATABASE_URL");
        assert_harmless(&project.run(command), &settings);
        both(&project, &["-e", "other", "current"]);
    }
}

#[test]
fn lines_of_a_guest_carry_its_mark() {
    let project = TestProject::with_guest("forges");
    let output = both(&project, &["-v", "-x", &format!("text={HOSTILE}"), "upgrade", "head"]).with_code(1);
    assert!(output.stdout.contains("  info: hint: FORGED\n"), "{}", output.stable());
    assert_output!(output);
}

/// What stands around the words of the host on a terminal of this kind.
fn on_terminal(project: &TestProject, term: &str, line: &str) -> String {
    let inner = project.command(&[]);
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c"]).arg(format!("{} {line}", env!("CARGO_BIN_EXE_host"))).arg("/dev/null");
    command.env_clear().current_dir(project.path(""));
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", term);
    project.run(command).stdout
}

#[test]
fn a_terminal_that_can_do_nothing_gets_no_colour() {
    let project = TestProject::new();
    for line in ["show nothing", "--help"] {
        assert!(on_terminal(&project, "xterm", line).contains('\u{1b}'), "{line}");
        let plain = on_terminal(&project, "dumb", line);
        assert!(!plain.contains('\u{1b}') && plain.len() > 20, "{line}: {plain:?}");
    }
}

/// Nothing that a terminal would act upon stands in a script, so it is the same in a pipe and on a terminal.
#[test]
fn a_script_is_harmless_everywhere() {
    let project = TestProject::new();
    project.sql("a", None, "SELECT 'bell \u{7}', '\u{202e}', 'größer'", "SELECT 1");
    project.host(&["build"]).success();
    let script = project.host(&["upgrade", "head", "--sql"]).success();
    assert!(script.stdout.contains("-- SELECT 'bell <U+0007>', '<U+202E>', 'größer'\n"), "{}", script.stdout);
    assert!(!script.stdout.contains(['\u{7}', '\u{202e}']), "{:?}", script.stdout);
    let inner = project.command(&["upgrade", "head", "--sql"]);
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c"]).arg(format!("{} upgrade head --sql", env!("CARGO_BIN_EXE_host"))).arg("/dev/null");
    command.env_clear().current_dir(project.path(""));
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let shown = project.run(command).success();
    assert_eq!(shown.stdout.replace("\r\n", "\n"), script.stdout);
}
