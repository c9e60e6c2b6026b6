//! Database migrations for PostgreSQL. Every migration is a WebAssembly component, run in a sandbox that gives it one
//! thing: SQL on the one connection, in the one transaction, that the host owns.
//!
//! This crate is the command `host` and, below [`cli`], a library without it: it prints nothing, reads no environment
//! variable and ends no process. A web application can bring its database up to date when it starts:
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
//! plan      Graph + AppliedState + target -> Plan of steps             pure; --dry-run stops here
//! execute   for each component of the plan, before anything is locked:
//!   grant       what it asks for + what is granted -> Grant            pure; asking for more stops the run here
//!   runtime     component -> machine code, from the cache or from a worker
//!     worker      this program once more: validates and compiles         with limits; ends when nobody waits any more
//!           then the lock, then for each step:
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
//! Apart from a run: [`toolchain`] turns sources into components (and is the only one to start compilers), [`scaffold`]
//! writes what a new migration begins with, [`local`] is the development cluster behind `url = "local:"`, and
//! [`bindings`] is `wit/migration.wit` as Rust types. ARCHITECTURE.md in the repository says why.

// The way in.
pub mod cli;

// The project.
pub mod config;

pub mod digest;

pub mod language;

pub mod project;

pub mod store;

pub mod revision;

// The run.
pub mod plan;

pub mod execute;

pub mod runtime;

pub mod host_functions;

pub mod bindings;

pub mod worker;

// The database.
pub mod db;

pub mod grant;

pub mod sql;

pub mod value;

// Apart from a run.
pub mod toolchain;

pub mod scaffold;

pub mod local;

pub mod error;

/// Folders as capabilities: [`Project::open`] takes a [`cap_std::fs::Dir`].
pub use cap_std;

pub use db::AppliedState;
pub use db::Database;
pub use error::Error;
pub use execute::Event;
pub use execute::Observer;
pub use execute::Options;
pub use execute::Report;
pub use execute::RunError;
pub use execute::Runner;
pub use execute::Silent;
pub use host_functions::GuestEvent;
pub use host_functions::Interrupt;
pub use plan::Direction;
pub use plan::Plan;
pub use project::Project;
pub use project::ProjectError;
pub use revision::RevisionId;
