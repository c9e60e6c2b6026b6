//! `host revision --autogenerate`: Alembic compares the models with the database, in the sandbox.

use super::ENV;
use super::two_revisions;
use super::with_runtime;
use crate::harness::Output;
use crate::harness::TestProject;

const MODELS: &str = r#"import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

NAMES = {"ix": "ix_%(column_0_label)s", "pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)


class Guest(Base):
    __tablename__ = "guests"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False)


class Visit(Base):
    __tablename__ = "visits"
    id = sa.Column(sa.Integer, primary_key=True)
    guest = sa.Column(sa.ForeignKey("guests.id"), index=True)
"#;

const TEMPLATE: &str = "\"\"\"${message}\n\nRevises: ${down_revision | comma,n}\n\"\"\"\nimport sqlalchemy as sa\nfrom alembic import op\n\
                        % if imports:\n${imports}\n% endif\n\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\
                        branch_labels = ${repr(branch_labels)}\n\n\ndef upgrade():\n    ${upgrades if upgrades else 'pass'}\n\n\n\
                        def downgrade():\n    ${downgrades if downgrades else 'pass'}\n";

/// A project with models and two revisions of one of them. `options` are further arguments of `configure()`.
fn project(before: &str, options: &str) -> TestProject {
    let project = with_runtime();
    two_revisions(&project);
    project.write("shop/__init__.py", "");
    project.write("shop/models.py", MODELS);
    project.write("alembic/script.py.mako", TEMPLATE);
    let env = ENV.replace(
        "(connection=connection)",
        &format!("(connection=connection, target_metadata=Base.metadata, {options})"),
    );
    project.write("alembic/env.py", &format!("from shop.models import Base\n{before}\n{env}"));
    project.host(&["init", "--from-alembic"]).success();
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    project.write("host.toml", &format!("{toml}\n[default.schema]\nshadow-url = \"${{HOST_DATABASE_URL}}\"\n"));
    project.host(&["upgrade", "head"]).success();
    project
}

fn autogenerate(project: &TestProject) -> Output {
    project.host(&["revision", "--autogenerate", "-m", "what is new", "--rev-id", "c3"])
}

fn text(project: &TestProject) -> String {
    std::fs::read_to_string(project.path("alembic/versions/c3_what_is_new.py")).expect("the file")
}

#[test]
fn what_the_models_have_and_the_database_has_not_is_written() {
    let project = project("", "");
    let output = autogenerate(&project).success();
    assert_eq!(
        output.stdout.lines().last(),
        Some("wrote alembic/versions/c3_what_is_new.py (revision c3)"),
        "{}",
        output.stable()
    );
    assert!(output.stdout.contains("Detected added table 'visits'"), "{}", output.stable());
    insta::with_settings!({prepend_module_to_snapshot => true, omit_expression => true}, {
        insta::assert_snapshot!(text(&project));
    });
    // Nothing was done yet.
    assert_eq!(project.database.query("SELECT to_regclass('visits') IS NULL"), "t");
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('ix_visits_guest')"), "ix_visits_guest");
    let output = project.host(&["revision", "--autogenerate", "-m", "again"]).success();
    assert!(output.stderr.contains("nothing to do: the database has what the models describe"), "{}", output.stable());
    assert_eq!(output.stdout, "");
    let output = project.host(&["--json", "revision", "--autogenerate", "-m", "again"]).success();
    assert_eq!(output.stdout.lines().last(), Some("{\"event\":\"finished\",\"written\":0}"));
    project.host(&["downgrade", "b2"]).success();
    assert_eq!(project.database.query("SELECT to_regclass('visits') IS NULL"), "t");
}

/// What env.py says about comparing and writing.
#[test]
fn the_options_of_env_are_honoured() {
    let before = "
import sqlalchemy as sa


def include_object(item, name, kind, reflected, compared):
    return not (kind == 'table' and name == 'ghosts')


def include_name(name, kind, parents):
    return name != 'legacy'


def render_item(kind, item, context):
    if kind == 'type' and type(item) is sa.String:
        context.imports.add('import string')
        return f'sa.String(length={item.length} + len(string.ascii_letters) * 0)'
    return False


def number(context, revision, directives):
    from alembic.script import ScriptDirectory
    head = ScriptDirectory.from_config(context.config).get_current_head()
    assert (head, revision) == ('b2', ('b2',))
    directives[0].rev_id = '0003'
";
    let options = "include_object=include_object, include_name=include_name, render_item=render_item, compare_type=True, \
                   process_revision_directives=number";
    let project = project(before, options);
    project.database.query("CREATE TABLE ghosts (); CREATE TABLE legacy (); CREATE TABLE old ()");
    autogenerate(&project).success();
    let text = std::fs::read_to_string(project.path("alembic/versions/0003_what_is_new.py")).expect("the file");
    for words in
        ["op.drop_table('old')", "import string", "len(string.ascii_letters)", "op.f('pk_visits')", "revision = '0003'"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
    for words in ["ghosts", "legacy", "host_log", "host_journal", "alembic_version"] {
        assert!(!text.contains(words), "{words}\n{text}");
    }
    project.host(&["upgrade", "head"]).success();
}

#[test]
fn directives_may_leave_everything_out_or_write_several() {
    let project = project(
        "def nothing(context, revision, directives):\n    directives[:] = []\n",
        "process_revision_directives=nothing",
    );
    assert!(autogenerate(&project).success().stderr.contains("nothing to do"));
    let env = std::fs::read_to_string(project.path("alembic/env.py")).expect("env.py");
    let several = "import copy\n    directives.append(copy.copy(directives[0]))\n    directives[1].rev_id = 'd4'";
    project.write("alembic/env.py", &env.replace("directives[:] = []", several));
    autogenerate(&project).success();
    let second = std::fs::read_to_string(project.path("alembic/versions/d4_what_is_new.py")).expect("the second file");
    assert!(second.contains("down_revision = 'c3'"), "{second}");
    std::fs::remove_file(project.path("alembic/versions/d4_what_is_new.py")).expect("the second file");
    std::fs::remove_file(project.path("alembic/versions/c3_what_is_new.py")).expect("the first file");
    for (id, words) in [("b2", "there is a revision b2 already"), ("../../x", "'../../x' is no revision id")] {
        project.write("alembic/env.py", &env.replace("directives[:] = []", &format!("directives[0].rev_id = '{id}'")));
        let output = autogenerate(&project).with_code(1);
        assert!(output.stderr.contains(words), "{words}: {}", output.stable());
    }
}

#[test]
fn what_cannot_be_compared_is_said() {
    let project = project("", "");
    let env = std::fs::read_to_string(project.path("alembic/env.py")).expect("env.py");
    let fails = |words: &[&str]| {
        let output = autogenerate(&project).with_code(1);
        for word in words {
            assert!(output.stderr.contains(word), "{word}: {}", output.stable());
        }
        assert!(!output.stderr.contains("/0/"), "{}", output.stable());
    };
    project.write("shop/models.py", &format!("{MODELS}\n\nraise ValueError('no models today')\n"));
    fails(&[
        "no migration was written",
        "ValueError: no models today",
        "shop/models.py",
        "correct alembic/env.py or what it imports",
    ]);
    project.write("shop/models.py", MODELS);
    project.write("alembic/env.py", &env.replace("target_metadata=Base.metadata, ", ""));
    fails(&["does not provide a MetaData object"]);
    let sqlmodel = format!("import sqlmodel\n\n\nclass Hero(sqlmodel.SQLModel, table=True):\n    pass\n\n\n{MODELS}");
    project.write("shop/models.py", &sqlmodel);
    project.write("alembic/env.py", &env);
    fails(&["the tables of SQLModel (Hero) cannot be compared", "alembic revision --autogenerate"]);
    project.write("shop/models.py", MODELS);
    let two = env.replace(
        "        context.run_migrations()\n",
        "        context.run_migrations(engine_name='one')\n        context.run_migrations(engine_name='two')\n",
    );
    project.write("alembic/env.py", &two);
    fails(&["for several databases (engine_name='one', then engine_name='two')"]);
    // What env.py does itself does not stay, and what it may not do is refused.
    project.write("alembic/env.py", &env.replace("        context.configure(connection", "        connection.exec_driver_sql('CREATE TABLE left_behind ()')\n        connection.commit()\n        context.configure(connection"));
    autogenerate(&project).success();
    assert!(text(&project).contains("op.drop_table('left_behind')"));
    assert_eq!(project.database.query("SELECT to_regclass('left_behind') IS NULL"), "t");
    std::fs::remove_file(project.path("alembic/versions/c3_what_is_new.py")).expect("the file");
    project.write(
        "alembic/env.py",
        &env.replace(
            "        context.configure(connection",
            "        connection.exec_driver_sql('CREATE ROLE somebody')\n        context.configure(connection",
        ),
    );
    fails(&["role", "grants = "]);
    project.write("alembic/env.py", &env);
    project.host(&["downgrade", "a1"]).success();
    fails(&["Target database is not up to date: not applied are b2", "host upgrade heads"]);
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    project.write("host.toml", &toml.replace("[alembic]\n", "[alembic]\nenv = false\n"));
    fails(&["`env = false` in host.toml switches it off"]);
}

#[test]
fn what_belongs_to_the_schema_engine_is_no_option_here() {
    let project = project("", "");
    for option in [["--dry-run", "-q"].as_slice(), &["--online"], &["--rename", "a.b=a.c"]] {
        let arguments = [&["revision", "--autogenerate", "-m", "x"], option].concat();
        let output = project.host(&arguments).with_code(2);
        assert!(output.stderr.contains("is not for projects of Alembic"), "{}", output.stable());
    }
}

/// Alembic compares neither checks nor, unless it is told to, defaults; nor the values of an enum. The schema engine does.
#[test]
fn what_alembic_does_not_see_is_told() {
    let project = project("", "");
    let models = MODELS.replace(
        "    name = sa.Column(sa.String(80), nullable=False)\n",
        "    name = sa.Column(sa.Text, server_default='?')\n    mood = sa.Column(sa.Enum('glad', 'cross', name='mood'))\n    \
         __table_args__ = (sa.CheckConstraint(\"name <> ''\", name='named'),)\n",
    );
    project.write("shop/models.py", &models);
    // What models do not know is no difference.
    let view = "op.execute('CREATE VIEW names AS SELECT name FROM guests; CREATE TABLE of_others ()')";
    super::revision(&project, "b3", Some("b2"), view, "op.execute('DROP VIEW names; DROP TABLE of_others')");
    project.host(&["upgrade", "head"]).success();
    let env = std::fs::read_to_string(project.path("alembic/env.py")).expect("env.py");
    let filter = "def ours(item, name, kind, reflected, compared):\n    return name != 'of_others'\n\n";
    let env = env.replace("target_metadata=Base.metadata", "target_metadata=Base.metadata, include_object=ours");
    project.write("alembic/env.py", &format!("{filter}{env}"));
    insta::with_settings!({prepend_module_to_snapshot => true, omit_expression => true}, {
        insta::assert_snapshot!(autogenerate(&project).success().stable());
    });
    // It found one of the best known faults of autogenerate, too: nothing makes the type of an enum.
    let path = project.path("alembic/versions/c3_what_is_new.py");
    let made = text(&project)
        .replace("def upgrade():\n", "def upgrade():\n    op.execute(\"CREATE TYPE mood AS ENUM ('glad')\")\n");
    std::fs::write(path, made).expect("the file");
    project.host(&["upgrade", "head"]).success();
    let json = project.host(&["--json", "revision", "--autogenerate", "-m", "again"]).success();
    let event = json.stdout.lines().find(|line| line.contains("not-seen-by-alembic")).expect("the event");
    assert!(event.contains("\"name\":\"public.guests.named\""), "{event}");
    let warned = project.host(&["revision", "--autogenerate", "-m", "again"]).success();
    insta::with_settings!({prepend_module_to_snapshot => true, omit_expression => true}, {
        insta::assert_snapshot!("what_the_models_have_besides", warned.stable());
    });
    let by_hand = "op.create_check_constraint('named', 'guests', \"name <> ''\")\n\
                   op.alter_column('guests', 'name', server_default='?')\n\
                   op.execute(\"ALTER TYPE mood ADD VALUE 'cross'\")";
    super::revision(&project, "d4", Some("c3"), by_hand, "op.drop_constraint('named', 'guests')");
    project.host(&["upgrade", "head"]).success();
    let output = project.host(&["revision", "--autogenerate", "-m", "again"]).success();
    assert!(!output.stderr.contains("does not see"), "{}", output.stable());
}

/// A type of the project that its env.py does not render, and then no server for shadows.
#[test]
fn what_alembic_wrote_is_tried() {
    let project = project("", "");
    let kind = "class Point(sa.types.UserDefinedType):\n    cache_ok = True\n\n    def get_col_spec(self, **named):\n        return 'no_such_type'\n";
    let models = MODELS.replace("\n\nclass Base", &format!("\n\n{kind}\n\nclass Base"));
    project.write("shop/models.py", &models.replace("name = sa.Column(sa.String(80)", "name = sa.Column(Point()"));
    let output = autogenerate(&project).success();
    insta::with_settings!({prepend_module_to_snapshot => true, omit_expression => true}, {
        insta::assert_snapshot!(output.stable());
    });
    std::fs::remove_file(project.path("alembic/versions/c3_what_is_new.py")).expect("the file");
    let toml = std::fs::read_to_string(project.path("host.toml")).expect("host.toml");
    project.write("host.toml", &toml.replace("${HOST_DATABASE_URL}", "postgres://nobody@localhost:1/none"));
    let output = autogenerate(&project).success();
    assert!(
        output.stderr.contains("note: the models and the revisions were not compared once more: "),
        "{}",
        output.stable()
    );
}
