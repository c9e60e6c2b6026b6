//! Paths inside of a project, as settings of other programs write them.

/// Why a path cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathProblem {
    /// It leads out of the project's folder.
    Outside,
}

/// A path from a folder on, without `.` and `..`; empty for the project's folder itself.
///
/// # Errors
/// [`PathProblem::Outside`].
pub(super) fn joined(folder: &str, path: &str) -> Result<String, PathProblem> {
    let path = path.trim();
    if path.starts_with('/') {
        return Err(PathProblem::Outside);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or(PathProblem::Outside)?),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// A name in a folder; the folder may be the project's, which is empty.
pub fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stay_inside_of_the_project() {
        for (folder, path, joined_to) in [
            ("", "./alembic", Ok("alembic")),
            ("", ".", Ok("")),
            ("backend", "../db//versions/", Ok("db/versions")),
            ("backend", "src\\db", Ok("backend/src/db")),
            ("", "a/../../b", Err(PathProblem::Outside)),
            ("", "/etc", Err(PathProblem::Outside)),
        ] {
            assert_eq!(joined(folder, path).as_deref(), joined_to.as_deref(), "{folder} {path}");
        }
        assert_eq!((within("", "a"), within("b", "a")), ("a".to_owned(), "b/a".to_owned()));
    }
}
