//! What host carries of the runtimes of Python and Alembic, to make them with packages of a project.

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../runtimes/", $folder, "/", $path)))),*]
    };
}

/// The sources of the runtime by their paths.
pub(super) const SOURCES: &[(&str, &str)] = files!["python":
    "src/bindings.py",
    "src/packages.py",
    "src/refusals.py",
    "src/report.py",
    "src/runtime.py",
    "src/script.py",
    "src/standard_library.py",
    "src/streams.py",
    "strip.py",
];

/// The sources that the runtime of Alembic has besides.
pub(super) const ALEMBIC_SOURCES: &[(&str, &str)] = files!["alembic":
    "pure_wheel.py",
    "src/alembic_library.py",
    "src/alembic_runtime.py",
    "src/host_alembic/__init__.py",
    "src/host_alembic/author.py",
    "src/host_alembic/config.py",
    "src/host_alembic/context.py",
    "src/host_alembic/document.py",
    "src/host_alembic/drivers.py",
    "src/host_alembic/engines.py",
    "src/host_alembic/environment.py",
    "src/host_alembic/install.py",
    "src/host_alembic/modules.py",
    "src/host_alembic/run.py",
    "src/host_alembic/stand_ins.py",
    "src/host_alembic/variables.py",
    "src/host_alembic/warm.py",
    "src/host_sqlalchemy/__init__.py",
    "src/host_sqlalchemy/asynchronous.py",
    "src/host_sqlalchemy/binary.py",
    "src/host_sqlalchemy/dialect.py",
    "src/host_sqlalchemy/driver.py",
    "src/host_sqlalchemy/errors.py",
    "src/host_sqlalchemy/statements.py",
    "src/host_sqlalchemy/types.py",
    "src/host_sqlalchemy/values.py",
];

/// What the runtime of Alembic has besides what a project lists, with digests.
pub(super) const ALEMBIC_PACKAGES: &str = include_str!("../../../../runtimes/alembic/requirements.txt");

/// Packages of which only the part in Python is used, with digests.
pub(super) const PURIFIED: &str = include_str!("../../../../runtimes/alembic/pure.txt");

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test reads the runtimes in this repository")]
    fn every_source_of_the_runtimes_is_carried() {
        fn files(folder: &Path, below: &str, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let path = format!("{below}/{}", entry.file_name().into_string().unwrap());
                if entry.path().is_dir() {
                    files(&entry.path(), &path, found);
                } else if path.ends_with(".py") {
                    found.push(path);
                }
            }
        }
        for (runtime, also, sources) in [("python", "strip.py", SOURCES), ("alembic", "pure_wheel.py", ALEMBIC_SOURCES)]
        {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtimes").join(runtime).join("src");
            let mut found = vec![also.to_owned()];
            files(&folder, "src", &mut found);
            found.sort();
            let mut carried: Vec<_> = sources.iter().map(|(path, _)| (*path).to_owned()).collect();
            carried.sort();
            assert_eq!(found, carried);
        }
    }
}
