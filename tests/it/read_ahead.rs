//! An instance of a language runtime reads the next migration while the server commits the one before.

use host::bindings::CONTRACT;
use host::digest::Digest;

use crate::harness::TestProject;
use crate::language_runtimes::migration_after;
use crate::language_runtimes::put;

/// The runtime of SQL, which runs the text that it gets.
const SQL: &str = include_str!("../../host/src/runtime/script/sql.wat");

/// Where the texts here have a place for a digit, from their beginning, in bytes.
const DIGIT: usize = 26;

/// What it does besides: it counts the texts that it has read ahead, and puts the number into the next one that it runs. A text that
/// ends with `!` makes it trap. One with `?` it tries to run at once, and a refusal of that counts as five.
const READ_AHEAD: &str = r#"
  (global $read (mut i32) (i32.const 48))
  (func (export "host:migration/read-ahead@0.1.0#read")
    (param $file i32) (param $file-length i32) (param $text i32) (param $length i32)
    (local $last i32)
    (local.set $last (i32.load8_u (i32.sub (i32.add (local.get $text) (local.get $length)) (i32.const 1))))
    (global.set $read (i32.add (global.get $read) (i32.const 1)))
    (if (i32.eq (local.get $last) (i32.const 33)) (then unreachable))
    (if (i32.eq (local.get $last) (i32.const 63)) (then
      (call $execute-script (local.get $text) (local.get $length) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (global.set $read (i32.add (global.get $read) (i32.const 5))))))))
)"#;

fn runtime() -> Vec<u8> {
    let call = "(call $execute-script (local.get $text)";
    let counted = format!("(i32.store8 (i32.add (local.get $text) (i32.const {DIGIT})) (global.get $read)) {call}");
    let text = SQL.replacen(call, &counted, 1);
    let text = text.trim_end().strip_suffix(')').expect("a module").to_owned() + READ_AHEAD;
    let mut module = wat::parse_str(text).expect("valid text");
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_str("migration.wit", CONTRACT).expect("the contract");
    let world = "package test:runtime; world reading { include host:migration/script-runtime@0.1.0; \
                 export host:migration/reuse@0.1.0; export host:migration/read-ahead@0.1.0; }";
    let package = resolve.push_str("runtime.wit", world).expect("a world");
    let world = resolve.select_world(&[package], Some("reading")).expect("it is there");
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)
        .expect("metadata");
    let mut encoder = wit_component::ComponentEncoder::default().validate(true).module(&module).expect("a module");
    encoder.encode().expect("a component")
}

/// Runs migrations that insert what their runtime puts in the place of the digit, each text with an end. Answers which digits.
fn digits(ends: &[&str]) -> String {
    let project = TestProject::new();
    let bytes = runtime();
    let digest = Digest::of(&bytes);
    put(&project, "toy", &digest, &bytes);
    let table = "CREATE TABLE seen (/*     . */ digit text, number int)";
    assert_eq!(table.find('.'), Some(DIGIT));
    migration_after(&project, ("m0", None), Some(digest), table);
    for (number, end) in ends.iter().enumerate() {
        let text = format!("INSERT INTO seen VALUES ('.', {number}){end}");
        assert_eq!(text.find('.'), Some(DIGIT));
        let (revision, before) = (format!("m{}", number + 1), format!("m{number}"));
        migration_after(&project, (&revision, Some(&before)), Some(digest), &text);
    }
    project.host(&["upgrade", "head"]).success();
    assert_eq!(project.database.query("SELECT count(*) FROM host_log WHERE error IS NOT NULL"), "0");
    project.database.query("SELECT string_agg(digit, ' ' ORDER BY number) FROM seen")
}

#[test]
fn each_migration_is_read_once_before_it_runs() {
    assert_eq!(digits(&["", "", ""]), "1 2 3");
}

/// It may be that nothing is wrong with the migration.
#[test]
fn after_a_failure_to_read_ahead_a_new_instance_runs_the_migration() {
    assert_eq!(digits(&["", " --!", ""]), "1 0 1");
}

#[test]
fn nothing_is_sent_while_a_migration_is_read() {
    assert_eq!(digits(&["", " --?", ""]), "1 7 8");
}
