//! Upgrades and downgrades of Alembic's revisions.

use super::revision;
use super::two_revisions;
use super::with_runtime;

#[test]
fn a_project_of_alembic_goes_up_and_down() {
    let project = with_runtime();
    two_revisions(&project);
    project.host(&["init", "--from-alembic"]).success();
    let output = project.host(&["upgrade", "head"]).success();
    assert!(output.stderr.contains("2 migrations built, 0 up to date"), "{}", output.stderr);
    let columns = "SELECT string_agg(column_name, ',' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'guests'";
    assert_eq!(project.database.query(columns), "id,name");
    // As Alembic makes it.
    let table = "SELECT format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = 'alembic_version'::regclass AND attnum > 0";
    assert_eq!(project.database.query(table), "character varying(32)|t");
    assert_eq!(project.database.query("SELECT version_num FROM alembic_version"), "b2");
    assert!(project.host(&["upgrade", "head"]).success().stderr.contains("nothing to do"));
    project.host(&["downgrade", "-1"]).success();
    assert_eq!(project.database.query(columns), "id");
    let script = project.host(&["upgrade", "a1:head", "--sql"]).success().stdout;
    assert!(script.contains("ALTER TABLE guests ADD COLUMN name TEXT"), "{script}");
    project.host(&["downgrade", "base"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM alembic_version"), "0");
    project.host(&["validate"]).success();
}

/// Alembic's own table with its row.
#[test]
fn it_goes_on_where_alembic_ended() {
    let project = with_runtime();
    two_revisions(&project);
    project.host(&["init", "--from-alembic"]).success();
    project.database.query(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
         INSERT INTO alembic_version VALUES ('a1'); CREATE TABLE guests (id int PRIMARY KEY)",
    );
    assert_eq!(project.host(&["current"]).success().stdout, "a1\n");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM alembic_version"), "b2");
    project.host(&["stamp", "a1"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM alembic_version"), "a1");
}

#[test]
fn only_the_revision_file_counts_as_changed() {
    let project = with_runtime();
    two_revisions(&project);
    project.write("shop/__init__.py", "");
    project.write("shop/names.py", "TABLE = 'guests'\n");
    revision(
        &project,
        "c3",
        Some("b2"),
        "from shop.names import TABLE\nop.execute(f'CREATE INDEX i ON {TABLE} (name)')",
        "pass",
    );
    project.host(&["init", "--from-alembic"]).success();
    project.host(&["upgrade", "head"]).success();
    project.host(&["build", "--check"]).success();
    // A helper of one revision, then what all of them have.
    project.write("shop/names.py", "TABLE = 'guests'\n# changed\n");
    let output = project.host(&["build", "--check"]).with_code(3);
    assert_eq!(output.stdout, "c3 (alembic/versions/c3_x.py) is not built, or out of date\n");
    let env = std::fs::read_to_string(project.path("alembic/env.py")).expect("env.py");
    project.write("alembic/env.py", &format!("{env}# changed\n"));
    let output = project.host(&["build", "--check"]).with_code(3);
    assert_eq!(output.stdout.lines().count(), 3, "{}", output.stdout);
    revision(&project, "d4", Some("c3"), "pass", "pass");
    project.host(&["upgrade", "head"]).success();
    revision(&project, "b2", Some("a1"), "pass", "pass");
    revision(&project, "e5", Some("d4"), "pass", "pass");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("a migration changed since it was applied: b2"), "{}", output.stderr);
    project.host(&["repair", "--yes"]).success();
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn modules_of_the_project_are_there_as_far_as_they_are_meant() {
    let project = with_runtime();
    project.write("shop/__init__.py", "");
    project.write("shop/tables/guests.py", "NAME = 'by_name'\n");
    let body = "import importlib\nname = importlib.import_module('shop.tables.' + 'guests').NAME\nop.execute(f'CREATE TABLE {name} ()')";
    revision(&project, "a1", None, body, "pass");
    project.host(&["init", "--from-alembic"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("shop.tables") && output.stderr.contains("a1_x.py"), "{}", output.stderr);
    let text = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    project.write("host.toml", &text.replace("[alembic]\n", "[alembic]\ninclude = [\"shop.tables.*\"]\n"));
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('by_name')"), "by_name");
}

#[test]
fn what_is_not_granted_is_refused_before_anything_runs() {
    let project = with_runtime();
    two_revisions(&project);
    revision(
        &project,
        "c3",
        Some("b2"),
        "op.execute('CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$')",
        "pass",
    );
    project.host(&["init", "--from-alembic"]).success();
    let text = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    assert!(text.contains("grants = [\"data\", \"schema\", \"function\"]\n"), "{text}");
    project.write("host.toml", &text.replace("grants = ", "# grants = "));
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(
        output.stderr.contains("write `grants = [\"data\", \"schema\", \"function\"]` under [default]"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("not built"), "{}", output.stderr);
    assert_eq!(project.database.query("SELECT to_regclass('guests') IS NULL"), "t");
    // What nobody could see before.
    revision(&project, "c3", Some("b2"), "op.execute(' '.join(['CREATE', 'ROLE', 'x']))", "pass");
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(output.stderr.contains("write `grants = [\"data\", \"schema\", \"role\"]`"), "{}", output.stderr);
    project.write("host.toml", &text);
    revision(
        &project,
        "c3",
        Some("b2"),
        "op.execute(' '.join(['CREATE', 'FUNCTION', 'f() RETURNS int LANGUAGE sql AS $$SELECT 1$$']))",
        "pass",
    );
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn a_block_outside_of_a_transaction_runs_statement_by_statement() {
    let project = with_runtime();
    two_revisions(&project);
    let body = "with op.get_context().autocommit_block():\n    op.create_index('i', 'guests', ['name'], postgresql_concurrently=True)";
    revision(&project, "c3", Some("b2"), body, "pass");
    project.host(&["init", "--from-alembic"]).success();
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass"), "t");
}

/// An error has the place in the project's own file.
#[test]
fn a_mistake_has_its_place() {
    let project = with_runtime();
    two_revisions(&project);
    revision(&project, "c3", Some("b2"), "pass\nop.drop_column('guests', 'nobody')", "raise NotImplementedError");
    project.host(&["init", "--from-alembic"]).success();
    let output = project.host(&["upgrade", "head"]).with_code(1);
    for part in
        ["ALTER TABLE guests DROP COLUMN nobody", "alembic/versions/c3_x.py", "line 15, in upgrade", "does not exist"]
    {
        assert!(output.stderr.contains(part), "{part}\n{}", output.stderr);
    }
    revision(&project, "c3", Some("b2"), "pass", "raise NotImplementedError");
    project.host(&["upgrade", "head"]).success();
    let output = project.host(&["downgrade", "base"]).with_code(1);
    assert!(output.stderr.contains("c3"), "{}", output.stderr);
    assert_eq!(project.database.query("SELECT version_num FROM alembic_version"), "c3");
}

/// In a variable that is written for SQLAlchemy.
#[test]
fn a_url_may_name_a_driver() {
    let project = with_runtime();
    two_revisions(&project);
    project.host(&["init", "--from-alembic"]).success();
    let url = project.database.url();
    let url = url.split_once("://").map(|(_, rest)| format!("postgresql+asyncpg://{rest}")).expect("a url");
    project.host_with(("HOST_DATABASE_URL", &url), &["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT version_num FROM alembic_version"), "b2");
}
