//! Why something cannot be built.

use std::io;

use super::JavaScriptPackagesError;
use super::Summary;
use crate::grant::Classes;
use crate::language::Language;
use crate::revision::RevisionId;
use crate::source_problem::SourceProblem;
use crate::sql::SectionError;
use crate::sql::SqlFileError;
use crate::store::FOLDER_METADATA_FILE;
use crate::store::MANIFEST_BYTES_MAX;
use crate::store::StoreError;
use crate::store::asks_line;
use crate::worker::WorkerError;

/// Why one migration cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// Its source cannot be read, or its component cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its SQL is not divided into the two directions.
    #[error("cannot split '{file}' into upgrade and downgrade")]
    Sections {
        /// The file.
        file: String,
        /// Why not.
        source: SectionError,
    },
    /// It does not say yet what the downgrade does.
    #[error("the downgrade of '{file}' is undecided: line {line} still says TODO")]
    Undecided {
        /// What it is written in.
        language: Language,
        /// The file.
        file: String,
        /// The line of the placeholder, from 1.
        line: u32,
    },
    /// A line of it says what a person has to decide first.
    #[error("'{file}' has something to decide in line {line}: {what}")]
    ToDecide {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u32,
        /// What.
        what: String,
    },
    /// A statement in its SQL can never run.
    #[error("'{file}' cannot run")]
    Script {
        /// The file.
        file: String,
        /// Why not.
        source: SqlFileError,
    },
    /// There is no runtime that runs its source.
    #[error("this host has no runtime of {}", language.title())]
    NoRuntime {
        /// What it is written in.
        language: Language,
        /// The name of the runtime.
        runtime: String,
    },
    /// Its source has a mistake, or could not be looked at.
    #[error("{}", match problem {
        SourceProblem::Mistake(said) => format!("'{file}' cannot run:\n{said}"),
        SourceProblem::Unchecked { reason, .. } => format!("'{file}' cannot be checked: {reason}"),
    })]
    Source {
        /// The file.
        file: String,
        /// What is wrong.
        problem: SourceProblem,
    },
    /// The packages that it imports cannot be had.
    #[error("'{file}' cannot have its packages")]
    Packages {
        /// The file.
        file: String,
        /// Why not.
        source: Box<JavaScriptPackagesError>,
    },
    /// No cargo can build for WebAssembly.
    #[error("no Rust toolchain can build for {target}: {}", tried.join("; "))]
    NoCargo {
        /// The target.
        target: &'static str,
        /// What was tried, and why it did not work.
        tried: Vec<String>,
    },
    /// There is no toolchain for the language of a migration that has to be built.
    #[error("no {} toolchain can build for WebAssembly: {}", language.title(), tried.join("; "))]
    NoToolchain {
        /// What the migration is written in.
        language: Language,
        /// What was tried, and why it did not work.
        tried: Vec<String>,
    },
    /// A compiler ended with an error. The message goes on with the last lines of its output.
    #[error("{program} cannot build '{folder}':\n{output}")]
    Compiler {
        /// The compiler.
        program: &'static str,
        /// The folder.
        folder: String,
        /// The end of what it wrote.
        output: String,
    },
    /// The files that say which modules a migration in Go is made of do not fit its imports.
    #[error("go.mod and go.sum of '{folder}' do not fit what it imports:\n{output}")]
    GoModules {
        /// The folder.
        folder: String,
        /// The end of what go wrote.
        output: String,
    },
    /// The command that a migration names ended with an error. The message goes on with the last lines of its output.
    #[error("`{command}` cannot build '{folder}':\n{output}")]
    Command {
        /// The command.
        command: String,
        /// The folder.
        folder: String,
        /// The end of what it wrote.
        output: String,
    },
    /// The command that a migration names is empty.
    #[error("the key build of '{folder}/{FOLDER_METADATA_FILE}' begins with no program")]
    NoCommand {
        /// The folder.
        folder: String,
    },
    /// The command that a migration names made nothing.
    #[error("`{command}` made no .wasm file in '{folder}'")]
    NothingMade {
        /// The command.
        command: String,
        /// The folder.
        folder: String,
    },
    /// The command that a migration names made several things.
    #[error("`{command}` made several .wasm files in '{folder}': {}", files.join(", "))]
    SeveralMade {
        /// The command.
        command: String,
        /// The folder.
        folder: String,
        /// Their names.
        files: Vec<String>,
    },
    /// A program cannot be started.
    #[error("cannot start '{program}'")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// cargo ended with an error. The message goes on with the last lines of its output.
    #[error("cargo cannot build '{folder}':\n{output}")]
    Cargo {
        /// The folder.
        folder: String,
        /// The end of what cargo wrote.
        output: String,
    },
    /// The lock file would have to change for what its `Cargo.toml` asks for.
    #[error("'{folder}/Cargo.lock' does not fit its Cargo.toml")]
    LockFile {
        /// The folder.
        folder: String,
    },
    /// What a component would say about its migration is more than a reader takes.
    #[error("the metadata of '{file}' takes {bytes} bytes in its component, more than {MANIFEST_BYTES_MAX}")]
    LargeMetadata {
        /// The file or folder of the migration.
        file: String,
        /// Its size.
        bytes: usize,
    },
    /// What cargo says about a package cannot be read.
    #[error("cannot read the output of `cargo metadata` for '{folder}'")]
    Metadata {
        /// The folder.
        folder: String,
        /// Why not.
        source: serde_json::Error,
    },
    /// cargo made no WebAssembly.
    #[error("'{folder}' is not a library of the type cdylib")]
    NoLibrary {
        /// The folder.
        folder: String,
    },
    /// A core module cannot be made a component.
    #[error("cannot make a component of '{file}'")]
    Wrap {
        /// The core module, or the folder that it was built from.
        file: String,
        /// Why not.
        source: WorkerError,
    },
    /// A core module imports a function that nobody gives it.
    #[error("'{file}' imports {import}, which this host does not provide")]
    ForeignImport {
        /// The core module, or the folder that it was built from.
        file: String,
        /// Module and name of the import.
        import: String,
    },
    /// A component is not a migration.
    #[error("'{file}' does not export the interface '{interface}'")]
    NoMigration {
        /// The component, or the folder that it was built from.
        file: String,
        /// The interface.
        interface: &'static str,
    },
}

/// What may not be meant in a migration that can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildWarning {
    /// The upgrade does something, and the downgrade nothing: it would count as done, and the next upgrade would find what the first
    /// one left.
    #[error(
        "its upgrade has statements and its downgrade has none, so a downgrade would undo nothing and count as done"
    )]
    EmptyDowngrade,
}

impl BuildWarning {
    /// What the user should do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::EmptyDowngrade => {
                "write the SQL that undoes the upgrade; or, if that is meant, '-- downgrade: nothing to do', or \
                 '-- downgrade: irreversible' where there is no way back"
            }
        }
    }
}

/// One migration that cannot be built.
#[derive(Debug)]
pub struct BuildFailure {
    /// Its revision.
    pub revision: RevisionId,
    /// Its file or folder.
    pub file: String,
    /// Why not.
    pub error: ToolchainError,
}

/// All migrations that cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot build {}", failures.iter().map(|failure| failure.file.as_str()).collect::<Vec<_>>().join(", "))]
pub struct BuildError {
    /// What happened to the others.
    pub summary: Summary,
    /// At least one, in the order in which the migrations were given.
    pub failures: Vec<BuildFailure>,
}

impl ToolchainError {
    /// What the migration would have to ask for, if that is all that is missing.
    pub fn asks(&self) -> Option<Classes> {
        match self {
            Self::Script { source, .. } => source.asks(),
            _ => None,
        }
    }

    /// What the user should do.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Store(error) => return error.hint(),
            Self::Packages { source, .. } => return Some(source.hint()),
            Self::NoCargo { target, .. } => {
                return Some(format!(
                    "run `rustup target add {target}`; where Rust's servers cannot be reached, install Debian's rustc-web, \
                     cargo-web, rust-web-src and lld-19 and build their standard library once, as `scripts/setup` in the \
                     sources of host does"
                ));
            }
            Self::NoToolchain { language: Language::Go, .. } => {
                "install Go 1.24 or later: golang of Debian 13 and its like, `brew install go`, or from https://go.dev/dl"
            }
            Self::NoToolchain { language: Language::C, .. } => {
                "install clang for WASI: on Debian and Ubuntu clang, lld, wasi-libc and libclang-rt-*-dev-wasm32, of one version; \
                 elsewhere wasi-sdk from https://github.com/WebAssembly/wasi-sdk, with WASI_SDK_PATH set to its folder"
            }
            Self::NoToolchain { .. } => "install its compiler",
            Self::GoModules { folder, .. } => {
                return Some(format!("run `go mod tidy` in '{folder}', then `host build`"));
            }
            Self::NoCommand { .. } => "write the program and its arguments as a list: build = [\"make\", \"out.wasm\"]",
            Self::NothingMade { .. } => {
                "let it write its module or component beside the sources; it runs in a copy of the folder that has only what \
                 belongs to the migration, without names that begin with '.' and without 'target'"
            }
            Self::SeveralMade { .. } => "let it leave one: the module or component of the migration",
            Self::LockFile { folder } => {
                return Some(format!(
                    "run `cargo update --workspace` in '{folder}', which adds what is missing and changes nothing else, then \
                     `host build`"
                ));
            }
            Self::LargeMetadata { .. } => "shorten revises, depends-on or branch-labels",
            Self::Start { .. } => "install it, or put it on PATH",
            Self::NoLibrary { .. } => "write `crate-type = [\"cdylib\"]` under [lib] in its Cargo.toml",
            Self::ForeignImport { import, .. } if import.starts_with("wasi_") => {
                "build it for WASI 0.2, with the target wasm32-wasip2 for example, or make a component of it with \
                 `wasm-tools component new --adapt`"
            }
            Self::ForeignImport { .. } => {
                "link it with the library that defines the function, or build it without: a migration gets the interfaces of \
                 the contract and nothing else"
            }
            Self::Wrap { source: WorkerError::Time { .. } | WorkerError::Memory { .. }, .. } => {
                "its types or its code take unusually long; if you trust it, raise compile-time or compile-memory in \
                 [*.limits] of host.toml"
            }
            Self::Wrap { .. } | Self::NoMigration { .. } => {
                "build it against the contract of this version of host; in Rust, call `host_guest::export!`"
            }
            Self::NoRuntime { runtime, .. } => {
                return Some(format!(
                    "get it with the release of host, or build it with `scripts/runtimes {runtime}` in its sources; then run `host \
                     runtime add {runtime} FILE`"
                ));
            }
            Self::Source { problem: SourceProblem::Unchecked { hint, .. }, .. } => return Some(hint.clone()),
            Self::Source { problem: SourceProblem::Mistake(_), .. } => return None,
            Self::Undecided { language, .. } if *language != Language::Sql => {
                "write what undoes the upgrade in place of the line; with nothing to undo, remove it"
            }
            Self::Undecided { .. } => {
                "write the SQL that undoes the upgrade below '-- downgrade'; with nothing to undo, write \
                 '-- downgrade: nothing to do' there, with no way back '-- downgrade: irreversible'"
            }
            Self::ToDecide { .. } => {
                "change the statement below that line if it needs it, then remove the line with '-- decide:'"
            }
            Self::Sections { source, .. } => return source.hint(),
            Self::Script { file, source } => {
                return match source.asks() {
                    Some(asks) => Some(format!(
                        "if it is meant to do that, write {}, or run `host build --fix-asks`{}",
                        asks_line(file, asks),
                        source.instead()
                    )),
                    None => source.hint(),
                };
            }
            Self::Cargo { .. } | Self::Metadata { .. } | Self::Compiler { .. } | Self::Command { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl BuildError {
    /// What the user should do, if that is the same for all failures.
    pub fn hint(&self) -> Option<String> {
        let mut hints = self.failures.iter().map(|failure| failure.error.hint());
        let first = hints.next()??;
        hints.all(|hint| hint.as_ref() == Some(&first)).then_some(first)
    }
}
