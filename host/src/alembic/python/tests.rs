#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::alembic::RevisionFacts;
use crate::alembic::Setting;
use crate::grant::Class;
use crate::grant::Classes;

fn facts(text: &str) -> PythonFacts {
    read(&PythonFile { path: "a.py".to_owned(), text: text.to_owned() })
}

fn revision(text: &str) -> RevisionFacts {
    facts(text).revision.unwrap().unwrap()
}

const USUAL: &str = "\"\"\"Create guests\n  and tables\n\nRevision ID: ae1027a6acf8\nRevises: 1975ea83b712\nCreate Date: 2026-11-30 10:11:12.123456\n\n\"\"\"\n\
                     from typing import Sequence, Union\n\nfrom alembic import op\nimport sqlalchemy as sa\n\n\
                     revision: str = 'ae1027a6acf8'\ndown_revision: Union[str, None] = '1975ea83b712'\n\
                     branch_labels: Union[str, Sequence[str], None] = None\ndepends_on = None\n\n\
                     def upgrade() -> None:\n    op.execute('SELECT 1')\n\ndef downgrade() -> None:\n    pass\n";

#[test]
fn a_usual_file_is_read() {
    let expected = RevisionFacts {
        revision: Some("ae1027a6acf8".to_owned()),
        line: 14,
        down_revision: vec!["1975ea83b712".to_owned()],
        message: "Create guests and tables".to_owned(),
        created: Some("2026-11-30 10:11:12.123456".to_owned()),
        needs: Class::Query.into(),
        ..RevisionFacts::default()
    };
    assert_eq!(revision(USUAL), expected);
    assert_eq!(
        facts(USUAL).imports,
        ["alembic", "alembic.op", "sqlalchemy", "typing", "typing.Sequence", "typing.Union"]
    );
}

#[test]
fn every_way_to_write_the_values_is_read() {
    for (text, down, labels) in [
        ("revision = 'b'; down_revision = ('a', 'c')", &["a", "c"][..], &[][..]),
        ("revision = 'b'\ndown_revision = ['a', \"c\"]\nbranch_labels = ('x',)", &["a", "c"], &["x"]),
        ("revision, down_revision = 'b', 'a'\nbranch_labels = {'x'}", &["a"], &["x"]),
        ("revision = 'b'\nPREVIOUS = 'a'\ndown_revision = PREVIOUS", &["a"], &[]),
        ("revision = ('b'\n  '')\ndown_revision = 'a' + ''", &["a"], &[]),
        ("revision = 'x'\nrevision = 'b'\ndown_revision = ()", &[], &[]),
        ("revision = u'b'\ndown_revision = None\nbranch_labels = 'x'", &[], &["x"]),
    ] {
        let facts = revision(text);
        assert_eq!(facts.revision.as_deref(), Some("b"), "{text}");
        assert_eq!((facts.down_revision, facts.branch_labels), (owned(down), owned(labels)), "{text}");
    }
    assert_eq!(revision("x = 1\n").revision, None);
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_has_to_be_run_is_refused_with_its_line() {
    for (text, line, message) in [
        ("\nrevision = f'{x}'\ndown_revision = None", 2, "'revision' is an f-string,"),
        ("revision = make()\ndown_revision = None", 1, "'revision' is the result of a call,"),
        ("revision = 'a'\ndown_revision = os.environ['X']", 2, "'down_revision' is a part of something else,"),
        ("revision = 'a'\ndown_revision = [f()]", 2, "'down_revision' is the result of a call,"),
        ("revision = 1234\ndown_revision = None", 1, "'revision' is a number,"),
        ("revision = None\ndown_revision = None", 1, "'revision' is None,"),
        ("revision = 'a'\nif x:\n    down_revision = 'b'", 3, "'down_revision' gets its value in an `if`,"),
        ("try:\n    revision = 'a'\nexcept X:\n    pass", 2, "'revision' gets its value in a `try`,"),
        ("revision = 'a'\nrevision += 'b'", 2, "'revision' is changed after it got its value,"),
        ("from .ids import revision\ndown_revision = None", 1, "'revision' comes from another file,"),
        ("\nrevision = 'a'\n", 2, "there is no 'down_revision',"),
        ("revision = other\ndown_revision = None", 1, "'revision' is a name whose value is not in this file,"),
    ] {
        let problem = facts(text).revision.unwrap().unwrap_err();
        assert_eq!((problem.line, problem.message.starts_with(message)), (line, true), "{text}: {problem:?}");
    }
}

#[test]
fn what_is_no_python_is_told() {
    for (text, line, message) in [
        ("revision = 'a'\nprint 'x'\n", 2, "this is Python 2,"),
        ("x = 1\nraise ValueError, 'x'\n", 2, "this is Python 2,"),
        ("def upgrade(:\n", 1, "this is no Python:"),
        (
            "\"\"\"x\n<<<<<<< HEAD\nRevises: a\n=======\nRevises: b\n>>>>>>> c\n\"\"\"\n",
            2,
            "this line is a conflict marker of git",
        ),
    ] {
        let problem = facts(text).broken.unwrap();
        assert_eq!((problem.line, problem.message.starts_with(message)), (line, true), "{text}: {problem:?}");
    }
}

#[test]
fn imports_are_found_wherever_they_are() {
    let text = "import a.b, c as d\nfrom . import e\nfrom ..f.g import h, i\nfrom j import *\ndef upgrade():\n    import k\n\
                if TYPE_CHECKING:\n    import never\nelse:\n    import l\nimportlib.import_module('m.n')\nimport_module(x)\n";
    assert_eq!(facts(text).imports, [".", "..f.g", "..f.g.h", "..f.g.i", ".e", "@m", "a.b", "c", "j", "k", "l", "m.n"]);
}

#[test]
fn what_the_sql_needs_is_seen() {
    let of = |body: &str| revision(&format!("revision = 'a'\ndown_revision = None\ndef upgrade():\n{body}\n"));
    for (body, class) in [
        ("    op.execute('CREATE EXTENSION IF NOT EXISTS citext')", Class::Extension),
        ("    op.execute(f'CREATE FUNCTION {name}() RETURNS int LANGUAGE sql AS $$SELECT 1$$')", Class::Function),
        ("    sql = 'GRANT SELECT ON a TO b'\n    op.get_bind().execute(sa.text(sql))", Class::Privilege),
        ("    op.execute('CREATE ROLE {}'.format(x))", Class::Role),
        ("    op.execute(text(\"\"\"\n      SELECT 1;\n      DO $$ BEGIN END $$\"\"\"))", Class::Function),
    ] {
        assert!(of(body).needs.contains(class), "{body}");
    }
    assert_eq!(of("    op.create_table('grant', sa.Column('create extension'))").needs, Classes::NONE);
    assert!(of("    with op.get_context().autocommit_block():\n        pass").autocommits);
}

#[test]
fn a_downgrade_that_only_raises_is_no_way_back() {
    let of = |text: &str| revision(&format!("revision = 'a'\ndown_revision = None\n{text}")).irreversible;
    assert!(of("def upgrade(): pass\ndef downgrade():\n    '''no'''\n    raise NotImplementedError('x')\n"));
    assert!(of("def upgrade(): pass\n"));
    for text in [
        "def upgrade(): pass\ndef downgrade(): pass\n",
        "def upgrade(): pass\nfrom x import downgrade\n",
        "def upgrade(): pass\ndowngrade = upgrade\n",
        "def upgrade(): pass\ndef downgrade():\n    if x:\n        raise X\n",
    ] {
        assert!(!of(text), "{text}");
    }
}

#[test]
fn the_version_table_is_read_where_it_is_a_text() {
    let env = |text: &str| {
        let env = facts(text).env;
        (env.version_table, env.version_table_schema)
    };
    let text = |text: &str| Setting::Text(text.to_owned());
    assert_eq!(env("context.configure(connection=c)"), (Setting::Absent, Setting::Absent));
    assert_eq!(
        env(
            "T = 'v'\ndef f():\n    context.configure(version_table=T)\ndef g():\n    context.configure(version_table='v', version_table_schema='s')"
        ),
        (text("v"), text("s"))
    );
    assert_eq!(env("\ncontext.configure(version_table=x())").0, Setting::Unknown { line: 2 });
    assert_eq!(env("context.configure(**options)").0, Setting::Unknown { line: 1 });
    assert_eq!(
        env("context.configure(version_table='a')\ncontext.configure(version_table='b')").0,
        Setting::Unknown { line: 2 }
    );
}

#[test]
fn a_job_answers_for_each_file() {
    let files = [("a.py", USUAL), ("b.py", "(")]
        .map(|(path, text)| PythonFile { path: path.to_owned(), text: text.to_owned() });
    let answer = read_job(&serde_json::to_vec(&files).unwrap()).unwrap();
    let answer: Vec<PythonFacts> = serde_json::from_slice(&answer).unwrap();
    assert!(answer.len() == 2 && answer[0].broken.is_none() && answer[1].broken.is_some());
    assert!(read_job(b"x").is_err());
    // Python itself allows a hundredth of this.
    let deep = format!("x = {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    let files = [PythonFile { path: "a.py".to_owned(), text: deep }];
    assert!(read_job(&serde_json::to_vec(&files).unwrap()).is_ok());
}
