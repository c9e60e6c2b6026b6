//! Migrations in JavaScript and TypeScript, from `host revision` to the database.

use crate::harness::TestProject;
use crate::harness::assert_output;

fn project() -> TestProject {
    TestProject::with_runtime("javascript")
}

/// A new migration with its downgrade undecided; the path of its file.
fn new_migration(project: &TestProject, language: &str) -> String {
    let output = project
        .host(&["--json", "revision", "--lang", language, "-m", "create \"guests\"", "--rev-id", "a1"])
        .success();
    output.json()["file"].as_str().expect("the file").to_owned()
}

/// Replaces the only place of a text in a file.
fn replace_in(project: &TestProject, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(project.path(file)).expect("the file");
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    project.write(file, &text.replace(from, to));
}

/// Writes a migration with these two functions.
fn migration(project: &TestProject, extension: &str, source: &str) -> String {
    let file = format!("migrations/a1_kitchen.{extension}");
    let block = "// /// migration\n// revision = \"a1\"\n// message = \"kitchen\"\n// ///\n";
    project.write(&file, &format!("{block}{source}"));
    file
}

#[test]
fn a_new_migration_builds_and_runs_when_its_downgrade_is_decided() {
    for (language, extension) in [("javascript", ".js"), ("typescript", ".ts")] {
        let project = project();
        let file = new_migration(&project, language);
        assert!(file.ends_with(extension), "{file}");
        let output = project.host(&["build"]).with_code(1);
        assert!(output.stderr.contains("still says TODO"), "{}", output.stderr);
        let text = std::fs::read_to_string(project.path(&file)).expect("the file");
        let todo = text.lines().find(|line| line.contains("// TODO")).expect("a placeholder");
        replace_in(&project, &file, todo, "  execute(\"DROP TABLE guests\");");
        replace_in(
            &project,
            &file,
            "// execute(\"CREATE TABLE … (…)\");",
            "execute(\"CREATE TABLE guests (id bigint)\");",
        );
        project.host(&["build"]).success();
        project.host(&["build", "--check"]).success();
        project.host(&["upgrade", "head"]).success();
        assert_eq!(project.database.query("SELECT to_regclass('guests')"), "guests");
        project.host(&["downgrade", "base"]).success();
        assert_eq!(project.database.query("SELECT to_regclass('guests') IS NULL"), "t");
        // Editors find the SDK and their settings.
        assert!(project.path(".host/sdk/javascript/index.d.ts").exists());
        let settings = std::fs::read_to_string(project.path("migrations/tsconfig.json")).expect("settings");
        assert!(settings.contains("\"../.host/sdk/javascript/tsconfig.json\""), "{settings}");
    }
}

/// They are the author's, once they are there.
#[test]
fn the_settings_of_editors_are_not_written_over() {
    let project = project();
    project.write("migrations/tsconfig.json", "{}\n");
    new_migration(&project, "typescript");
    assert_eq!(std::fs::read_to_string(project.path("migrations/tsconfig.json")).expect("settings"), "{}\n");
}

#[test]
fn a_syntax_error_has_its_place() {
    let project = project();
    migration(
        &project,
        "js",
        "export function upgrade() {\n  const größe = [1, 2;\n}\nexport function downgrade() {}\n",
    );
    assert_output!(project.host(&["build"]).with_code(1));
}

#[test]
fn what_is_not_exported_or_cannot_be_imported_is_found_when_it_is_built() {
    let project = project();
    migration(&project, "js", "export function upgrate() {}\nexport function downgrade() {}\n");
    assert_output!(project.host(&["build"]).with_code(1));
    migration(
        &project,
        "js",
        "import { readFileSync } from \"node:fs\";\nexport function upgrade() {}\nexport function downgrade() {}\n",
    );
    assert_output!(project.host(&["build"]).with_code(1));
    migration(&project, "ts", "import pg from \"pg\";\nexport function upgrade() {}\nexport function downgrade() {}\n");
    std::fs::remove_file(project.path("migrations/a1_kitchen.js")).expect("a file");
    assert_output!(project.host(&["build"]).with_code(1));
}

#[test]
fn what_would_become_code_is_refused_with_what_to_write_instead() {
    let project = project();
    for (name, text) in [
        ("enum", "enum Color { Red }"),
        ("namespace", "namespace Kitchen { export const open = true; }"),
        ("parameter-property", "class Guest {\n  constructor(private name: string) {}\n}"),
    ] {
        migration(
            &project,
            "ts",
            &format!("// {name}\n{text}\nexport function upgrade() {{}}\nexport function downgrade() {{}}\n"),
        );
        assert_output!(project.host(&["build"]).with_code(1));
    }
}

#[test]
fn a_failure_shows_the_lines_of_the_migration() {
    for extension in ["js", "ts"] {
        let project = project();
        let annotation = if extension == "ts" { ": { price: number } | undefined" } else { "" };
        migration(
            &project,
            extension,
            &format!(
                "import {{ execute }} from \"host\";\n\nclass KitchenError extends Error {{}}\n\n\
                 function price(dish{annotation}) {{\n  return dish.price / 100;\n}}\n\n\
                 export async function upgrade() {{\n  execute(\"CREATE TABLE dishes (id integer)\");\n  try {{\n    \
                 await null;\n    price(undefined);\n  }} catch (cause) {{\n    \
                 throw new KitchenError(\"the menu cannot be read\", {{ cause }});\n  }}\n}}\n\n\
                 export function downgrade() {{}}\n"
            ),
        );
        project.host(&["build"]).success();
        assert_output!(project.host(&["upgrade", "head"]).with_code(1));
        assert_eq!(project.database.query("SELECT to_regclass('dishes') IS NULL"), "t");
    }
}

#[test]
fn a_refused_statement_is_told_with_the_line_that_sent_it() {
    let project = project();
    migration(
        &project,
        "js",
        "import { execute } from \"host\";\n\nfunction addGuest(name) {\n  execute(\"INSERT INTO gests VALUES ($1)\", [name]);\n}\n\n\
         export function upgrade() {\n  addGuest(\"Zoë\");\n}\n\nexport function downgrade() {}\n",
    );
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

#[test]
fn what_is_forgotten_fails() {
    for (name, body, said) in [
        ("promise", "(async () => { throw new Error(\"late\"); })();", "is an `await` missing?"),
        ("never", "return new Promise(() => {});", "a promise that nothing will ever settle"),
        ("savepoint", "Savepoint.begin();", "neither released nor rolled back"),
        ("undefined", "execute(\"SELECT $1\", [{}.name]);", "$1: undefined is no value: write null for NULL"),
        ("list", "execute(\"SELECT $1\", 5);", "parameters are given as a list"),
    ] {
        let project = project();
        migration(
            &project,
            "js",
            &format!(
                "import {{ Savepoint, execute }} from \"host\";\nexport function upgrade() {{\n  {body}\n}}\n\
                 export function downgrade() {{}}\n"
            ),
        );
        project.host(&["build"]).success();
        let output = project.host(&["upgrade", "head"]).with_code(1);
        assert!(output.stderr.contains(said), "{name}: {}", output.stable());
    }
}

/// In every language: host counts them before anything is sent.
#[test]
fn a_statement_gets_as_many_values_as_it_has_parameters() {
    let project = project();
    let file = migration(
        &project,
        "js",
        "import { execute, query } from \"host\";\nconst said = [];\nfunction trying(work) {\n  try {\n    work();\n  } catch (error) {\n    \
         said.push(`${error.kind}: ${error.message}`);\n  }\n}\nexport function upgrade() {\n  \
         trying(() => execute(\"SELECT $1::int\"));\n  trying(() => execute(\"SELECT 1\", [5]));\n  \
         trying(() => query(\"SELECT $1::int, '$3'\", [5, 6]));\n  trying(() => execute(\"CREATE TABLE never (id int DEFAULT $1)\"));\n  \
         execute(\"CREATE FUNCTION twice(int) RETURNS int RETURN $1 * 2\");\n  \
         execute(\"CREATE TABLE made AS SELECT $1::text AS said, twice($2) AS twice\", [said.join(\"\\n\"), 21]);\n}\n\
         export function downgrade() {}\n",
    );
    let text = std::fs::read_to_string(project.path(&file)).expect("the file");
    project.write(&file, &text.replacen("// ///\n", "// asks = [\"data\", \"schema\", \"function\"]\n// ///\n", 1));
    project.host(&["build"]).success();
    let script = project.host(&["upgrade", "--sql", "base:head"]).success().stdout;
    assert!(script.contains("twice"), "{script}");
    project.host(&["upgrade", "head"]).success();
    let said = project.database.query("SELECT said FROM made");
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "bad-params: the statement takes 1 parameter(s), got 0",
            "bad-params: the statement takes 0 parameter(s), got 1",
            "bad-params: the statement takes 1 parameter(s), got 2",
            "bad-params: the statement takes 1 parameter(s), got 0",
        ]
    );
    assert_eq!(project.database.query("SELECT twice FROM made"), "42");
}

/// What index.d.ts shows, runs.
#[test]
fn the_examples_of_the_sdk_run() {
    let declarations = include_str!("../../guest-sdk/javascript/index.d.ts");
    let blocks = declarations.split("* ```js\n").skip(1).map(|rest| rest.split("* ```").next().unwrap_or_default());
    let examples: Vec<String> = blocks
        .map(|block| block.lines().map(|line| line.trim_start().trim_start_matches('*')).collect::<Vec<_>>().join("\n"))
        .filter(|example| !example.contains("export function"))
        .collect();
    assert!(examples.len() > 15, "{} examples", examples.len());
    let project = project();
    let mut source = String::from("import * as sdk from \"host\";\n");
    let names: Vec<&str> = declarations
        .lines()
        .filter_map(|line| line.strip_prefix("export function ").or_else(|| line.strip_prefix("export class ")))
        .filter_map(|rest| rest.split(|character: char| !character.is_alphanumeric()).next())
        .collect();
    source.push_str(&format!(
        "const {{ {} }} = sdk;\n",
        names.iter().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
    ));
    source.push_str(
        "export function upgrade() {\n  executeScript(`CREATE TABLE guests (id bigint, name text, email text, phone text, tags jsonb);\n\
         CREATE TABLE visits (guests int); CREATE TABLE menus (id int, day date); CREATE TABLE logins (address inet);\n\
         CREATE TABLE tables (number int, free bool); INSERT INTO guests VALUES (1, 'Zoë')`);\n",
    );
    for example in &examples {
        // Some examples begin with tables of their own.
        source.push_str(&format!("  {{\n{example}\n  }}\n"));
    }
    source.push_str("}\nexport function downgrade() {}\n");
    migration(&project, "js", &source);
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM dishes"), "2");
    assert_eq!(project.database.query("SELECT address FROM logins"), "192.0.2.7");
}

#[test]
fn a_big_table_is_read_and_written() {
    let project = project();
    project.database.query(
        "CREATE TABLE guests AS SELECT n::bigint AS id, CASE WHEN n % 7 > 0 THEN '0171 ' || n || ' 67' END AS phone
           FROM generate_series(1, 25000) AS n;
         CREATE TABLE phones (guest bigint PRIMARY KEY, digits text);
         CREATE TABLE same (LIKE guests);
         CREATE TABLE lists (id int, tags text[])",
    );
    migration(
        &project,
        "js",
        r#"import { CopyIn, Cursor, copyInto, cursor, queryOne } from "host";

function* digits() {
  for (const { id, phone } of cursor("SELECT id, phone FROM guests")) yield [id, phone?.replaceAll(" ", "") ?? null];
}

function throws(work, kind, words) {
  try {
    work();
  } catch (error) {
    if (error.kind === kind && error.message.includes(words)) return;
    throw error;
  }
  throw new Error(`nothing was thrown: ${words}`);
}

export function upgrade() {
  const written = copyInto("phones", ["guest", "digits"], { schema: "public", rows: digits() });
  if (written !== 25000) throw new Error(`${written} rows`);

  const guests = cursor("SELECT id, phone FROM guests WHERE id > $1", [10]);
  const copy = copyInto("same", ["id", "phone"]);
  if (!(guests instanceof Cursor && copy instanceof CopyIn)) throw new Error("classes");
  if (guests.columns[1].name !== "phone") throw new Error("columns");
  for (let tuples = guests.fetchTuples(9000); tuples.rows > 0; tuples = guests.fetchTuples(9000)) {
    if (new DataView(tuples.data.buffer).getInt16(0) !== 2) throw new Error("two fields");
    copy.writeTuples(tuples);
  }
  if (copy.finish() !== 24990) throw new Error("rows in binary form");
  guests.close();
  throws(() => guests.fetch(1), "misuse", "the cursor is closed");
  throws(() => copy.finish(), "misuse", "the copy is closed");

  copyInto("lists", ["id", "tags"], { rows: [[1, ["a", null]]] });
  throws(() => copyInto("lists", ["id"], { rows: [["x"]] }), "sql", "integer");
  throws(() => copyInto("phones", ["guest"], { rows: [[1n], [1n]] }), "sql", "phones_pkey");
  if (queryOne("SELECT count(*)::int AS count FROM phones").count !== 25000) throw new Error("undone");
}

export function downgrade() {}
"#,
    );
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    let wrong = "SELECT count(*) FROM guests LEFT JOIN phones ON guest = id WHERE replace(phone, ' ', '') IS DISTINCT FROM digits";
    assert_eq!(project.database.query(wrong), "0");
    assert_eq!(project.database.query("SELECT count(*), count(phone) FROM same"), "24990|21420");
    assert_eq!(project.database.query("SELECT id, tags FROM lists"), "1|{a,NULL}");
}

/// The same calls in both languages, and what is said when they cannot come to a good end.
#[test]
fn a_table_is_rewritten() {
    let project = project();
    migration(&project, "js", include_str!("javascript_language/transform.js"));
    project.host(&["build"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["downgrade", "base"]).success();
}

#[test]
fn a_rejected_row_is_told_with_its_key_and_the_line() {
    let project = project();
    project.database.query("CREATE TABLE guests AS SELECT n AS id, 'x' AS phone FROM generate_series(1, 100) AS n");
    project.database.query("ALTER TABLE guests ADD PRIMARY KEY (id)");
    migration(
        &project,
        "js",
        "import { runTransform } from \"host\";\n\nexport function* shifted(guests) {\n  for (const { id, phone } of guests) \
         yield [id === 42 ? 1e12 : id, phone];\n}\n\nexport function upgrade() {\n  runTransform(shifted, \"SELECT id, phone FROM guests\", \
         { key: [\"id\"], into: \"guests\", columns: [\"id\", \"phone\"] });\n}\n\nexport function downgrade() {}\n",
    );
    project.host(&["build"]).success();
    assert_output!(project.host(&["upgrade", "head"]).with_code(1));
}

/// The statements by which the SDK learns the types of columns go without a transaction, too.
#[test]
fn a_table_is_rewritten_batch_by_batch() {
    let project = project();
    project.database.query(
        "CREATE TYPE mood AS ENUM ('glad', 'tired');
         CREATE TABLE guests AS SELECT n::bigint AS id, '0 ' || n AS phone, 'glad'::mood AS mood FROM generate_series(1, 5000) AS n;
         ALTER TABLE guests ADD PRIMARY KEY (id)",
    );
    let file = migration(
        &project,
        "js",
        r#"import { runTransform } from "host";

export function* digits(guests) {
  for (const { id, phone, mood } of guests) {
    if (id === 4000n && mood === "glad") throw new Error("the kitchen is closed");
    yield [id, phone.replaceAll(" ", ""), "tired"];
  }
}

export function upgrade() {
  const plan = { key: ["id"], into: "guests", columns: ["id", "phone", "mood"], batchRows: 500, parallelism: 2, commitPerBatch: true };
  runTransform(digits, "SELECT id, phone, mood FROM guests", plan);
}

export function downgrade() {}
"#,
    );
    replace_in(&project, &file, "// ///\n", "// transaction = \"none\"\n// ///\n");
    project.host(&["build"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("'digits' rejects the row with id = 4000"), "{}", output.stable());
    let output = project.host(&["upgrade", "head", "--on-row-error", "skip-and-record"]).success();
    assert!(output.stdout.contains("1 row skipped"), "{}", output.stable());
    replace_in(&project, &file, "id === 4000n && ", "id === 0n && ");
    project.host(&["build"]).success();
    project.host(&["backfill", "retry-failed", "--revision", "a1"]).success();
    assert_eq!(
        project.database.query("SELECT count(*) FROM guests WHERE phone = '0' || id AND mood = 'tired'"),
        "5000"
    );
}
