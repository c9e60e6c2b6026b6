//! `host local`.

use clap::Args;
use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::failure::with_causes;
use super::guard;
use super::report::terminal::Line;
use super::settings::Settings;
use crate::local::Cluster;
use crate::local::Started;
use crate::local::Status;

#[derive(Debug, Args)]
pub(super) struct LocalArguments {
    #[command(subcommand)]
    command: LocalCommand,
}

#[derive(Debug, Subcommand)]
enum LocalCommand {
    /// Start the cluster; create it if there is none
    Start {
        /// Adopt a cluster that an earlier version of host made in the project's folder, on this machine
        #[arg(long)]
        adopt: bool,
    },
    /// Stop the cluster
    Stop,
    /// Show whether the cluster is running
    Status,
    /// Start the cluster and print its url
    Url,
    /// Start the cluster and open psql on it
    Psql {
        /// Arguments for psql
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Stop the cluster and delete its data
    Destroy {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(settings: &Settings, arguments: &LocalArguments) -> Result<u8, Failure> {
    let starts =
        matches!(arguments.command, LocalCommand::Start { .. } | LocalCommand::Url | LocalCommand::Psql { .. });
    let cluster = if starts { settings.cluster_to_start()? } else { settings.cluster()? };
    let report = settings.report();
    let say = |text: &str, document: serde_json::Value| {
        if report.is_json() { report.document(&document) } else { report.line(text) }
    };
    match &arguments.command {
        LocalCommand::Start { adopt } => {
            if *adopt {
                report.note(if cluster.adopt()? {
                    "adopted the cluster of the project's folder; what its tables hold can run programs as this user, so it must be one that host created on this machine"
                } else {
                    "there is no cluster in the project's folder"
                });
            }
            let text = match cluster.ensure_running()? {
                Started::AlreadyRunning => "the cluster is already running",
                Started::Started => "started the cluster",
                Started::Updated => "let the role of the cluster make shadow databases, and started it",
                Started::Extended => "created the extensions and started the cluster",
                Started::Converted => "changed the role of the cluster to an ordinary one and started it",
                Started::Created => "created and started the cluster",
            };
            cluster.notes().iter().for_each(|note| report.note(note));
            say(text, json!({"local": "running", "url": cluster.url()?}));
        }
        LocalCommand::Stop => {
            let text = if cluster.stop()? { "stopped the cluster" } else { "the cluster was not running" };
            say(text, json!({"local": "stopped"}));
        }
        LocalCommand::Status => match cluster.status()? {
            Status::NotCreated => say("there is no cluster yet", json!({"local": "not-created"})),
            Status::Stopped => say("the cluster is stopped", json!({"local": "stopped"})),
            Status::Running { pid, version, data_folder, socket_folder, .. } => say(
                &format!(
                    "the cluster is running: PostgreSQL {version}, process {pid}, data in {}",
                    super::report::text::safe_line(&data_folder.to_string_lossy())
                ),
                json!({
                    "local": "running",
                    "process": pid,
                    "version": version,
                    "data": data_folder.to_string_lossy(),
                    "socket": socket_folder.to_string_lossy(),
                    "url": cluster.url()?,
                }),
            ),
        },
        LocalCommand::Url => {
            cluster.ensure_running()?;
            let url = cluster.url()?;
            say(&url, json!({"local": "running", "url": url}));
        }
        LocalCommand::Psql { arguments } => {
            cluster.ensure_running()?;
            let mut command = cluster.psql_command()?;
            // Replaces this process, so that signals and the exit code are psql's own.
            let error = std::os::unix::process::CommandExt::exec(command.args(arguments));
            return Err(Failure::new(
                "local-cluster",
                format!("cannot run psql: {}", with_causes(&error)),
                "apt-get install postgresql-client",
            ));
        }
        LocalCommand::Destroy { yes } => {
            let stakes = stakes(&cluster);
            if !stakes.is_empty() {
                guard::ask_for_yes(settings, stakes, *yes)?;
            }
            let text = if cluster.destroy()? { "removed the cluster and its data" } else { "there was no cluster" };
            say(text, json!({"local": "not-created"}));
        }
    }
    Ok(0)
}

/// What goes with the cluster, for whoever has to agree; nothing where there is none.
pub(super) fn stakes(cluster: &Cluster) -> Vec<Line> {
    // One that is damaged is to be removed as well.
    let is_there = !matches!(cluster.status(), Ok(Status::NotCreated));
    let line = || Line::new("this deletes the development cluster of this project with all its data");
    is_there.then(line).into_iter().collect()
}
