//! Finding and reading files of SQL.

use cap_std::fs::Dir;
use glob::MatchOptions;
use glob::Pattern;

use super::error::SchemaError;
use crate::store::StoreError;
use crate::store::list_files;
use crate::store::read_file_at_most;

/// The largest file of SQL that is read, in bytes: what a whole schema takes, many times over.
const BYTES_MAX: u64 = 64 << 20;

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The files in a folder that fit one of some patterns, with their contents, sorted by their paths. A folder stands for all files
/// `*.sql` in it.
///
/// # Errors
/// [`SchemaError::NoFiles`] for a pattern that none fits.
pub fn read(root: &Dir, patterns: &[String]) -> Result<Vec<(String, String)>, SchemaError> {
    let mut found: Vec<String> = Vec::new();
    for pattern in patterns {
        let before = found.len();
        found.extend(matching(root, pattern)?);
        if found.len() == before {
            return Err(SchemaError::NoFiles { pattern: pattern.clone() });
        }
    }
    found.sort();
    found.dedup();
    let content = |path: String| {
        let bytes = read_file_at_most(root, &path, BYTES_MAX)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            StoreError::TextNotUtf8 {
                file: path.clone(),
                line: 1 + valid.iter().filter(|&&byte| byte == b'\n').count(),
            }
        })?;
        Ok((path, text.trim_start_matches('\u{feff}').to_owned()))
    };
    found.into_iter().map(content).collect()
}

fn matching(root: &Dir, pattern: &str) -> Result<Vec<String>, SchemaError> {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    if root.metadata(pattern).is_ok_and(|found| found.is_file()) {
        return Ok(vec![pattern.to_owned()]);
    }
    let is_folder = root.metadata(pattern).is_ok_and(|found| found.is_dir());
    let glob = if is_folder { format!("{}/**/*.sql", Pattern::escape(pattern)) } else { pattern.to_owned() };
    let compiled = Pattern::new(&glob)
        .map_err(|error| SchemaError::FilePattern { pattern: pattern.to_owned(), reason: error.msg.to_owned() })?;
    // Only what can be in it is looked at.
    let literal: Vec<&str> = if is_folder {
        vec![pattern]
    } else {
        pattern.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect()
    };
    let folder = literal.join("/");
    let whole = pattern.split('/').count();
    if !is_folder && literal.len() == whole {
        return Ok(Vec::new());
    }
    let folder = if folder.is_empty() { ".".to_owned() } else { folder };
    if !root.metadata(&folder).is_ok_and(|found| found.is_dir()) {
        return Ok(Vec::new());
    }
    let inside = list_files(root, &folder)?;
    let path = |file: String| if folder == "." { file } else { format!("{folder}/{file}") };
    Ok(inside.into_iter().map(path).filter(|path| compiled.matches_with(path, OPTIONS)).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_folders_and_files() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["a.sql", "s/b.sql", "s/deep/c.sql", "s/deep/d.txt", "s/.hidden.sql"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "SELECT 1").unwrap();
        }
        let root = Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority()).unwrap();
        let names = |pattern: &str| {
            let files =
                read(&root, &[pattern.to_owned()]).map(|files| files.into_iter().map(|(name, _)| name).collect());
            files.unwrap_or_else(|error| vec![error.to_string()])
        };
        assert_eq!(names("a.sql"), ["a.sql"]);
        assert_eq!(names("./s"), ["s/b.sql", "s/deep/c.sql"]);
        assert_eq!(names("s/**/*.sql"), ["s/b.sql", "s/deep/c.sql"]);
        assert_eq!(names("s/*.sql"), ["s/b.sql"]);
        assert_eq!(names("**/*.txt"), ["s/deep/d.txt"]);
        assert_eq!(names("none/*.sql"), ["no file fits 'none/*.sql'"]);
        assert_eq!(names("b.sql"), ["no file fits 'b.sql'"]);
        assert!(names("s/[.sql")[0].starts_with("'s/[.sql' is not a pattern of files"), "{:?}", names("s/[.sql"));
    }
}
