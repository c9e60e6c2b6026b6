//! Database migrations for PostgreSQL. Every migration is a WebAssembly component, run in a sandbox that gives it one
//! thing: SQL on the one connection, in the one transaction, that the host owns.
//!
//! This crate is the command `host` and a library without it, which prints nothing, reads no environment variable and ends
//! no process. A web application can bring its database up to date when it starts:
//!
//! ```no_run
//! use host::Direction;
//! use host::Event;
//! use host::Options;
//! use host::Project;
//! use host::Runner;
//! use host::cap_std::ambient_authority;
//! use host::cap_std::fs::Dir;
//!
//! type Failure = Box<dyn std::error::Error + Send + Sync>;
//!
//! async fn bring_up_to_date(url: &str) -> Result<(), Failure> {
//!     // The folder with host.toml. Nothing outside of it is read or written.
//!     let folder = Dir::open_ambient_dir("/srv/app", ambient_authority())?;
//!     let project = Project::open(folder, "default")?;
//!     let database = project.connect(url).await?;
//!     let mut runner = Runner::new(&project, database, Options::default());
//!
//!     // Looking needs no lock, no component and no right to write.
//!     let plan = runner.plan(Direction::Upgrade, "head").await?;
//!     println!("{} migration(s) to run", plan.steps.len());
//!
//!     // One transaction for each step. When nothing is to be done, nothing is locked or written.
//!     let mut observer = |event: Event| match event {
//!         Event::StepStarted { revision, message, .. } => println!("running {revision}, {message}"),
//!         Event::StepDone { revision, milliseconds, .. } => println!("{revision} took {milliseconds} ms"),
//!         _ => {}
//!     };
//!     let result = runner.run(Direction::Upgrade, "head", &mut observer).await;
//!     runner.close().await;
//!     result?;
//!     Ok(())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Failure> {
//!     // The future is Send. It needs tokio with its timers and its I/O.
//!     tokio::spawn(bring_up_to_date("postgres://app@db.example/app")).await?
//! }
//! ```
//!
//! # Features
//!
//! An application that only runs migrations takes this crate with `default-features = false`.
//!
//! | feature | what it adds |
//! |---|---|
//! | `cli` (default) | the command `host`; brings `build` and `local`, and clap |
//! | `build` | [`toolchain`]: sources become components; brings wit-component |
//! | `local` | [`local`]: the development cluster behind `url = "local:"` |
//! | `internals` | shows the documentation of the other modules, for people who change this crate |
//!
//! # Migrations inside the program
//!
//! An application need not have a folder beside it: `host build` makes a component of each migration in `.host/build`, and
//! [`include_migrations!`] takes them into the program. Any other place is a [`MigrationSource`].
//!
//! ```no_run
//! # fn project() -> Result<host::Project, Box<dyn std::error::Error>> {
//! let components = [("3f2a9c1b7d04", std::fs::read("3f2a9c1b7d04.wasm")?)];
//! let migrations = host::EmbeddedMigrations::new(components)?;
//! // The text of a host.toml: here all settings are the usual ones.
//! let project = host::Project::from_source("[default]", "default", migrations)?;
//! # Ok(project)
//! # }
//! ```
//!
//! # Plans and many databases
//!
//! [`Runner::plan`] gives a [`PreparedPlan`]: a document with what would run, under which digests, permissions and settings.
//! [`Runner::apply`] runs exactly that, or says what is different. One [`Runtime`], made with [`runtime_for`] and handed to
//! each run in [`Options::runtime`], compiles each component once for all of them.
//!
//! # Compiling apart
//!
//! A migration that is not SQL is compiled before it runs, unless its code is in a [`CompileCache`]. By default that happens on
//! threads of the application, which cannot be stopped. An application can start itself as a [`Worker`] instead, with limits
//! on time and memory:
//!
//! ```no_run
//! use host::{Compiler, Options, WORKER_ARGUMENT, Worker, serve_worker};
//!
//! fn main() -> Result<std::process::ExitCode, std::io::Error> {
//!     if std::env::args_os().nth(1).is_some_and(|argument| argument == WORKER_ARGUMENT) {
//!         return Ok(serve_worker());
//!     }
//!     let worker = Some(Worker::new(std::env::current_exe()?));
//!     let options = Options { compiler: Compiler { worker, ..Compiler::default() }, ..Options::default() };
//!     // `Runner::new(&project, database, options)` and so on.
//! #   drop(options);
//!     Ok(std::process::ExitCode::SUCCESS)
//! }
//! ```
//!
//! # What is stable
//!
//! What this page lists: the types that stand at the root, what their public functions and fields name, and the modules
//! [`toolchain`] and [`local`]. All other modules are for the command, the tests and the benchmarks, are hidden here, and may
//! change with any version. Below 1.0 a new minor version may break anything.
//!
//! Nothing is shared between two runs in one process but what the process has once: the handlers of signals and of panics,
//! which only the command sets.
//!
//! # From a command to a changed database
//!
//! ```text
//! cli       arguments -> Settings: folder, environment, url, output
//! config    host.toml -> Environment: tables, grants, limits           nothing is expanded before it is needed
//! project   folder + Environment -> Project                            no guest runs, no database is asked
//!   store     migrations/ -> metadata, digests                         files that did not change are not read again
//!   revision  metadata -> Graph, or an error that names the file       pure
//! db        url -> Database: the one connection
//!           version table, log table -> AppliedState               one round trip; reading never writes
//! plan      Graph + AppliedState + target -> Plan of steps             pure
//! execute   for each component of the plan, before anything is locked:
//!   grant       what it asks for + what is granted -> Grant            pure; asking for more stops the run here
//!   runtime     component -> machine code, from the cache or from a worker
//!     worker      this program once more: validates and compiles         with limits; ends when nobody waits any more
//!           --dry-run stops here; then the lock, then for each step:
//!   runtime     machine code -> instance                               made ready while the step before is still running
//!   db          begin -> Session                                       one transaction for each step
//!   host_functions  the guest calls; each call is guarded, counted, timed, written down
//!     sql         one statement, known, and within the Grant?          pure
//!     value       values of the contract <-> the wire                  pure
//!   db          ok: version rows + log row + commit; otherwise rollback, then a log row for the failure
//!           Event -> Observer
//! cli       Event -> text or JSON; Error -> text or JSON, exit code
//! ```
//!
//! Apart from a run: `toolchain` turns sources into components (and is the only one to start compilers), `scaffold` writes
//! what a new migration begins with, `local` is the development cluster behind `url = "local:"`, and `bindings` is
//! `wit/migration.wit` as Rust types. ARCHITECTURE.md in the repository says why.

// The way in.
#[cfg(feature = "cli")]
#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod cli;

// The project.
#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod config;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod digest;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod language;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod alembic;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod project;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod store;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod revision;

// The run.
#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod plan;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod execute;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod runtime;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod host_functions;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod bindings;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod worker;

// The database.
#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod db;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod grant;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod sql;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod value;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod units;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod source_problem;

// Apart from a run.
#[cfg(feature = "build")]
pub mod toolchain;

#[cfg(feature = "build")]
#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod scaffold;

#[cfg(feature = "schema")]
#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod schema;

#[cfg(feature = "local")]
pub mod local;

#[cfg_attr(not(feature = "internals"), doc(hidden))]
pub mod error;

/// Folders as capabilities: [`Project::open`] takes a [`cap_std::fs::Dir`].
pub use cap_std;

pub use error::Error;

pub use project::Changed;
pub use project::Project;
pub use project::ProjectError;

pub use config::ConfigError;
pub use config::Downgrade;
pub use config::Environment;
pub use config::Limits;

pub use digest::Digest;
pub use grant::TimeLimits;
pub use language::Language;
pub use store::BuildTrust;
pub use store::Component;
pub use store::EmbeddedMigrations;
pub use store::Key;
pub use store::Metadata;
pub use store::Migration;
pub use store::MigrationSource;
pub use store::Store;
pub use store::StoreError;
pub use store::Transaction;

pub use revision::Graph;
pub use revision::GraphError;
pub use revision::Revision;
pub use revision::RevisionId;
pub use revision::TargetError;

pub use plan::Direction;
pub use plan::HeadChange;
pub use plan::Plan;
pub use plan::PlanDifference;
pub use plan::PlanError;
pub use plan::PlanFormatError;
pub use plan::PlanOptions;
pub use plan::PlanProblem;
pub use plan::PlanSettings;
pub use plan::PreparedPlan;
pub use plan::PreparedRuntime;
pub use plan::PreparedStep;
pub use plan::StampPlan;
pub use plan::Step;
pub use plan::UnfinishedStep;

pub use execute::AppliedChange;
pub use execute::Blame;
pub use execute::Cause;
pub use execute::DryRun;
pub use execute::Event;
pub use execute::Observer;
pub use execute::Options;
pub use execute::PartialProgress;
pub use execute::Report;
pub use execute::Rewritten;
pub use execute::RunError;
pub use execute::Runner;
pub use execute::Silent;
pub use execute::SourcePlace;
pub use execute::StepFailure;
pub use execute::UnfinishedError;
pub use execute::check_migrations;
pub use execute::runtime as runtime_for;

pub use sql::FileChange;
pub use sql::SectionChange;

pub use host_functions::Exceeded;
pub use host_functions::GuestEvent;
pub use host_functions::Interrupt;
pub use host_functions::Limit;
pub use host_functions::StatementFailure;
pub use host_functions::Stop;

pub use runtime::CompileCache;
pub use runtime::Compiler;
pub use runtime::LanguageRuntime;
pub use runtime::LoadError;
pub use runtime::Runtime;
pub use runtime::RuntimeFolder;
pub use runtime::RuntimeRegistry;
pub use runtime::serve_worker;
pub use worker::ARGUMENT as WORKER_ARGUMENT;
pub use worker::Worker;

pub use db::AppliedState;
pub use db::Connector;
pub use db::Database;
pub use db::DatabaseError;
pub use db::Existing;
pub use db::JournalError;
pub use db::Location;
pub use db::LogDetail;
pub use db::LogRow;
pub use db::Repaired;
pub use db::StatementProgress;
pub use db::Tables;
pub use db::Unfinished;
pub use db::location::Server;
pub use db::opening::Timeouts;
