//! What Alembic's own settings say: `alembic.ini`, `[tool.alembic]` of `pyproject.toml`, or both, as Alembic 1.16 and later read them.

use std::collections::BTreeMap;

use toml::Table;
use toml::Value;

use super::ini::Ini;
use super::masked;
use super::paths;
use super::paths::PathProblem;

/// The settings of Alembic in Python projects.
pub const PYPROJECT_FILE: &str = "pyproject.toml";

/// The settings of Alembic.
pub const INI_FILE: &str = "alembic.ini";

/// How files of revisions are called where nothing else is said.
pub(super) const FILE_TEMPLATE: &str = "%(rev)s_%(slug)s";

/// The longest slug where nothing else is said, in characters.
const SLUG_CHARACTERS: usize = 40;

/// Where something lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A path from the project's folder.
    Path(String),
    /// A folder in a package: `package:folder`.
    Package {
        /// The dotted name of the package.
        package: String,
        /// The path in it.
        folder: String,
    },
}

/// What Alembic's settings say. Paths are relative to the project's folder, with `/` between their parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlembicSettings {
    /// The file with these settings.
    pub config_file: String,
    /// The section that counts.
    pub section: String,
    /// The folder of `env.py`.
    pub script_location: Location,
    /// The folders of the revisions; none for `versions` in the folder of `env.py`.
    pub version_locations: Vec<Location>,
    /// Whether folders in them count, too.
    pub recursive: bool,
    /// Whether compiled Python without its source counts.
    pub sourceless: bool,
    /// What stands first on Python's path.
    pub paths: Vec<String>,
    /// How a new file is called.
    pub file_template: String,
    /// How long the slug in that name may be, in characters.
    pub slug_characters: usize,
    /// The time zone of a new file.
    pub timezone: Option<String>,
    /// The databases of an `env.py` that knows several.
    pub databases: Vec<String>,
    /// Whether there is a `sqlalchemy.url`.
    pub has_url: bool,
    /// All sections with all keys, for an `env.py` that asks for them, without passwords.
    pub sections: Vec<(String, Vec<(String, String)>)>,
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsProblem {
    /// The file, with the line where one is known.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The texts of both files, as far as they are there.
#[derive(Debug, Clone, Copy, Default)]
pub struct SettingsTexts<'a> {
    /// That of the ini file, with its path.
    pub ini: Option<(&'a str, &'a str)>,
    /// That of `pyproject.toml`, with its path.
    pub pyproject: Option<(&'a str, &'a str)>,
}

/// Both files as they are asked.
struct Both<'a> {
    ini: Ini,
    ini_path: &'a str,
    section: &'a str,
    tool: Table,
    pyproject_path: &'a str,
    /// The folder of the settings, for `%(here)s`.
    here: &'a str,
}

impl AlembicSettings {
    /// Reads the settings. `config_file` is the path of the file that the project names, `section` its section.
    ///
    /// # Errors
    /// [`SettingsProblem`] where Alembic itself would say no, and where a path leads out of the project.
    pub fn read(config_file: &str, section: &str, texts: SettingsTexts<'_>) -> Result<Self, SettingsProblem> {
        let folder = config_file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let here = if folder.is_empty() { "." } else { folder };
        let both = Both::new(section, here, texts)?;
        let location = |text: &str, line: usize| {
            let place = |problem| both.wrong_path(line, text, problem);
            match text.split_once(':') {
                Some((package, inside)) if !text.starts_with('/') => Ok(Location::Package {
                    package: package.trim().to_owned(),
                    folder: paths::joined("", &inside.replace(':', "/")).map_err(place)?,
                }),
                _ => paths::joined(&both.base(text, folder), text).map(Location::Path).map_err(place),
            }
        };
        let Some((script_location, line)) = both.text("script_location")? else {
            return Err(SettingsProblem {
                place: config_file.to_owned(),
                message: match both.ini.has_section(section) || both.ini_path.is_empty() {
                    true => "there is no key 'script_location'".to_owned(),
                    false => format!("there is no section [{section}] with a 'script_location'"),
                },
                hint: "name the folder of env.py: `script_location = alembic`; `section` in [alembic] of host.toml names another section"
                    .to_owned(),
            });
        };
        let script_location = location(&script_location, line)?;
        let (versions, line) =
            both.list("version_locations", &["path_separator", "version_path_separator"], &[',', ' '])?;
        let version_locations = versions.iter().map(|text| location(text, line)).collect::<Result<_, _>>()?;
        let (prepended, line) = both.list("prepend_sys_path", &["path_separator"], &[',', ' ', ':'])?;
        let path = |text: &String| {
            paths::joined(&both.base(text, folder), text).map_err(|problem| both.wrong_path(line, text, problem))
        };
        // A path outside of the project is one of this machine, which the sandbox does not have.
        let paths = prepended.iter().filter_map(|text| path(text).ok()).collect();
        let number = both.text("truncate_slug_length")?.and_then(|(text, _)| text.trim().parse().ok());
        let section_of_ini = |key: &str| both.ini.raw(section, key).is_some();
        Ok(Self {
            config_file: config_file.to_owned(),
            section: section.to_owned(),
            script_location,
            version_locations,
            recursive: both.is_true("recursive_version_locations")?,
            sourceless: both.is_true("sourceless")?,
            paths,
            file_template: both.text("file_template")?.map_or_else(|| FILE_TEMPLATE.to_owned(), |(text, _)| text),
            slug_characters: number.filter(|number| *number > 0).unwrap_or(SLUG_CHARACTERS),
            timezone: both.text("timezone")?.map(|(text, _)| text).filter(|text| !text.is_empty()),
            databases: both.list("databases", &[], &[',', ' '])?.0,
            has_url: section_of_ini("sqlalchemy.url"),
            sections: both.sections(),
        })
    }
}

impl<'a> Both<'a> {
    fn new(section: &'a str, here: &'a str, texts: SettingsTexts<'a>) -> Result<Self, SettingsProblem> {
        let (ini_path, text) = texts.ini.unwrap_or_default();
        let ini = Ini::parse(text).map_err(|problem| SettingsProblem {
            place: format!("{ini_path}:{}", problem.line),
            message: problem.message,
            hint: problem.hint,
        })?;
        let (pyproject_path, text) = texts.pyproject.unwrap_or_default();
        let tool = text.parse::<Table>().map_err(|error| SettingsProblem {
            place: pyproject_path.to_owned(),
            message: format!("it is no TOML: {}", error.message()),
            hint: "correct it".to_owned(),
        })?;
        let tool = tool.get("tool").and_then(|tool| tool.get("alembic")).and_then(Value::as_table).cloned();
        Ok(Self { ini, ini_path, section, tool: tool.unwrap_or_default(), pyproject_path, here })
    }

    fn given(&self) -> BTreeMap<&str, &str> {
        BTreeMap::from([("here", self.here)])
    }

    /// Whether a path is one from the project's folder already.
    fn base(&self, text: &str, folder: &str) -> String {
        // `%(here)s` was put in.
        let is_whole = !folder.is_empty() && (text == folder || text.starts_with(&format!("{folder}/")));
        if is_whole { String::new() } else { folder.to_owned() }
    }

    /// A text: of the ini file first, as Alembic looks. With its line, 0 where it comes from `pyproject.toml`.
    fn text(&self, key: &str) -> Result<Option<(String, usize)>, SettingsProblem> {
        if self.ini.raw(self.section, key).is_some() {
            return self.ini.get(self.section, key, &self.given()).map_err(|problem| SettingsProblem {
                place: format!("{}:{}", self.ini_path, problem.line),
                message: format!("'{key}': {}", problem.message),
                hint: problem.hint,
            });
        }
        match self.tool.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some((self.formatted(text), 0))),
            Some(Value::Integer(number)) => Ok(Some((number.to_string(), 0))),
            Some(_) => Err(self.wrong(0, format!("'{key}' is not a text"), "write it between quotation marks")),
        }
    }

    /// Python's `%`, of which `%(here)s` is all that is given there.
    fn formatted(&self, text: &str) -> String {
        text.replace("%%", "\0").replace("%(here)s", self.here).replace('\0', "%")
    }

    fn is_true(&self, key: &str) -> Result<bool, SettingsProblem> {
        if let Some((text, _)) = self.text_of_ini(key)? {
            return Ok(text == "true");
        }
        match self.tool.get(key) {
            None => Ok(false),
            Some(Value::Boolean(value)) => Ok(*value),
            Some(_) => Err(self.wrong(0, format!("'{key}' is not true or false"), "write it without quotation marks")),
        }
    }

    fn text_of_ini(&self, key: &str) -> Result<Option<(String, usize)>, SettingsProblem> {
        if self.ini.raw(self.section, key).is_some() { self.text(key) } else { Ok(None) }
    }

    /// A list: in the ini file one text, cut at what one of `separators` says, and otherwise at `legacy`.
    fn list(&self, key: &str, separators: &[&str], legacy: &[char]) -> Result<(Vec<String>, usize), SettingsProblem> {
        let Some((text, line)) = self.text_of_ini(key)?.filter(|(text, _)| !text.is_empty()) else {
            return match self.tool.get(key) {
                None => Ok((Vec::new(), 0)),
                Some(Value::Array(items)) => {
                    Ok((items.iter().filter_map(Value::as_str).map(|text| self.formatted(text)).collect(), 0))
                }
                Some(_) => Err(self.wrong(0, format!("'{key}' is not a list"), "write it between '[' and ']'")),
            };
        };
        let mut separator = None;
        for name in separators {
            if let Some((value, line)) = self.text_of_ini(name)? {
                separator = Some(match value.as_str() {
                    "space" => ' ',
                    "newline" => '\n',
                    "os" | ":" => ':',
                    ";" => ';',
                    _ => {
                        let message = format!("'{name}' is '{}'", value.escape_debug());
                        return Err(self.wrong(line, message, "write space, newline, os, : or ;"));
                    }
                });
                break;
            }
        }
        let parts: Vec<&str> = match separator {
            Some(separator) => text.split(separator).collect(),
            None => text.split(legacy).collect(),
        };
        Ok((parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect(), line))
    }

    fn wrong(&self, line: usize, message: String, hint: &str) -> SettingsProblem {
        let place = if line > 0 { format!("{}:{line}", self.ini_path) } else { self.pyproject_path.to_owned() };
        SettingsProblem { place, message, hint: hint.to_owned() }
    }

    fn wrong_path(&self, line: usize, text: &str, problem: PathProblem) -> SettingsProblem {
        let PathProblem::Outside = problem;
        self.wrong(
            line,
            format!("'{}' leads out of the project's folder", text.escape_debug()),
            "write a path inside of it, such as `%(here)s/alembic`: nothing outside of it is read or written",
        )
    }

    /// Everything for an `env.py`. What cannot be put together is as it is written: many sections are for others, who do that
    /// themselves.
    fn sections(&self) -> Vec<(String, Vec<(String, String)>)> {
        let given = self.given();
        let mut sections: Vec<_> = self
            .ini
            .section_names()
            .map(|section| {
                let value = |key: &str| match self.ini.get(section, key, &given) {
                    Ok(Some((value, _))) => value,
                    _ => self.ini.raw(section, key).map(|(raw, _)| raw.to_owned()).unwrap_or_default(),
                };
                let keys = self.ini.keys(section).into_iter();
                (section.to_owned(), keys.map(|key| (key.to_owned(), masked(key, &value(key)))).collect::<Vec<_>>())
            })
            .collect();
        let more: Vec<_> = self
            .tool
            .iter()
            .filter(|(key, _)| self.ini.raw(self.section, key).is_none())
            .filter_map(|(key, value)| Some((key.clone(), masked(key, &self.formatted(value.as_str()?)))))
            .collect();
        match sections.iter_mut().find(|(name, _)| name == self.section) {
            Some((_, values)) => values.extend(more),
            None => sections.push((self.section.to_owned(), more)),
        }
        sections
    }
}

#[cfg(test)]
mod tests;
