//! The arguments as they are typed. The doc comments are the help texts.

use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

/// Apply database migrations, written in any language and run in a sandbox, to PostgreSQL
// No Debug here and below: what cannot be printed prints no password.
#[derive(Parser)]
#[command(name = "host", bin_name = "host", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 check failed, 4 another runner holds the migration lock, 70 bug in host, 130 interrupted, 143 terminated."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Use the project in this folder [default: the nearest folder upwards with a host.toml]
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Use this section of host.toml; its own url stands above HOST_DATABASE_URL and DATABASE_URL [default: default]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(super) env: Option<String>,
    /// Connect to this database [default: the url of the section that --env names, then HOST_DATABASE_URL, DATABASE_URL, host.toml]
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    pub(super) url: Option<String>,
    /// Print JSON: one object a line for events, one document for listings
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print only errors and the requested output
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Print more
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Pass KEY=VALUE to migrations (can be repeated)
    #[arg(short = 'x', global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(super) argument: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a new project: host.toml and a folder for migrations
    Init(super::init::InitArguments),
    /// Create a new migration
    Revision(super::revision::RevisionArguments),
    /// Create a migration that joins branches
    Merge(super::revision::MergeArguments),
    /// Build the components of migrations from their sources
    Build(super::build::BuildArguments),
    /// Check everything that would refuse an upgrade, and list all of it
    Validate(super::validate::ValidateArguments),
    /// Upgrade the database to a target
    Upgrade(super::migrate::MigrateArguments),
    /// Downgrade the database to a target
    Downgrade(super::migrate::MigrateArguments),
    /// Run a plan that was made before with --dry-run --json, if it still fits
    Apply(super::apply::ApplyArguments),
    /// Show where the database is, what is pending, what ran last, and what needs a look
    Status(super::status::StatusArguments),
    /// Show which revisions the database is at
    Current(super::current::CurrentArguments),
    /// List the migrations, newest first
    History(super::history::HistoryArguments),
    /// List the heads of the migrations
    Heads(super::heads::HeadsArguments),
    /// List the branch points of the migrations
    Branches,
    /// Show one migration
    Show(super::show::ShowArguments),
    /// Open one migration in an editor
    Edit(super::edit::EditArguments),
    /// Set the version table without running migrations
    Stamp(super::stamp::StampArguments),
    /// Accept that files of applied migrations were changed, after showing how
    Repair(super::repair::RepairArguments),
    /// Show and steer tables that are rewritten batch by batch
    Backfill(super::backfill::BackfillArguments),
    /// Show what ran on this database: when, by whom, for how long, and whether it failed
    Log(super::log::LogArguments),
    /// Write the structure of the database into a file, for review and for test databases
    Dump(super::dump::DumpArguments),
    /// Compare two schemas: databases, files of SQL, migrations, models
    Diff(super::compare::diff::DiffArguments),
    /// Check that the migrations make what the models say
    Check(super::compare::check::CheckArguments),
    /// Check that the database is what its applied migrations make
    Drift(super::compare::drift::DriftArguments),
    /// Try each migration up, down and up again on a shadow database
    Verify(super::compare::verify::VerifyArguments),
    /// Show the tables of a schema as a tree or as a picture
    Schema(super::compare::show::SchemaArguments),
    /// Show what a component could do: its imports, exports and metadata
    Inspect(super::inspect::InspectArguments),
    /// Create, drop or reset the database itself
    Db(super::db::DbArguments),
    /// Manage the development cluster behind url = "local:"
    Local(super::local::LocalArguments),
    /// Manage the cache of compiled code
    Cache(super::cache::CacheArguments),
    /// Show which languages work here, and what to install for the others
    Doctor(super::doctor::DoctorArguments),
    /// List and add the runtimes of languages without a compiler
    Runtime(super::runtime::RuntimeArguments),
    /// Create the version table, the log table and the journal if they do not exist
    EnsureVersion(super::ensure_version::EnsureVersionArguments),
    /// Print a script that lets a shell complete commands, revisions and environments
    Completions(super::completions::CompletionsArguments),
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn relative_targets_need_no_quoting() {
        for line in [
            &["host", "downgrade", "-1"][..],
            &["host", "downgrade", "-1", "--dry-run"],
            &["host", "downgrade", "--dry-run", "-1"],
            &["host", "upgrade", "+2"],
            &["host", "upgrade", "branch@head"],
            &["host", "history", "-r", "-2:head"],
            &["host", "-x", "a=b", "-x", "c=d=e", "upgrade", "head"],
        ] {
            Arguments::try_parse_from(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        }
    }
}
