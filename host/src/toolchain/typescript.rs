//! TypeScript: its types are replaced by spaces, so that every line and column stays where it is, and the runtime of JavaScript
//! runs the rest. That is a compiler's work on a text that may be hostile, so a worker does it.

use std::sync::Arc;
use std::sync::Mutex;

use swc_common::GLOBALS;
use swc_common::Globals;
use swc_common::SourceMap;
use swc_common::errors::DiagnosticBuilder;
use swc_common::errors::Emitter;
use swc_common::errors::Handler;
use swc_common::sync::Lrc;
use swc_ts_fast_strip::Mode;
use swc_ts_fast_strip::Options;

use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::javascript;
use super::script;
use crate::source_problem::SourceProblem;
use crate::store::Migration;
use crate::worker::Cancel;
use crate::worker::Task;
use crate::worker::WorkerError;

/// The name of removing types between the processes.
pub const STRIP_JOB: &str = "strip-types";

/// How many mistakes are told.
const MISTAKES_MAX: usize = 5;

/// What cannot be removed because it becomes code, by a word of the message, and what to write instead.
const INSTEAD: &[(&str, &str)] = &[
    ("enum", "write `const Color = { Red: \"red\" } as const;` and `type Color = (typeof Color)[keyof typeof Color];`"),
    ("namespace", "export constants and functions of the module itself"),
    ("module", "export constants and functions of the module itself"),
    ("parameter propert", "declare the property in the class, and assign it in the constructor"),
    ("import =", "write `import … from …`"),
    ("import equals", "write `import … from …`"),
    ("export =", "write `export …`"),
    ("type assertion", "write `value as Type` instead of `<Type>value`"),
    ("<", "write `value as Type` instead of `<Type>value`"),
];

pub(super) const SUPPORT: Support = Support { build, write_sdk: Some(javascript::write_sdk), ..script::SUPPORT };

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    let source = builder.store.text_source(migration)?;
    script::check_decided(migration.language, &migration.file, &source.text)?;
    let problem = |problem| ToolchainError::Source { file: migration.file.clone(), problem };
    let stripped = strip_apart(builder, &migration.file, &source.text).map_err(|error| {
        problem(match error {
            WorkerError::Refused(said) => SourceProblem::Mistake(said),
            error => super::unchecked(&error),
        })
    })?;
    javascript::component(builder, migration, &stripped)
}

/// Removes the types in a process of its own, if there is a program for it.
fn strip_apart(builder: &Builder<'_>, file: &str, text: &str) -> Result<String, WorkerError> {
    let options = &builder.options;
    let stripped = match options.worker {
        None => strip(file, text.as_bytes()).map_err(WorkerError::Refused)?,
        Some(worker) => {
            let input = text.as_bytes();
            let task = Task { job: STRIP_JOB, settings: file, input, limits: options.limits, threads: 1 };
            worker.run(&task, &Cancel::default())?
        }
    };
    String::from_utf8(stripped).map_err(|error| WorkerError::Refused(error.to_string()))
}

/// JavaScript with as many lines as a text in TypeScript, and everything in its place. `file` is for messages. Takes as much time,
/// memory and stack as the text makes it take.
///
/// # Errors
/// What is wrong with the text, with places.
pub fn strip(file: &str, text: &[u8]) -> Result<Vec<u8>, String> {
    let text = str::from_utf8(text).map_err(|error| error.to_string())?;
    let map: Lrc<SourceMap> = Lrc::default();
    let found = Arc::new(Mutex::new(Vec::new()));
    let collector = Collector { map: Lrc::clone(&map), found: Arc::clone(&found) };
    let handler = Handler::with_emitter(true, false, Box::new(collector));
    let options = Options { module: Some(true), mode: Mode::StripOnly, ..Options::default() };
    let outcome =
        GLOBALS.set(&Globals::default(), || swc_ts_fast_strip::operate(&map, &handler, text.to_owned(), options));
    match outcome {
        Ok(output) => Ok(output.code.into_bytes()),
        Err(error) => {
            let found = found.lock().map(|found| found.clone()).unwrap_or_default();
            let told: Vec<_> = found.iter().take(MISTAKES_MAX).map(|mistake| mistake.tell(file, text)).collect();
            Err(if told.is_empty() { error.message } else { told.join("\n") })
        }
    }
}

/// A mistake, with its line and its column in characters, both from 1.
#[derive(Debug, Clone)]
struct Mistake {
    message: String,
    place: Option<(usize, usize)>,
}

/// Takes what the compiler says.
struct Collector {
    map: Lrc<SourceMap>,
    found: Arc<Mutex<Vec<Mistake>>>,
}

impl Emitter for Collector {
    fn emit(&mut self, diagnostic: &mut DiagnosticBuilder<'_>) {
        let place = diagnostic.span.primary_span().map(|span| {
            let place = self.map.lookup_char_pos(span.lo());
            (place.line, place.col.0 + 1)
        });
        if let Ok(mut found) = self.found.lock() {
            found.push(Mistake { message: diagnostic.message(), place });
        }
    }
}

impl Mistake {
    /// The message, the place, its line with a caret, and what to do.
    fn tell(&self, file: &str, text: &str) -> String {
        let lower = self.message.to_lowercase();
        let is_unsupported = lower.contains("not supported") || lower.contains("unsupported");
        let mut told = self.message.clone();
        if let Some((line, column)) = self.place {
            told.push_str(&format!("\n  at {file}:{line}:{column}"));
            if let Some(shown) = text.lines().nth(line.wrapping_sub(1)) {
                let shown: String = shown.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
                let margin = " ".repeat(line.to_string().len());
                told.push_str(&format!(
                    "\n    {line} | {shown}\n    {margin} | {}^",
                    " ".repeat(column.saturating_sub(1))
                ));
            }
        }
        if let Some((_, instead)) = INSTEAD.iter().find(|(word, _)| is_unsupported && lower.contains(word)) {
            told.push_str(&format!("\n  it becomes code, and only types can be removed: {instead}"));
        }
        told
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn types_become_spaces_and_all_else_stays_in_its_place() {
        let text = "import { query, type Rows } from \"host\";\n\
                    interface Guest { id: bigint; größe?: number }\n\
                    const size = <T extends Guest>(guest: T, more: number = 1): number => guest.größe! + more;\n\
                    class Counter<T> { private readonly seen: Map<T, number> = new Map<T, number>(); }\n\
                    export function upgrade(this: void): void { query<Guest>(\"SELECT 1\") as unknown satisfies unknown; }\n";
        let stripped = String::from_utf8(strip("a.ts", text.as_bytes()).unwrap()).unwrap();
        assert_eq!(stripped.lines().count(), text.lines().count());
        for (now, before) in stripped.lines().zip(text.lines()) {
            let stands = |(now, before): (char, char)| now == before || now.is_whitespace() || now == ';';
            assert!(now.chars().zip(before.chars()).all(stands), "{now}\n{before}");
        }
        assert!(!stripped.contains("Guest") && !stripped.contains("number"), "{stripped}");
        assert!(stripped.contains("import { query") && stripped.contains("guest.größe"), "{stripped}");
    }

    #[test]
    fn a_mistake_has_its_place_and_what_to_write_instead() {
        let said = strip("a.ts", "let größe = 1;\n  enum Color { Red }\n".as_bytes()).unwrap_err();
        assert!(said.contains("\n  at a.ts:2:3\n    2 |   enum Color { Red }\n      |   ^\n"), "{said}");
        assert!(said.contains("write `const Color = { Red: \"red\" } as const;`"), "{said}");
        let said = strip("a.ts", b"let a = <number>b;\nconst =;\n").unwrap_err();
        assert!(said.contains("at a.ts:2:"), "{said}");
        assert!(strip("a.ts", b"\xff").unwrap_err().contains("utf-8"));
    }
}
