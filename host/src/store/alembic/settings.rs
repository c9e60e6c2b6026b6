//! Where everything of a project of Alembic lies.

use cap_std::fs::Dir;

use super::super::Store;
use super::super::StoreError;
use super::super::TOML_BYTES_MAX;
use super::super::files;
use crate::alembic::AlembicSettings;
use crate::alembic::INI_FILE;
use crate::alembic::Include;
use crate::alembic::Location;
use crate::alembic::PYPROJECT_FILE;
use crate::alembic::SettingsTexts;
use crate::alembic::within;
use crate::config::AlembicProject;
use crate::config::CONFIG_FILE;

/// The folder in which many projects have their packages.
const SOURCES: &str = "src";

/// Alembic's settings with all places found. Paths are relative to the project's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlembicFolders {
    /// What Alembic's settings say.
    pub settings: AlembicSettings,
    /// The folder of env.py.
    pub script_location: String,
    /// The folders of the revisions.
    pub version_locations: Vec<String>,
    /// Where modules are looked for.
    pub paths: Vec<String>,
    /// What of the project may be imported.
    pub include: Vec<Include>,
}

/// The file with the settings of Alembic in a folder, if it is such a project.
pub fn alembic_file(root: &Dir) -> Option<String> {
    let text =
        |path| files::read_at_most(root, path, TOML_BYTES_MAX).ok().and_then(|text| String::from_utf8(text).ok());
    let has_tool = |text: String| text.lines().any(|line| line.trim_start().starts_with("[tool.alembic]"));
    if text(PYPROJECT_FILE).is_some_and(has_tool) {
        return Some(PYPROJECT_FILE.to_owned());
    }
    root.is_file(INI_FILE).then(|| INI_FILE.to_owned())
}

impl AlembicFolders {
    /// All that goes into each component, as text.
    pub(super) fn text(&self, env: bool) -> String {
        let Self { settings, script_location, version_locations, paths, .. } = self;
        format!(
            "{:?}",
            (
                &settings.config_file,
                &settings.section,
                &settings.sections,
                script_location,
                version_locations,
                paths,
                env
            )
        )
    }
}

impl Store {
    /// Reads Alembic's settings of a project, and finds the places that they name.
    ///
    /// # Errors
    /// [`StoreError::Alembic`] where they cannot be used, and those of reading.
    pub fn alembic_folders(&self, project: &AlembicProject) -> Result<AlembicFolders, StoreError> {
        let in_host_toml = |problem: String, hint: &str| StoreError::Alembic {
            place: CONFIG_FILE.to_owned(),
            problem,
            hint: hint.to_owned(),
        };
        let mut include = Vec::new();
        for name in &project.include {
            include.push(Include::new(name).ok_or_else(|| {
                in_host_toml(
                    format!("'{}' in [alembic] include is no name of a module", name.escape_debug()),
                    "write names with dots, as in `import`: \"app\", \"app.models\", or \"app.plugins.*\"",
                )
            })?);
        }
        let settings = self.alembic_settings(project)?;
        let folder = settings.config_file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let mut paths = settings.paths.clone();
        if !paths.contains(&folder) {
            // Where Alembic is run from, which many an env.py adds by itself.
            paths.push(folder.clone());
        }
        let is_there = |path: &String, name: &str| {
            let path = within(path, name);
            self.root.is_dir(&path) || self.root.is_file(format!("{path}.py"))
        };
        let sources = within(&folder, SOURCES);
        for Include { name, .. } in &include {
            let top = name.split('.').next().unwrap_or_default();
            if paths.iter().any(|path| is_there(path, top)) {
                continue;
            }
            if !is_there(&sources, top) {
                return Err(in_host_toml(
                    format!("'{top}' in [alembic] include is not in the project"),
                    "correct the name, or add the folder that it lies in to `prepend_sys_path` of Alembic's settings",
                ));
            }
            paths.push(sources.clone());
        }
        let find = |location: &Location| match location {
            Location::Path(path) => Ok(path.clone()),
            Location::Package { package, folder } => {
                let package = package.replace('.', "/");
                let found = paths
                    .iter()
                    .chain([&sources])
                    .map(|path| within(path, &package))
                    .find(|path| self.root.is_dir(path));
                let found = found.ok_or_else(|| StoreError::Alembic {
                    place: settings.config_file.clone(),
                    problem: format!("the package '{package}' is not in the project"),
                    hint: "name the folder by its path: what is installed on this machine is not read".to_owned(),
                })?;
                Ok(if folder.is_empty() { found } else { within(&found, folder) })
            }
        };
        let script_location = find(&settings.script_location)?;
        if !script_location.is_empty() && !self.root.is_dir(&script_location) {
            return Err(StoreError::Alembic {
                place: settings.config_file.clone(),
                problem: format!("the folder '{script_location}' of 'script_location' is not there"),
                hint: "correct 'script_location'".to_owned(),
            });
        }
        let mut version_locations = settings.version_locations.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        if version_locations.is_empty() {
            version_locations.push(within(&script_location, "versions"));
        }
        Ok(AlembicFolders { settings, script_location, version_locations, paths, include })
    }

    fn alembic_settings(&self, project: &AlembicProject) -> Result<AlembicSettings, StoreError> {
        let (folder, name) = project.config.rsplit_once('/').unwrap_or(("", &project.config));
        let is_pyproject = name == PYPROJECT_FILE;
        let ini_path = within(folder, if is_pyproject { INI_FILE } else { name });
        let pyproject_path = within(folder, PYPROJECT_FILE);
        let ini = self.settings_text(&ini_path, !is_pyproject)?;
        let pyproject = self.settings_text(&pyproject_path, is_pyproject)?;
        let texts = SettingsTexts {
            ini: ini.as_deref().map(|text| (ini_path.as_str(), text)),
            pyproject: pyproject.as_deref().map(|text| (pyproject_path.as_str(), text)),
        };
        AlembicSettings::read(&project.config, &project.section, texts).map_err(|problem| StoreError::Alembic {
            place: problem.place,
            problem: problem.message,
            hint: problem.hint,
        })
    }

    /// The text of a file, which has to be there or may be missing.
    fn settings_text(&self, path: &str, needed: bool) -> Result<Option<String>, StoreError> {
        match files::read_at_most(&self.root, path, TOML_BYTES_MAX) {
            Ok(content) => files::text(path, content).map(Some),
            Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => match needed {
                false => Ok(None),
                true => Err(StoreError::Alembic {
                    place: CONFIG_FILE.to_owned(),
                    problem: format!("there is no '{path}', which [alembic] config names"),
                    hint: "correct `config`, or restore the file".to_owned(),
                }),
            },
            Err(error) => Err(error),
        }
    }
}
