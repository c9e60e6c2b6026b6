//! What went wrong, in the words of the migration's author: name, message, the lines of the migration's own file, and what caused it.
//! Frames of the SDK and of the engine are left out.

use std::fmt::Write as _;
use std::rc::Rc;

use rquickjs::{CaughtError, Object, Value as Js};

use crate::bindings::host::migration::env;
use crate::bindings::host::migration::types::{Error, Failure, Limit};
use crate::native;
use crate::packages::{OwnedPackages, imported_name};
use crate::place::{self, Place};

/// How many causes of causes are told.
const CAUSES_MAX: usize = 8;

/// How many frames of one error are shown.
const FRAMES_MAX: usize = 12;

/// Names that programs for Node and for browsers expect, and what to do without them.
const MISSING: &[(&[&str], &str)] = &[
    (
        &["fetch", "XMLHttpRequest", "WebSocket", "EventSource"],
        "migrations have no network: bring what is needed into the database first, or give it with -x KEY=VALUE",
    ),
    (
        &["require", "module", "exports", "__dirname", "__filename"],
        "a migration is an ES module: import { execute, query } from \"host\"",
    ),
    (
        &["process", "Deno", "Bun", "os"],
        "migrations have no environment and no processes: what the operator gives with -x KEY=VALUE is in runInfo().args",
    ),
    (&["Buffer"], "bytes are a Uint8Array here; TextEncoder and TextDecoder turn text into bytes and back"),
    (
        &["setTimeout", "setInterval", "setImmediate"],
        "migrations have no timers: the clock stands still, and nothing waits for anything but the database",
    ),
    (&["crypto"], "let the database make random values: gen_random_uuid(), for example"),
    (&["window", "document", "localStorage"], "migrations do not run in a browser"),
];

/// Tells errors of one migration.
pub(crate) struct Teller {
    file: String,
    source: String,
    packages: Rc<OwnedPackages>,
}

/// One line of a stack.
#[derive(PartialEq, Eq)]
struct Frame<'a> {
    function: &'a str,
    place: Place,
}

impl Teller {
    pub(crate) fn new(file: &str, source: &str, packages: Rc<OwnedPackages>) -> Self {
        Self { file: file.to_owned(), source: source.to_owned(), packages }
    }

    /// What a migration that threw has to say. What the server refused is told by the host itself; from here comes where it was sent.
    pub(crate) fn failure(&self, caught: CaughtError<'_>) -> Failure {
        let error = match caught {
            CaughtError::Exception(error) => error.into_object().into_value(),
            CaughtError::Value(value) => value,
            CaughtError::Error(rquickjs::Error::WouldBlock) => {
                let message =
                    "it waits for a promise that nothing will ever settle; migrations have no timers and no network";
                return Failure::Message(message.to_owned());
            }
            CaughtError::Error(error) => return Failure::Message(error.to_string()),
        };
        let Some(object) = error.as_object() else { return Failure::Message(self.tell(&error)) };
        let name = class_name(object);
        if name == "Irreversible" && object.is_error() {
            let message = text(object, "message").filter(|message| message != "this direction cannot be done");
            if let Some(message) = message {
                env::log(env::Level::Warn, &message);
            }
            return Failure::Irreversible;
        }
        match host_error(object) {
            // After a savepoint was rolled back, the host takes the statement for dealt with.
            Some(HostError::Refused) if native::host_knows_refusal() => {
                Failure::Message(format!("it was sent from\n{}", self.rest(object)).trim_end().to_owned())
            }
            Some(HostError::Refused) => Failure::Message(self.tell(&error)),
            // These are the author's own mistakes, so the place is what matters.
            Some(HostError::Other(own))
                if matches!(*own, Error::BadParams(_) | Error::Conversion(_) | Error::Misuse(_)) =>
            {
                Failure::Message(self.tell(&error))
            }
            Some(HostError::Other(refused)) => {
                // The host knows what to do about these, but not where they came from.
                env::log(env::Level::Error, format!("it was sent from\n{}", self.rest(object)).trim_end());
                Failure::Sql(*refused)
            }
            None => Failure::Message(self.tell(&error)),
        }
    }

    /// An error as a text of several lines.
    pub(crate) fn tell(&self, error: &Js<'_>) -> String {
        let Some(object) = error.as_object().filter(|object| object.is_error()) else {
            return format!("it threw {}, which is no Error and so has no place", shown(error));
        };
        let (head, place) = self.head(object);
        let mut told = head;
        told.push('\n');
        match place {
            Some(place) => told.push_str(&self.frame(None, place)),
            None => told.push_str(&self.frames(object)),
        }
        told.push_str(&self.causes(object));
        told.trim_end().to_owned()
    }

    /// Name and message. What the engine says about imports has a place, but does not tell it.
    fn head(&self, error: &Object<'_>) -> (String, Option<Place>) {
        let (name, message) = (class_name(error), text(error, "message").unwrap_or_default());
        if let Some(specifier) = text(error, "specifier") {
            return (format!("ImportError: {message}"), place::of_import(&self.source, &specifier));
        }
        if let Some((export, module)) = missing_export(&message) {
            return match module == self.file {
                true => (self.lacks(export), None),
                false => {
                    let module = imported_name(module).unwrap_or(crate::modules::SDK);
                    let message = format!("SyntaxError: \"{module}\" has no export '{export}'");
                    (message, place::of_name(&self.source, export))
                }
            };
        }
        let mut head = if message.is_empty() { name } else { format!("{name}: {message}") };
        if let (Some(HostError::Refused), Some(sqlstate)) = (host_error(error), text(error, "sqlstate")) {
            // Writing into a String does not fail.
            let _ = write!(head, " (SQLSTATE {sqlstate})");
            for field in ["detail", "hint"] {
                if let Some(said) = text(error, field) {
                    let _ = write!(head, "\n{field}: {said}");
                }
            }
        }
        let missing =
            message.strip_suffix(" is not defined").or_else(|| message.split_once('\'').map(|(_, rest)| rest));
        if let Some((_, advice)) = MISSING.iter().find(|(names, _)| missing.is_some_and(|name| names.contains(&name)))
            && message.ends_with("is not defined")
        {
            // Writing into a String does not fail.
            let _ = write!(head, "\n{advice}");
        }
        (head, None)
    }

    fn lacks(&self, function: &str) -> String {
        let example = match function {
            "downgrade" => {
                "export function downgrade() { … }; where there is no way back, it does `throw new Irreversible()`"
            }
            _ => "export function upgrade() { … }",
        };
        format!("{} exports no function '{function}': write {example}", self.file)
    }

    /// The frames of an error, and those of what caused it.
    fn rest(&self, error: &Object<'_>) -> String {
        self.frames(error) + &self.causes(error)
    }

    fn causes(&self, error: &Object<'_>) -> String {
        let mut told = String::new();
        let mut next = cause(error);
        let mut told_of = vec![error.clone()];
        for _ in 0..CAUSES_MAX {
            let Some(error) = next else { break };
            let Some(object) = error.as_object().filter(|object| object.is_error()) else {
                let _ = writeln!(told, "caused by: {}", shown(&error));
                break;
            };
            // An error may be its own cause.
            if told_of.contains(object) {
                break;
            }
            told_of.push(object.clone());
            let (head, _) = self.head(object);
            let _ = writeln!(told, "caused by: {head}");
            told.push_str(&self.frames(object));
            next = cause(object);
        }
        if let Ok(errors) = error.get::<_, rquickjs::Array<'_>>("errors") {
            for inner in errors.iter::<Js<'_>>().flatten().take(CAUSES_MAX) {
                let _ = writeln!(told, "one of them: {}", self.tell(&inner));
            }
        }
        told
    }

    fn frames(&self, error: &Object<'_>) -> String {
        let (stack, class) = (text(error, "stack").unwrap_or_default(), class_name(error));
        let frames: Vec<_> = stack.lines().filter_map(|line| self.parse(line)).collect();
        // The constructor of the error itself says nothing.
        let begin = frames.iter().take_while(|frame| frame.function == class).count();
        let mut told = String::new();
        let mut rest = frames.get(begin..).unwrap_or_default();
        for _ in 0..FRAMES_MAX {
            let Some(frame) = rest.first() else { break };
            told.push_str(&self.frame(Some(frame.function), frame.place));
            let same = rest.iter().take_while(|other| *other == frame).count();
            if same > 1 {
                // How often, the stack does not say: it ends after some frames.
                told.push_str("  … the same over and over\n");
            }
            rest = rest.get(same..).unwrap_or_default();
        }
        // What happens before the migration itself runs has no line in it.
        if told.is_empty()
            && let Some(package) = stack.lines().find_map(|line| self.package(line))
        {
            let _ = writeln!(told, "  in the package file {package}");
        }
        if !rest.is_empty() {
            let _ = writeln!(told, "  … {} more", rest.len());
        }
        told
    }

    fn frame(&self, function: Option<&str>, place: Place) -> String {
        let (file, Place { line, column }) = (&self.file, place);
        let head = match function {
            Some("<anonymous>" | "<eval>" | "") | None => format!("  at {file}:{line}:{column}\n"),
            Some(function) => format!("  at {function} ({file}:{line}:{column})\n"),
        };
        head + &place::excerpt(&self.source, place, "    ")
    }

    /// The file of a package that a line of a stack names.
    fn package<'a>(&'a self, line: &'a str) -> Option<&'a str> {
        let line = line.trim().strip_prefix("at ")?;
        let place = line.strip_suffix(')').and_then(|line| line.rsplit_once(" (")).map_or(line, |(_, place)| place);
        self.packages.origin(place)
    }

    /// `    at upgrade (migrations/a.js:12:5)` or `    at migrations/a.js:12:5`, when it is the migration's own file.
    fn parse<'a>(&self, line: &'a str) -> Option<Frame<'a>> {
        let line = line.trim().strip_prefix("at ")?;
        let (function, place) = match line.strip_suffix(')').and_then(|line| line.rsplit_once(" (")) {
            Some((function, place)) => (function, place),
            None => ("", line),
        };
        let numbers = place.strip_prefix(self.file.as_str())?.strip_prefix(':')?;
        let (line, column) = numbers.split_once(':')?;
        Some(Frame { function, place: place::of_bytes(&self.source, line.parse().ok()?, column.parse().ok()?) })
    }
}

/// An error of the SDK that came from the host.
enum HostError {
    /// The server refused a statement.
    Refused,
    /// The host refused a call.
    Other(Box<Error>),
}

fn host_error(error: &Object<'_>) -> Option<HostError> {
    if !error.is_error() {
        return None;
    }
    let message = text(error, "message").unwrap_or_default();
    // An error of the author's may have a kind, too.
    let other = match (text(error, "kind")?.as_str(), text(error, "name")?.as_str()) {
        ("sql", "SqlError") => return Some(HostError::Refused),
        ("bad-params", "BadParams") => Error::BadParams(message),
        ("conversion", "Conversion") => Error::Conversion(message),
        ("denied", "Denied") => Error::Denied(message),
        ("offline", "Offline") => Error::Offline(message),
        ("misuse", "Misuse") => Error::Misuse(message),
        ("exceeded", "Exceeded") => Error::Exceeded(limit(&text(error, "limit")?)?),
        _ => return None,
    };
    Some(HostError::Other(Box::new(other)))
}

fn limit(name: &str) -> Option<Limit> {
    let all = [Limit::Rows, Limit::Bytes, Limit::StatementTime, Limit::TotalTime, Limit::OpenHandles];
    all.into_iter().find(|limit| native::limit_name(*limit) == name)
}

/// `Could not find export 'x' in module 'y'`, as QuickJS says it.
fn missing_export(message: &str) -> Option<(&str, &str)> {
    let (export, module) = message.strip_prefix("Could not find export '")?.split_once("' in module '")?;
    Some((export, module.strip_suffix('\'')?))
}

fn cause<'js>(error: &Object<'js>) -> Option<Js<'js>> {
    error.get::<_, Js<'js>>("cause").ok().filter(|cause| !cause.is_undefined() && !cause.is_null())
}

/// A property that is a text. A getter that throws is as good as none.
fn text(object: &Object<'_>, name: &str) -> Option<String> {
    let value = object.get::<_, Js<'_>>(name);
    if value.is_err() {
        let _ = object.ctx().catch();
    }
    value.ok()?.as_string()?.to_string().ok()
}

/// The name of an error; that of its class, where the class did not give it one.
fn class_name(error: &Object<'_>) -> String {
    let own = text(error, "name").unwrap_or_else(|| "Error".to_owned());
    if own != "Error" {
        return own;
    }
    let constructor: Option<Object<'_>> = error.get("constructor").ok();
    constructor.and_then(|constructor| text(&constructor, "name")).filter(|name| !name.is_empty()).unwrap_or(own)
}

/// A thrown value that is no error.
fn shown(value: &Js<'_>) -> String {
    if let Some(text) = value.as_string().and_then(|text| text.to_string().ok()) {
        return format!("'{text}'");
    }
    let text = value.ctx().json_stringify(value.clone()).ok().flatten().and_then(|text| text.to_string().ok());
    text.unwrap_or_else(|| format!("a value of the type {}", value.type_name()))
}
