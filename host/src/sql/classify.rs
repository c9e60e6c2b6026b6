//! What a statement needs from whoever sends it.

use super::calls::Calls;
use super::calls::calls;
use super::command::Command;
use super::features::Features;
use super::features::features;
use super::objects::Object;
use super::objects::object;
use super::refusal::Reason;
use super::refusal::Refusal;
use super::settings::Setting;
use super::settings::set_or_reset;
use super::time_limit::time_limit_set;
use super::token::TokenKind;
use super::token::Tokens;
use super::trusted_languages::brings_untrusted_language;
use super::words::Words;
use super::words::plain;
use crate::grant::Class;
use crate::grant::Classes;
use crate::grant::TimeLimit;

/// Statements that contain another one.
const NESTING_MAX: usize = 2;

/// What a statement is, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// What it is called.
    pub command: Command,
    /// The classes that the migration has to have. A statement may need several.
    pub classes: Classes,
    /// The limit that it sets for its transaction, and to how many milliseconds, if that is all it does. Where the limit in
    /// force is kept it needs no class.
    pub time_limit: Option<(TimeLimit, u64)>,
}

/// Commands that are always of one class.
const PLAIN: [(&str, Class); 19] = [
    ("SHOW", Class::Query),
    ("FETCH", Class::Query),
    ("MOVE", Class::Query),
    ("CLOSE", Class::Query),
    ("INSERT", Class::Data),
    ("UPDATE", Class::Data),
    ("DELETE", Class::Data),
    ("MERGE", Class::Data),
    ("TRUNCATE", Class::Data),
    ("LOCK", Class::Data),
    ("REFRESH MATERIALIZED VIEW", Class::Data),
    ("ANALYZE", Class::Schema),
    ("ANALYSE", Class::Schema),
    ("VACUUM", Class::Schema),
    ("REINDEX", Class::Schema),
    ("CLUSTER", Class::Schema),
    ("CALL", Class::Function),
    ("REASSIGN OWNED", Class::Privilege),
    ("IMPORT FOREIGN SCHEMA", Class::Foreign),
];

/// Commands that no migration may send. Longer phrases come before those that they begin with.
const FORBIDDEN: [(&str, Reason); 23] = [
    ("BEGIN", Reason::Transaction),
    ("START TRANSACTION", Reason::Transaction),
    ("COMMIT PREPARED", Reason::Transaction),
    ("COMMIT", Reason::Transaction),
    ("END", Reason::Transaction),
    ("ABORT", Reason::Transaction),
    ("ROLLBACK PREPARED", Reason::Transaction),
    ("ROLLBACK TO", Reason::Transaction),
    ("ROLLBACK", Reason::Transaction),
    ("SAVEPOINT", Reason::Transaction),
    ("RELEASE", Reason::Transaction),
    ("PREPARE TRANSACTION", Reason::Transaction),
    ("PREPARE", Reason::Prepared),
    ("EXECUTE", Reason::Prepared),
    ("DEALLOCATE", Reason::Prepared),
    ("COPY", Reason::Copy),
    ("LOAD", Reason::Library),
    ("LISTEN", Reason::Notification),
    ("UNLISTEN", Reason::Notification),
    ("NOTIFY", Reason::Notification),
    ("DISCARD", Reason::SessionState),
    ("CHECKPOINT", Reason::Server),
    ("START", Reason::Transaction),
];

/// What a statement is and needs: one, as [`super::split()`] gives it. Comments, blanks and opening parentheses before it do
/// not count.
///
/// It looks at the statement itself. What the functions do that it calls, and what an object does later that it makes, is
/// for the rights of the database role to limit.
///
/// # Errors
/// [`Refusal`], when no migration may send it, or when it is not known.
pub fn classify(statement: &str) -> Result<Needs, Refusal> {
    let features = features(statement);
    add_calls(nested(statement, &features, NESTING_MAX)?, calls(statement))
}

/// What a statement needs with what it calls.
pub(super) fn add_calls(mut needs: Needs, calls: Calls) -> Result<Needs, Refusal> {
    if let Some((function, reason)) = calls.refused {
        return Err(forbidden(Command::unknown(&format!("{function}()"), ""), reason));
    }
    if let Some((how, setting)) = calls.setting {
        let set = match (&calls.parameter, how) {
            (Some(parameter), "set_config") => format!("{how}('{parameter}')"),
            (Some(parameter), _) => format!("{how} ({parameter})"),
            (None, _) => how.to_owned(),
        };
        let class = class_of(setting, || Command::unknown(&set, ""))?;
        if class != Class::Query && !needs.classes.contains(class) {
            needs.command =
                if needs.command.is("UPDATE") { Command::unknown(&set, "") } else { needs.command.with(&set) };
            needs.classes = needs.classes.with(class);
        }
    }
    if let Some(function) = calls.function.filter(|_| !calls.classes.minus(needs.classes).is_empty()) {
        needs.command = needs.command.with(&format!("{function}()"));
        needs.classes = needs.classes.union(calls.classes);
    }
    Ok(needs)
}

fn nested(statement: &str, features: &Features, levels: usize) -> Result<Needs, Refusal> {
    let words = Words::new(statement);
    let first = words.at(0).ok_or(Refusal::NoCommand)?;
    if let Some((command, class)) = PLAIN.iter().find(|(phrase, _)| words.begin_with(0, phrase)) {
        return Ok(needs(Command::new(command), *class));
    }
    if let Some((command, reason)) = FORBIDDEN.iter().find(|(phrase, _)| words.begin_with(0, phrase)) {
        return Err(forbidden_command(&words, command, *reason));
    }
    match first.to_ascii_uppercase().as_str() {
        "SELECT" => Ok(query("SELECT", features)),
        "VALUES" => Ok(query("VALUES", features)),
        "TABLE" => Ok(query("TABLE", features)),
        "WITH" => Ok(query("WITH", features)),
        "CREATE" => change("CREATE", statement, &words, features),
        "ALTER" => change("ALTER", statement, &words, features),
        "DROP" => change("DROP", statement, &words, features),
        "COMMENT" => comment(&words),
        "SECURITY" if words.is(1, "LABEL") => security_label(&words),
        "GRANT" => Ok(rights("GRANT", features)),
        "REVOKE" => Ok(rights("REVOKE", features)),
        "SET" => set("SET", &words),
        "RESET" => set("RESET", &words),
        "DO" => {
            trusted("DO", statement, features)?;
            Ok(needs(Command::new("DO"), Class::Function))
        }
        "DECLARE" => declare(statement, features, levels),
        "EXPLAIN" => explain(statement, &words, levels),
        _ => Err(Refusal::Unknown { command: Command::unknown(first, "") }),
    }
}

fn needs(command: Command, classes: impl Into<Classes>) -> Needs {
    Needs { command, classes: classes.into(), time_limit: None }
}

fn forbidden(command: Command, reason: Reason) -> Refusal {
    Refusal::Forbidden { command, reason }
}

fn forbidden_command(words: &Words<'_>, command: &'static str, reason: Reason) -> Refusal {
    let to = |place| words.is(0, "ROLLBACK") && words.is(place, "TO");
    if to(1) || (words.is_any(1, &["WORK", "TRANSACTION"]) && to(2)) {
        return forbidden(Command::new("ROLLBACK TO"), reason);
    }
    // With a name, even if it is `transaction`, it prepares a statement.
    if command == "PREPARE TRANSACTION" && words.kind(2) != Some(TokenKind::String) {
        return forbidden(Command::new("PREPARE"), Reason::Prepared);
    }
    forbidden(Command::new(command), reason)
}

/// A query, a query that makes a table, or one with changes in its WITH.
fn query(verb: &'static str, features: &Features) -> Needs {
    let mut found = needs(Command::new(verb), Class::Query);
    if features.into {
        found = needs(Command::on(verb, "… INTO"), found.classes.with(Class::Schema));
    }
    if let Some(change) = features.changes {
        found.classes = found.classes.with(Class::Data);
        if !features.into {
            found.command = Command::on("WITH …", change);
        }
    }
    found
}

fn change(verb: &'static str, statement: &str, words: &Words<'_>, features: &Features) -> Result<Needs, Refusal> {
    let unknown = || Refusal::Unknown { command: Command::unknown(verb, words.raw(1).unwrap_or_default()) };
    let object = object(words).ok_or_else(unknown)?;
    let mut command = Command::on(verb, object.words);
    let Some(class) = object.class else {
        return Err(of_operator(command, verb, words, &object));
    };
    let mut classes = Classes::from(class);
    let and = |part: &str| Command::on_written(verb, &format!("{} … {part}", object.words));
    match (verb, object.words) {
        ("CREATE", "FUNCTION" | "PROCEDURE" | "TRANSFORM" | "LANGUAGE") => trusted(verb, statement, features)?,
        ("CREATE", "EXTENSION") => untrusted_extension(words, &object)?,
        ("CREATE", "RULE") if features.notify => return Err(forbidden(Command::new("NOTIFY"), Reason::Notification)),
        ("CREATE", "TABLE") if features.execute => return Err(forbidden(Command::new("EXECUTE"), Reason::Prepared)),
        ("CREATE", "SCHEMA") => {
            if features.strange_element {
                return Err(Refusal::Unknown { command: Command::on("CREATE SCHEMA", "with this element") });
            }
            if features.grant || features.authorization {
                classes = classes.with(Class::Privilege);
                command = and(if features.grant { "GRANT" } else { "AUTHORIZATION" });
            }
        }
        // It drops the objects of a role, too.
        ("DROP", "OWNED") => classes = classes.with(Class::Schema),
        ("ALTER", _) if features.owner_to && !renames(words, &object) => {
            classes = classes.with(Class::Privilege);
            command = and("OWNER TO");
        }
        ("ALTER", "ROLE" | "USER") if sets_defaults(words, &object) => command = and("SET"),
        _ => {}
    }
    Ok(needs(command, classes))
}

/// Why an object is none of a migration's.
fn of_operator(command: Command, verb: &'static str, words: &Words<'_>, object: &Object) -> Refusal {
    if (verb, object.words) != ("ALTER", "DATABASE") {
        return forbidden(command, Reason::Server);
    }
    match sets_defaults(words, object) {
        true => forbidden(Command::on(verb, "DATABASE … SET"), Reason::Defaults),
        false => forbidden(command, Reason::Database),
    }
}

/// `ALTER ROLE a [IN DATABASE b] SET …` and `ALTER DATABASE b SET …`, or RESET: what new sessions begin with.
fn sets_defaults(words: &Words<'_>, object: &Object) -> bool {
    let Some(mut place) = words.after_name(object.name_at) else { return false };
    if words.begin_with(place, "IN DATABASE") {
        place = words.after_name(place + 2).unwrap_or(place);
    }
    words.is_any(place, &["SET", "RESET"]) && !words.is(place + 1, "TABLESPACE")
}

/// `ALTER TABLE t RENAME owner TO b` is about a column.
fn renames(words: &Words<'_>, object: &Object) -> bool {
    let mut place = object.name_at;
    if words.begin_with(place, "IF EXISTS") {
        place += 2;
    }
    if words.is(place, "ONLY") {
        place += 1;
    }
    words.after_name(place).is_some_and(|after| {
        words.is(after, "RENAME") || (words.raw(after) == Some("*") && words.is(after + 1, "RENAME"))
    })
}

fn trusted(verb: &'static str, statement: &str, features: &Features) -> Result<(), Refusal> {
    match &features.language {
        None => Ok(()),
        Some(bytes) => {
            let language = &statement[bytes.clone()];
            Err(forbidden(Command::on_written(verb, &format!("… LANGUAGE {language}")), Reason::Language))
        }
    }
}

fn untrusted_extension(words: &Words<'_>, object: &Object) -> Result<(), Refusal> {
    let place = if words.begin_with(object.name_at, "IF NOT EXISTS") { object.name_at + 3 } else { object.name_at };
    let written = words.raw(place).unwrap_or_default();
    match plain(written) {
        Some(name) if !brings_untrusted_language(name) => Ok(()),
        _ => Err(forbidden(Command::on_written("CREATE EXTENSION", written), Reason::Language)),
    }
}

/// Comments on what all databases share are for who may change it.
fn comment(words: &Words<'_>) -> Result<Needs, Refusal> {
    let class = shared("COMMENT ON", words, 2)?.unwrap_or(Class::Schema);
    Ok(needs(Command::new("COMMENT"), class))
}

fn security_label(words: &Words<'_>) -> Result<Needs, Refusal> {
    let on = if words.is(2, "FOR") { 4 } else { 2 };
    let class = shared("SECURITY LABEL ON", words, on + 1)?;
    let classes = Classes::from(Class::Privilege);
    Ok(needs(Command::new("SECURITY LABEL"), class.map_or(classes, |class| classes.with(class))))
}

/// What a remark on a kind of object that all databases share needs.
fn shared(verb: &'static str, words: &Words<'_>, place: usize) -> Result<Option<Class>, Refusal> {
    for (object, reason) in [("DATABASE", Reason::Database), ("TABLESPACE", Reason::Server)] {
        if words.is(place, object) {
            return Err(forbidden(Command::on(verb, object), reason));
        }
    }
    Ok(words.is(place, "ROLE").then_some(Class::Role))
}

/// Rights on objects, or membership in roles. Parameters are those of the whole server.
fn rights(verb: &'static str, features: &Features) -> Needs {
    match (features.on, features.on_parameter) {
        (true, false) => needs(Command::new(verb), Class::Privilege),
        (true, true) => needs(Command::on(verb, "ON PARAMETER"), Classes::from(Class::Privilege).with(Class::Role)),
        (false, _) => needs(Command::on(verb, "of a role"), Class::Role),
    }
}

fn set(verb: &'static str, words: &Words<'_>) -> Result<Needs, Refusal> {
    let (setting, name) = set_or_reset(words);
    let command = || Command::on_written(verb, &name);
    let class = class_of(setting, command)?;
    Ok(Needs { time_limit: time_limit_set(words), ..needs(command(), class) })
}

fn class_of(setting: Setting, command: impl Fn() -> Command) -> Result<Class, Refusal> {
    let reason = match setting {
        Setting::Harmless => return Ok(Class::Query),
        Setting::Constraints => return Ok(Class::Data),
        Setting::Other => return Ok(Class::Session),
        Setting::Fixed => Reason::Fixed,
        Setting::Transaction => Reason::Transaction,
        Setting::Identity => Reason::Identity,
        Setting::Hidden => Reason::Hidden,
    };
    Err(forbidden(command(), reason))
}

/// A cursor needs what its query needs.
fn declare(statement: &str, features: &Features, levels: usize) -> Result<Needs, Refusal> {
    let command = Command::new("DECLARE");
    if features.hold {
        return Err(forbidden(Command::on("DECLARE", "… WITH HOLD"), Reason::HeldCursor));
    }
    let inner = features.after_for.and_then(|start| statement.get(start..)).ok_or(Refusal::NoCommand)?;
    let inner = inside(inner, &command, levels)?;
    Ok(needs(command, inner.classes))
}

/// EXPLAIN runs its statement only with ANALYZE. What may not be run is not explained either.
fn explain(statement: &str, words: &Words<'_>, levels: usize) -> Result<Needs, Refusal> {
    let command = Command::new("EXPLAIN");
    let (start, runs) = match words.kind(1) {
        Some(TokenKind::OpenParenthesis) if !words.is_any(2, &["SELECT", "WITH", "VALUES", "TABLE"]) => {
            options(statement)
        }
        _ => {
            let runs = words.is_any(1, &["ANALYZE", "ANALYSE"]);
            let place = 1 + usize::from(runs);
            let place = place + usize::from(words.is(place, "VERBOSE"));
            (words.bytes(place).map(|bytes| bytes.start), runs)
        }
    };
    let inner = start.and_then(|start| statement.get(start..)).ok_or(Refusal::NoCommand)?;
    let inner = inside(inner, &command, levels)?;
    let command = if runs { Command::on("EXPLAIN", "ANALYZE") } else { command };
    Ok(needs(command, if runs { inner.classes } else { Class::Query.into() }))
}

/// Where the options in parentheses end, and whether ANALYZE may be among them. A quoted name may hide it; its value is
/// not looked at.
fn options(statement: &str) -> (Option<usize>, bool) {
    let mut runs = false;
    let mut tokens = Tokens::new(statement).map_while(Result::ok);
    let open = tokens.find(|token| token.kind == TokenKind::OpenParenthesis).map(|open| open.bytes.start);
    for token in tokens {
        let written = &statement[token.bytes.clone()];
        match token.kind {
            TokenKind::CloseParenthesis => return (Some(token.bytes.end), runs),
            // `EXPLAIN ((SELECT 1))` has no options.
            TokenKind::OpenParenthesis => return (open, true),
            TokenKind::QuotedIdentifier => runs = true,
            _ => runs |= written.eq_ignore_ascii_case("ANALYZE") || written.eq_ignore_ascii_case("ANALYSE"),
        }
    }
    (None, runs)
}

fn inside(inner: &str, outer: &Command, levels: usize) -> Result<Needs, Refusal> {
    match levels.checked_sub(1) {
        Some(levels) => nested(inner, &features(inner), levels),
        None => Err(Refusal::Unknown { command: outer.clone() }),
    }
}
