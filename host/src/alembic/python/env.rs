//! What an `env.py` says about the version table: the arguments of `context.configure(…)`.

use ruff_python_ast::ExprCall;
use ruff_python_ast::Stmt;

use super::problem::Lines;
use super::values::Value;
use super::values::Values;
use crate::alembic::EnvFacts;
use crate::alembic::Setting;

/// Reads the settings from all calls, which have to agree.
pub(super) fn read(body: &[Stmt], lines: &Lines, configures: &[&ExprCall]) -> EnvFacts {
    let values = Values::of(body);
    let setting = |key: &str| {
        let mut found = Setting::Absent;
        for call in configures {
            let line = lines.of(call.arguments.range.start());
            let here = match call.arguments.find_keyword(key) {
                Some(keyword) => match values.value(&keyword.value) {
                    Value::Text(text) => Setting::Text(text),
                    Value::None => Setting::Absent,
                    _ => Setting::Unknown { line: lines.of(keyword.range.start()) },
                },
                // `**options` may have it.
                None if call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none()) => {
                    Setting::Unknown { line }
                }
                None => Setting::Absent,
            };
            found = match (found, here) {
                (Setting::Absent, here) => here,
                (found, Setting::Absent) => found,
                (found, here) if found == here => found,
                _ => Setting::Unknown { line },
            };
        }
        found
    };
    EnvFacts { version_table: setting("version_table"), version_table_schema: setting("version_table_schema") }
}
