//! Why a runtime with packages of a project cannot be made.

use std::io;
use std::path::PathBuf;

/// Why a runtime of a project's own cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PythonRuntimeError {
    /// A requirement says something else than a name and versions.
    #[error("'{}' in [python] requirements is not a package with versions", .0.escape_debug())]
    Requirement(String),
    /// There is no Python that can make environments.
    #[error("a runtime with packages is made by Python 3.11 or later, which is not there: {0}")]
    NoPython(String),
    /// Packages cannot be fetched.
    #[error("pip cannot reach the package index:\n{0}")]
    NoNetwork(String),
    /// A package is not pure Python, or not there.
    #[error("pip finds no pure Python package for '{0}'")]
    NotPure(String),
    /// Requirements exclude each other.
    #[error("the requirements exclude each other:\n{0}")]
    Conflict(String),
    /// A package cannot be imported in the sandbox.
    #[error("the packages cannot be imported in the sandbox:\n{0}")]
    Import(String),
    /// A program failed in another way.
    #[error("{program} failed:\n{output}")]
    Program {
        /// The program.
        program: &'static str,
        /// The end of its output.
        output: String,
    },
    /// A file cannot be written or read.
    #[error("cannot work in {}", folder.display())]
    Files {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl PythonRuntimeError {
    /// What the user should do.
    pub fn hint(&self) -> String {
        match self {
            Self::Requirement(_) => "write a name and versions, such as \"python-slugify==8.0.4\"; paths, URLs and options of pip \
                                     are not read from a project"
                .to_owned(),
            Self::NoPython(_) => "install Python with venv (Debian: python3 python3-venv), or get the runtime from a machine that has it \
                                  and run `host runtime add`"
                .to_owned(),
            Self::NoNetwork(_) => "check the network; a mirror is named by pip's own settings (PIP_INDEX_URL)".to_owned(),
            Self::NotPure(_) => "check its name and version; a package with compiled parts cannot run in WebAssembly, so look for one \
                                 in pure Python"
                .to_owned(),
            Self::Conflict(_) => "change the versions in [python] requirements of host.toml".to_owned(),
            Self::Import(_) => "take the package out of [python] requirements of host.toml: it needs what migrations have not, such as \
                                files, threads or a network, as soon as it is imported"
                .to_owned(),
            Self::Program { .. } | Self::Files { .. } => "see the lines above, and run the command again".to_owned(),
        }
    }
}

/// What pip's words mean.
pub(super) fn problem_of_pip(output: String) -> PythonRuntimeError {
    const MISSING: &str = "No matching distribution found for ";
    const NETWORK: [&str; 4] = [
        "Failed to establish a new connection",
        "Temporary failure in name resolution",
        "Max retries exceeded",
        "ConnectTimeout",
    ];
    if NETWORK.iter().any(|words| output.contains(words)) {
        return PythonRuntimeError::NoNetwork(output);
    }
    if output.contains("ResolutionImpossible") || output.contains("conflicting dependencies") {
        return PythonRuntimeError::Conflict(output);
    }
    match output.split_once(MISSING).and_then(|(_, rest)| rest.lines().next()) {
        Some(requirement) => PythonRuntimeError::NotPure(requirement.trim().to_owned()),
        None => PythonRuntimeError::Program { program: "pip", output },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_pip_are_understood() {
        let said = |text: &str| problem_of_pip(text.to_owned());
        let missing = said("ERROR: Could not find a version\nERROR: No matching distribution found for numpy==2.4.0\n");
        assert_eq!(missing.to_string(), "pip finds no pure Python package for 'numpy==2.4.0'");
        assert!(matches!(said("ERROR: ResolutionImpossible: for help"), PythonRuntimeError::Conflict(_)));
        assert!(matches!(
            said("Max retries exceeded with url\nNo matching distribution found for x"),
            PythonRuntimeError::NoNetwork(_)
        ));
        assert!(matches!(said("disk full"), PythonRuntimeError::Program { .. }));
    }
}
