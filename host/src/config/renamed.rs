//! Keys of earlier versions, most of which had their unit in the name.

use std::time::Duration;

use toml::Table;
use toml::Value;

use crate::units;

/// Key of that time, key of today, and what one of it meant.
const RENAMED: [(&str, &str, Unit); 16] = [
    ("guest-seconds", "guest-time", Unit::Milliseconds(1_000)),
    ("migration-seconds", "migration-time", Unit::Milliseconds(1_000)),
    ("memory-mebibytes", "memory", Unit::Bytes(1 << 20)),
    ("stack-kibibytes", "stack", Unit::Bytes(1 << 10)),
    ("call-mebibytes", "call-size", Unit::Bytes(1 << 20)),
    ("result-mebibytes", "result-size", Unit::Bytes(1 << 20)),
    ("log-kibibytes", "log-size", Unit::Bytes(1 << 10)),
    ("component-mebibytes", "component-size", Unit::Bytes(1 << 20)),
    ("compile-seconds", "compile-time", Unit::Milliseconds(1_000)),
    ("compile-mebibytes", "compile-memory", Unit::Bytes(1 << 20)),
    ("lock-timeout-milliseconds", "lock-timeout", Unit::Milliseconds(1)),
    ("statement-timeout-milliseconds", "statement-timeout", Unit::Milliseconds(1)),
    ("runner-lock-seconds", "wait", Unit::Milliseconds(1_000)),
    ("termination-grace-seconds", "termination-grace", Unit::Milliseconds(1_000)),
    ("silence-seconds", "silence", Unit::Milliseconds(1_000)),
    ("history-table", "log-table", Unit::None),
];

#[derive(Clone, Copy)]
enum Unit {
    Milliseconds(u64),
    Bytes(u64),
    /// The value is the same as before.
    None,
}

/// What to write instead of a key that was renamed: today's key, and the value that it has in `text` with a unit. The key is
/// given with the tables around it, joined by dots.
pub(super) fn replacement(text: &str, key: &str) -> Option<String> {
    let name = key.rsplit('.').next()?;
    let (_, today, unit) = RENAMED.into_iter().find(|(before, ..)| *before == name)?;
    let mut value = Value::Table(text.parse::<Table>().ok()?);
    for part in key.split('.') {
        value = value.as_table_mut()?.remove(part)?;
    }
    let in_units = |one: u64| u64::try_from(value.as_integer()?).ok()?.checked_mul(one);
    let value = match unit {
        Unit::None => return Some(format!("{today} = {value}")),
        _ if value.as_integer() == Some(0) => "0".to_owned(),
        Unit::Milliseconds(one) => units::time(Duration::from_millis(in_units(one)?)),
        Unit::Bytes(one) => units::size(in_units(one)?),
    };
    Some(format!("{today} = \"{}\"", value.replace(' ', "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_has_the_value_and_its_unit() {
        for (line, expected) in [
            ("guest-seconds = 90", Some("guest-time = \"90s\"")),
            ("compile-mebibytes = 2_048", Some("compile-memory = \"2GiB\"")),
            ("lock-timeout-milliseconds = 10000", Some("lock-timeout = \"10s\"")),
            ("lock-timeout-milliseconds = 0", Some("lock-timeout = \"0\"")),
            ("runner-lock-seconds = 600", Some("wait = \"10min\"")),
            ("log-kibibytes = -1", None),
            ("log-kibibytes = 9223372036854775807", None),
            ("log-kibibytes = 'x'", None),
            ("result-rows = 1", None),
            ("history-table = 'ops.history'", Some("log-table = \"ops.history\"")),
        ] {
            let key = format!("prod.limits.{}", line.split(' ').next().unwrap_or_default());
            let text = format!("[prod.limits]\n{line}\n");
            assert_eq!(replacement(&text, &key).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn every_replacement_is_accepted() {
        for (before, _, unit) in RENAMED {
            if matches!(unit, Unit::None) {
                continue;
            }
            let text = format!("[default.limits]\n{before} = 64\n");
            let today = replacement(&text, &format!("default.limits.{before}")).expect("a key of today");
            let parsed = super::super::Config::parse(&format!("[default.limits]\n{today}\n"), "host.toml");
            assert!(parsed.is_ok(), "{today}: {parsed:?}");
        }
    }
}
