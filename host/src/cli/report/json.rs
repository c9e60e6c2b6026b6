//! Events and failures as JSON. Names are stable: programs read them.

use serde_json::Value;
use serde_json::json;

use super::human::level_name;
use crate::bindings::types::SqlError;
use crate::cli::failure::Failure;
use crate::cli::problem;
use crate::error::Error;
use crate::execute::Cause;
use crate::execute::Event;
use crate::execute::Rewritten;
use crate::execute::RunError;
use crate::host_functions::GuestEvent;
use crate::host_functions::Stop;

/// The object of an event.
pub(super) fn event(event: &Event) -> Value {
    match event {
        Event::Waiting { holder, seconds } => json!({"event": "waiting", "holder": holder, "seconds": seconds}),
        Event::Planned { direction, steps } => {
            json!({"event": "planned", "direction": direction.name(), "steps": steps})
        }
        Event::StepStarted { direction, revision, from, to, message, number, of } => json!({
            "event": "step-started",
            "direction": direction.name(),
            "revision": revision,
            "from": from,
            "to": to,
            "message": message,
            "number": number,
            "of": of,
        }),
        Event::Retrying { revision, reason, repetition, of, milliseconds } => json!({
            "event": "retrying",
            "revision": revision,
            "reason": reason,
            "repetition": repetition,
            "of": of,
            "milliseconds": milliseconds,
        }),
        Event::StatementProgress { revision, progress } => json!({
            "event": "activity",
            "revision": revision,
            "seconds": progress.seconds,
            "statement": progress.statement,
            "waits_for": progress.waits_for,
            "phase": progress.phase,
            "done": progress.done,
            "total": progress.total,
        }),
        Event::Guest { revision, event: GuestEvent::Log { level, message } } => {
            json!({"event": "log", "revision": revision, "level": level_name(*level), "message": message})
        }
        Event::Guest { revision, event: GuestEvent::Progress { label, done, total } } => {
            json!({"event": "progress", "revision": revision, "label": label, "done": done, "total": total})
        }
        Event::Guest { revision, event: GuestEvent::Backfill(status) } => json!({
            "event": "backfill",
            "revision": revision,
            "label": status.label,
            "state": status.state.word(),
            "rows": status.rows,
            "rows_per_second": status.rows_per_second,
            "seconds_left": status.seconds_left,
            "waiting": status.waiting,
        }),
        Event::Working { revision, label, connections } => {
            json!({"event": "working", "revision": revision, "label": label, "connections": connections})
        }
        Event::StepDone { direction, revision, milliseconds, statements, rows, skipped } => json!({
            "event": "step-done",
            "direction": direction.name(),
            "revision": revision,
            "milliseconds": milliseconds,
            "statements": statements,
            "rows": rows,
            "rows_skipped": skipped,
        }),
        Event::Stamped { from, to } => json!({"event": "stamped", "from": from, "to": to}),
        Event::Repaired { revision, file } => json!({"event": "repaired", "revision": revision, "file": file}),
        Event::Note { text } => json!({"event": "note", "text": text}),
    }
}

/// A document with its keys in the style of all others, `source_digest` for `source-digest`. Words that are values stay.
pub(in crate::cli) fn with_snake_case_keys(document: Value) -> Value {
    match document {
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key.replace('-', "_"), with_snake_case_keys(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(with_snake_case_keys).collect(),
        other => other,
    }
}

/// The object of a failure: always kind, message and hint; of a step that failed everything that is known.
pub(super) fn failure(failure: &Failure) -> Value {
    let mut error = json!({
        "kind": failure.kind(),
        "message": failure.message(),
        "hint": failure.hint(),
    });
    if let Failure::Library(library) = failure
        && let Some(problems) = problem::several(library)
    {
        error["problems"] = problems.iter().map(problem::document).collect();
    }
    if let Failure::Library(library) = failure
        && let Error::Run(RunError::Step(step)) = library.as_ref()
    {
        error["revision"] = json!(step.revision);
        error["file"] = json!(step.file);
        error["direction"] = json!(step.direction.name());
        error["steps_done"] = json!(step.steps_done);
        error["heads"] = json!(step.heads);
        error["blame"] = json!(format!("{:?}", step.cause.blame()).to_lowercase());
        if let Some(non_transactional) = &step.non_transactional {
            error["statements_done"] = json!(non_transactional.done);
            error["statement_number"] = json!(non_transactional.broken);
            error["unfinished"] = json!(non_transactional.leaves_something());
            if let Rewritten::Rows(rows) = non_transactional.rewritten {
                error["rows_rewritten"] = json!(rows);
            }
        }
        cause_details(&mut error, &step.cause);
    }
    if let Failure::Library(library) = failure
        && let Error::Run(RunError::NotWritten { file, cause }) = library.as_ref()
    {
        error["file"] = json!(file);
        cause_details(&mut error, cause);
    }
    json!({ "error": error })
}

/// Everything that is known about why a migration failed.
fn cause_details(error: &mut Value, cause: &Cause) {
    match cause {
        Cause::Statement { failure, source, said, swallowed } => {
            server_error(error, &failure.error);
            error["statement"] = json!(failure.statement);
            error["said"] = json!(said);
            error["swallowed"] = json!(swallowed);
            if let Some(place) = super::failure::place(failure, source.as_ref()) {
                error["line"] = json!(place.line);
                error["column"] = json!(place.column);
            }
        }
        Cause::Denied { sent_from: Some(place), .. } => error["said"] = json!(place),
        Cause::Panicked(panic) => error["backtrace"] = json!(panic.backtrace),
        Cause::Commit(refusal) => server_error(error, refusal),
        Cause::Stopped(Stop::Limit(exceeded)) => {
            error["limit"] = json!(exceeded.limit.key());
            let written = exceeded.written();
            error["allowed"] = written.parse::<u64>().map_or_else(|_| json!(written), |number| json!(number));
        }
        _ => {}
    }
}

/// What the server said.
fn server_error(error: &mut Value, said: &SqlError) {
    error["sqlstate"] = json!(said.sqlstate);
    error["severity"] = json!(said.severity);
    error["server_message"] = json!(said.message);
    error["detail"] = json!(said.detail);
    error["server_hint"] = json!(said.hint);
    error["context"] = json!(said.context);
    error["position"] = json!(said.position);
    error["schema"] = json!(said.schema);
    error["table"] = json!(said.table);
    error["column_name"] = json!(said.column);
    error["datatype"] = json!(said.datatype);
    error["constraint"] = json!(said.constraint);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_style_and_values_stay() {
        let document = json!({"built-with": "a-b", "list": [{"depends-on": ["c-d"]}], "number": 1, "none": null});
        let expected = json!({"built_with": "a-b", "list": [{"depends_on": ["c-d"]}], "number": 1, "none": null});
        assert_eq!(with_snake_case_keys(document), expected);
    }
}
