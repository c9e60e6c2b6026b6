//! What can be wrong with the settings.

use super::TomlProblem;

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text of the file is wrong.
    #[error("{file}:{problem}")]
    Toml {
        /// The settings file.
        file: String,
        /// Where and what.
        problem: TomlProblem,
    },
    /// There is no section of that name.
    #[error("{file} has no environment '{name}', only: {}", known.join(", "))]
    UnknownEnvironment {
        /// The settings file.
        file: String,
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A url names a variable that is not set, or is empty.
    #[error("'{key}' in {file} needs the environment variable {variable}, which is not set or empty")]
    UnsetVariable {
        /// The settings file.
        file: String,
        /// The key, with its section.
        key: String,
        /// The variable.
        variable: String,
    },
    /// A url has a `${` that is not followed by a variable's name and a closing brace.
    #[error("'{key}' in {file} has a '${{' without a variable's name and '}}' after it")]
    BrokenReference {
        /// The settings file.
        file: String,
        /// The key, with its section.
        key: String,
    },
}

impl ConfigError {
    /// What the user should do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Toml { problem, .. } => Some(problem.hint()),
            Self::UnknownEnvironment { file, name, .. } => {
                Some(format!("choose one of these with -e, or add a section [{name}] to {file}"))
            }
            Self::UnsetVariable { variable, .. } => {
                Some(format!("set {variable}, or give a value for its absence: ${{{variable}:-value}}"))
            }
            Self::BrokenReference { .. } => {
                Some("write ${NAME} or ${NAME:-value}, and $$ for a dollar sign".to_owned())
            }
        }
    }
}
