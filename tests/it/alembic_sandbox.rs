//! What a revision of Alembic has and has not in the sandbox, and what is said about it.

use crate::harness::TestProject;

const ENV: &str = "import os\nfrom logging.config import fileConfig\n\nfrom alembic import context\nfrom sqlalchemy import create_engine\n\n\
                   fileConfig(context.config.config_file_name)\nengine = create_engine(os.environ['DATABASE_URL'], pool_size=3)\n\
                   with engine.connect() as connection:\n    context.configure(connection=connection)\n    \
                   with context.begin_transaction():\n        context.run_migrations()\n";

/// A project of Alembic with one revision, `a1`, whose upgrade has these lines.
fn project(env: &str, upgrade: &str) -> TestProject {
    let project = TestProject::with_runtime("alembic");
    std::fs::remove_dir(project.path("migrations")).expect("migrations");
    project.write("alembic.ini", "[alembic]\nscript_location = alembic\n");
    project.write("alembic/env.py", env);
    let body: String = upgrade.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!(
        "import os\n\nimport sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a1'\ndown_revision = None\n\n\ndef upgrade():\n{body}\n\n\
         def downgrade():\n    pass\n"
    );
    project.write("alembic/versions/a1_x.py", &text);
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    project.write("host.toml", &format!("[alembic]\nconfig = \"alembic.ini\"\n\n{toml}"));
    project
}

#[test]
fn what_is_not_there_is_named_with_what_to_do() {
    let tries = [
        ("import pydantic", "write `env = false` below [alembic] in host.toml"),
        ("import nowhere", "name it in `include` below [alembic] in host.toml"),
        ("import subprocess", "migrations have no processes"),
        ("open('data.csv')", "migrations have no files"),
        ("os.environ['HOME_DIR']", "KeyError: the environment variable 'HOME_DIR' is not there"),
        ("sa.create_engine('sqlite://').connect()", "is another database"),
        ("op.execute('CREATE TABLE x ()')\nop.get_bind().rollback()", "the migration rolled its work back"),
    ];
    for (body, words) in tries {
        let output = project(ENV, body).host(&["upgrade", "head"]).with_code(1);
        assert!(output.stderr.contains(words), "{body}: {}", output.stable());
        assert!(
            !output.stderr.contains("site-packages") && !output.stderr.contains("/0/"),
            "{body}: {}",
            output.stable()
        );
    }
}

#[test]
fn an_error_of_the_server_has_the_places_of_the_project_only() {
    let output =
        project(ENV, "op.add_column('nowhere', sa.Column('x', sa.Integer()))").host(&["upgrade", "head"]).with_code(1);
    for words in [
        "relation \"nowhere\" does not exist",
        "ALTER TABLE nowhere ADD COLUMN x INTEGER",
        "versions/a1_x.py\", line 11, in upgrade",
    ] {
        assert!(output.stderr.contains(words), "{words}: {}", output.stable());
    }
    assert!(!output.stderr.contains("sqlalchemy/") && !output.stderr.contains("ops.py"), "{}", output.stable());
}

/// The template `multidb` runs a revision once for each database.
#[test]
fn a_revision_is_not_run_for_a_second_database() {
    let env = ENV.replace(
        "        context.run_migrations()\n",
        "        context.run_migrations(engine_name='one')\n        context.run_migrations(engine_name='two')\n",
    );
    let project = project(&env, "pass");
    let file = std::fs::read_to_string(project.path("alembic/versions/a1_x.py")).expect("the revision");
    project.write("alembic/versions/a1_x.py", &file.replace("def upgrade()", "def upgrade(engine_name)"));
    let output = project.host(&["upgrade", "head"]).with_code(1);
    assert!(
        output.stderr.contains("for several databases (engine_name='one', then engine_name='two')"),
        "{}",
        output.stable()
    );
}

const TENANTS: &str = "from alembic import context\nfrom sqlalchemy import create_engine, text\n\nARGUMENTS = context.get_x_argument(as_dictionary=True)\n\
                       with create_engine('postgresql://').connect() as connection:\n    \
                       for tenant in ARGUMENTS.get('tenants', ARGUMENTS.get('tenant', '')).split(','):\n        \
                       connection.execute(text(f'SET search_path TO {tenant}'))\n        connection.commit()\n        \
                       context.configure(connection=connection, version_table_schema=tenant)\n        \
                       with context.begin_transaction():\n            context.run_migrations()\n";

/// A schema for each tenant, with a version table in each: one run is for one of them, in a section of its own.
#[test]
fn each_schema_may_have_a_version_table_of_its_own() {
    let project = project(TENANTS, "op.create_table('orders', sa.Column('id', sa.Integer, primary_key=True))");
    let text = std::fs::read_to_string(project.path("alembic/versions/a1_x.py")).expect("the revision");
    let second = text
        .replace("'a1'", "'b2'")
        .replace("down_revision = None", "down_revision = 'a1'")
        .replace("'orders'", "'bills'");
    project.write("alembic/versions/b2_x.py", &second);
    project.database.query("CREATE SCHEMA one; CREATE SCHEMA two");
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("settings");
    let section = |name: &str| {
        format!(
            "\n[{name}]\nversion-table = \"{name}.alembic_version\"\nlog-table = \"{name}.host_log\"\njournal-table = \"{name}.host_journal\"\n"
        )
    };
    project.write("host.toml", &format!("{toml}{}{}", section("one"), section("two")));
    project.host(&["-e", "one", "-x", "tenant=one", "upgrade", "head"]).success();
    project.host(&["-e", "two", "-x", "tenant=two", "upgrade", "a1"]).success();
    let found = "SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY 1) FROM (SELECT schemaname, tablename FROM pg_tables
                 WHERE tablename IN ('orders', 'bills') ORDER BY 1, 2) AS tables";
    assert_eq!(project.database.query(found), "one.bills one.orders two.orders");
    let rows = "SELECT (SELECT string_agg(version_num, ',') FROM one.alembic_version), (SELECT string_agg(version_num, ',') FROM two.alembic_version)";
    assert_eq!(project.database.query(rows), "b2|a1");
    // One run for both would have to know where each of them is.
    let output = project.host(&["-e", "two", "-x", "tenants=two,one", "upgrade", "head"]).with_code(1);
    for words in
        ["several version tables (two.alembic_version, then one.alembic_version)", "a section of its own in host.toml"]
    {
        assert!(output.stderr.contains(words), "{words}: {}", output.stable());
    }
    assert_eq!(project.database.query(found), "one.bills one.orders two.orders");
}

#[test]
fn drivers_and_variables_stand_for_the_connection_of_host() {
    let body = "import asyncio, asyncpg, psycopg2, sqlmodel\nfrom dotenv import load_dotenv\nload_dotenv()\n\
                cursor = psycopg2.connect(os.environ['DATABASE_URL'], port=os.getenv('PGPORT')).cursor()\n\
                cursor.execute('SELECT %s::int + 1', (41,))\nassert cursor.fetchone() == (42,)\n\
                async def ask():\n    connection = await asyncpg.connect()\n    return await connection.fetchval('SELECT $1::text', 'yes')\n\
                assert asyncio.run(ask()) == 'yes'\nassert os.environ.get('OTHER') is None\n\
                op.create_table('hero', sa.Column('name', sqlmodel.sql.sqltypes.AutoString(20)))";
    let project = project(ENV, body);
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM hero"), "0");
}
