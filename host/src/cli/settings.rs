//! From arguments and environment to what a command needs.

#![expect(clippy::disallowed_methods, reason = "here environment, current folder and rights of the process come in")]

use std::path::Path;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::args::Global;
use super::failure::Failure;
use super::folders;
use super::report::Report;
use super::report::secrets::Secrets;
use super::report::text::safe_line;
pub(super) use super::variables::URL_VARIABLES;
pub(super) use super::variables::variable;
pub(super) use super::variables::variable_os;
use crate::alembic::INI_FILE;
use crate::alembic::PYPROJECT_FILE;
use crate::config::CONFIG_FILE;
use crate::config::DEFAULT_ENVIRONMENT;
use crate::execute::Options;
use crate::local::Cluster;
use crate::local::Started;
use crate::project::Project;
use crate::project::ProjectError;
use crate::store::BuildTrust;
use crate::store::Key;
use crate::store::STATE_FOLDER;
use crate::store::StoreError;
use crate::store::alembic_file;

/// The variable that stands above `direct-url` of host.toml.
pub(super) const DIRECT_URL_VARIABLE: &str = "HOST_DIRECT_URL";

/// The settings of one invocation.
#[derive(Clone)]
pub(super) struct Settings {
    directory: Option<PathBuf>,
    /// The section that `--env` names.
    environment: Option<String>,
    /// The url that `--url` names.
    url: Option<String>,
    arguments: Vec<(String, String)>,
    report: Report,
}

impl Settings {
    pub(super) fn new(global: &Global, secrets: Secrets) -> Self {
        Self {
            directory: global.dir.clone(),
            environment: global.env.clone(),
            url: global.url.clone(),
            arguments: global.argument.clone(),
            report: Report::new(global.json, global.quiet, global.verbose, secrets),
        }
    }

    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    /// The url that was named on the command line.
    pub(super) fn named_url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Whether the environment was named on the command line.
    pub(super) fn environment_is_named(&self) -> bool {
        self.environment.is_some()
    }

    /// The name of the environment.
    pub(super) fn environment(&self) -> &str {
        self.environment.as_deref().unwrap_or(DEFAULT_ENVIRONMENT)
    }

    /// What `-x` gave, and otherwise the defaults.
    pub(super) fn options(&self) -> Options {
        Options { args: self.arguments.clone(), ..Options::default() }
    }

    /// The folder that `--dir` names.
    pub(super) fn named_folder(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// The same settings for another folder.
    pub(super) fn at(&self, folder: &Path) -> Self {
        Self { directory: Some(folder.to_owned()), ..self.clone() }
    }

    /// The project's folder: the one that was named, or the nearest one upwards with a host.toml.
    pub(super) fn project_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(directory) = &self.directory {
            return Ok(directory.clone());
        }
        let here = std::env::current_dir().map_err(|error| {
            Failure::new(
                "no-project",
                format!("cannot read the current folder: {error}"),
                "name the project's folder with --dir",
            )
        })?;
        // Whatever it is: something wrong in its place is told, not passed over.
        let folder = here.ancestors().find(|folder| folder.join(CONFIG_FILE).symlink_metadata().is_ok());
        let folder = match folder {
            Some(folder) => folder,
            None => return Err(no_project(&here).into()),
        };
        if folder != here && is_strange(folder, &here) {
            return Err(Failure::new(
                "no-project",
                format!(
                    "'{}' belongs to another user, who could choose the database with it",
                    safe_line(&folder.join(CONFIG_FILE).to_string_lossy())
                ),
                "if you mean that project, name its folder with --dir; if not, run `host init` here",
            ));
        }
        Ok(folder.to_path_buf())
    }

    /// The project.
    pub(super) fn project(&self) -> Result<Project, Failure> {
        Ok(self.project_unread()?.read_again()?)
    }

    /// The project before its migrations are read.
    pub(super) fn project_unread(&self) -> Result<Project, Failure> {
        let folder = self.project_folder()?;
        let key = folders::key(&folder).unwrap_or_else(|no_folder| {
            if no_folder.is_surprise() || self.report.is_verbose() {
                self.report.note(&format!("earlier builds are not recognised: {}", safe_line(&no_folder.reason())));
            }
            None
        });
        self.open_project(&folder, key)
    }

    /// The project, to build in it: what is built is sealed with the key of this user, which is made if there is none.
    pub(super) fn project_to_build(&self) -> Result<Project, Failure> {
        let folder = self.project_folder()?;
        let key = folders::make_key(&folder).map_err(|no_folder| {
            let reason = safe_line(&no_folder.reason());
            self.report.note(&format!("these builds will not be recognised later: {reason}"));
        });
        Ok(self.open_project(&folder, key.ok())?.read_again()?)
    }

    fn open_project(&self, folder: &Path, key: Option<Key>) -> Result<Project, Failure> {
        let trust = BuildTrust { key, any: trusts_built()? };
        let project = Project::open_settings(open_folder(folder)?, self.environment(), trust)?;
        Ok(project.with_worker(super::worker::this_program()))
    }

    /// The development cluster of the project.
    pub(super) fn cluster(&self) -> Result<Cluster, Failure> {
        let folder = self.project_folder()?;
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        // A link would put the lock and the name of the cluster elsewhere.
        let found = open_folder(&folder)?.metadata(STATE_FOLDER);
        if let Err(error) = found
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(StoreError::read(&open_folder(&folder)?, STATE_FOLDER, error).into());
        }
        let cluster = Cluster::new(
            &folder.join(STATE_FOLDER),
            std::env::var_os("HOST_PG_BIN").map(PathBuf::from),
            std::env::var_os("PATH"),
        );
        match folders::clusters(&folder) {
            Ok(home) => Ok(cluster.in_folder(home)),
            Err(no_folder) => Err(Failure::new(
                "local-cluster",
                format!("there is no folder for the development cluster: {}", safe_line(&no_folder.reason())),
                "set HOST_STATE_DIR to a folder outside of the project that belongs to you",
            )),
        }
    }

    /// The same with the extensions that the settings name.
    pub(super) fn cluster_to_start(&self) -> Result<Cluster, Failure> {
        let folder = open_folder(&self.project_folder()?)?;
        let extensions = Project::settings(&folder, self.environment())?.local_extensions;
        Ok(self.cluster()?.with_extensions(extensions))
    }

    /// Starts the development cluster, and says so. That it runs already is said elsewhere where the database is announced.
    pub(super) fn start_cluster(&self, is_announced: bool) -> Result<String, Failure> {
        let cluster = self.cluster_to_start()?;
        let started = cluster.ensure_running()?;
        let how = match started {
            Started::AlreadyRunning => "using the development cluster of this project (url = \"local:\")",
            Started::Started => "started the development cluster of this project (url = \"local:\")",
            Started::Updated => {
                "let the role of this project's development cluster (url = \"local:\") make shadow databases, and restarted it"
            }
            Started::Extended => {
                "created extensions in the development cluster of this project (url = \"local:\") and restarted it"
            }
            Started::Converted => {
                "started the development cluster of this project (url = \"local:\"); an earlier version of host made it: \
                 migrations no longer run as a superuser, and everything in the database belongs to the role host"
            }
            Started::Created => "created and started a development cluster for this project (url = \"local:\")",
        };
        if started != Started::AlreadyRunning || !is_announced {
            self.report().note(how);
        }
        if started != Started::AlreadyRunning {
            cluster.notes().iter().for_each(|note| self.report().note(note));
        }
        Ok(cluster.url()?)
    }

    /// The largest component that the settings allow, in bytes; 0 where there are none.
    pub(super) fn component_size_max(&self) -> u64 {
        let project = self.project_folder().and_then(|folder| open_folder(&folder)).ok();
        let environment = project.and_then(|project| Project::settings(&project, self.environment()).ok());
        environment.map_or(0, |environment| environment.limits.component_size)
    }
}

/// There is no project, in a folder and above it; there may be one of Alembic.
fn no_project(here: &Path) -> ProjectError {
    let has_settings = |folder: &&Path| [INI_FILE, PYPROJECT_FILE].iter().any(|file| folder.join(file).is_file());
    let file = here.ancestors().filter(has_settings).find_map(|folder| {
        let file = alembic_file(&open_folder(folder).ok()?)?;
        Some(if folder == here { file } else { safe_line(&folder.join(file).to_string_lossy()).to_string() })
    });
    file.map_or(ProjectError::NoProject, |file| ProjectError::OnlyAlembic { file })
}

/// Whether settings above a folder are those of somebody who has nothing to do with it, as in `/tmp`, where everybody may put some:
/// neither of this user, nor of root, nor of who owns the folder.
fn is_strange(above: &Path, here: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let here = here.metadata().map(|folder| folder.uid()).ok();
    let known = [Some(rustix::process::geteuid().as_raw()), Some(0), here];
    let file = above.join(CONFIG_FILE);
    // What lies in somebody's folder is theirs, and so is what a link of theirs leads to.
    [above.metadata(), file.symlink_metadata()].into_iter().flatten().any(|found| !known.contains(&Some(found.uid())))
}

/// Whether the operator vouches for components that were built elsewhere.
fn trusts_built() -> Result<bool, Failure> {
    const VARIABLE: &str = "HOST_TRUST_BUILT";
    match variable(VARIABLE).as_deref() {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(_) => Err(Failure::usage(format!("{VARIABLE} must be 0 or 1"), format!("set {VARIABLE}=1, or unset it"))),
    }
}

/// Opens a folder with the rights of this process. Everything below goes through the folder that it returns.
pub(super) fn open_folder(folder: &Path) -> Result<Dir, Failure> {
    Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| {
        Failure::new(
            "no-project",
            format!("cannot open the folder '{}': {error}", safe_line(&folder.to_string_lossy())),
            "name the project's folder with --dir",
        )
    })
}

/// Whether the arguments ask for JSON, also when they cannot be understood.
pub(super) fn wants_json() -> bool {
    std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// The arguments, as they may be shown.
pub(super) fn harmless_arguments() -> Vec<String> {
    std::env::args_os().map(|argument| safe_line(&argument.to_string_lossy())).collect()
}

/// The passwords of all urls that this process was started with. Asked for first of all, because already the arguments may be
/// wrong.
pub(super) fn secrets() -> Secrets {
    let secrets = Secrets::default();
    let given = std::env::args_os().filter_map(|argument| argument.into_string().ok());
    let urls = URL_VARIABLES.into_iter().chain([DIRECT_URL_VARIABLE]).filter_map(variable);
    given.chain(urls).for_each(|text| secrets.keep(&text));
    secrets
}
