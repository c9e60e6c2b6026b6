//! Projects of Alembic as they are: from `host init --from-alembic` to the database.

mod autogenerate;
mod comparing;
mod one_instance;
mod reading;
mod running;
mod writing;

use crate::harness::TestProject;

/// An env.py that does what those of Alembic's templates do.
const ENV: &str = r#"from alembic import context
from sqlalchemy import create_engine

url = context.config.get_main_option("sqlalchemy.url")

if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"#;

const INI: &str = "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = .\npath_separator = os\n\
                   sqlalchemy.url = postgresql://me:secret@nowhere/db\n\n[loggers]\nkeys = root\n\n[formatter_generic]\n\
                   format = %(levelname)-5.5s [%(name)s] %(message)s\n";

/// A project of Alembic without revisions and without host.toml.
fn fill(project: &TestProject) {
    std::fs::remove_file(project.path("host.toml")).expect("host.toml");
    std::fs::remove_dir(project.path("migrations")).expect("migrations");
    project.write("alembic.ini", INI);
    project.write("alembic/env.py", ENV);
}

fn project() -> TestProject {
    let project = TestProject::new();
    fill(&project);
    project
}

/// The same with the runtime of Alembic.
fn with_runtime() -> TestProject {
    let project = TestProject::with_runtime("alembic");
    fill(&project);
    project
}

/// Writes a revision whose upgrade and downgrade have these lines.
fn revision(project: &TestProject, id: &str, down: Option<&str>, upgrade: &str, downgrade: &str) {
    let down = down.map_or_else(|| "None".to_owned(), |down| format!("'{down}'"));
    let body = |lines: &str| lines.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let text = format!(
        "\"\"\"revision {id}\n\nRevision ID: {id}\nCreate Date: 2026-11-30 10:11:12.123456\n\"\"\"\nimport sqlalchemy as sa\n\
         from alembic import op\n\nrevision = '{id}'\ndown_revision = {down}\n\n\ndef upgrade():\n{}\n\ndef downgrade():\n{}",
        body(upgrade),
        body(downgrade)
    );
    project.write(&format!("alembic/versions/{id}_x.py"), &text);
}

/// Two revisions, `a1` and `b2`, of one table.
fn two_revisions(project: &TestProject) {
    revision(
        project,
        "a1",
        None,
        "op.create_table('guests', sa.Column('id', sa.Integer, primary_key=True))",
        "op.drop_table('guests')",
    );
    revision(
        project,
        "b2",
        Some("a1"),
        "op.add_column('guests', sa.Column('name', sa.Text))",
        "op.drop_column('guests', 'name')",
    );
}
