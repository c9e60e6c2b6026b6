//! The source of the library, for tests that look at it.

use std::path::Path;

/// A source file of the library.
pub(crate) struct File {
    /// Relative to host/src.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The module at the top that it belongs to.
    pub(crate) fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// Its lines with their numbers, without comments and without the tests at its end.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .take_while(|(_, line)| *line != "mod tests {")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The places where a word stands by itself.
    pub(crate) fn places_of(&self, word: &str) -> impl Iterator<Item = String> {
        self.code().filter(move |(_, line)| has_word(line, word)).map(|(number, _)| format!("{}:{number}", self.path))
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_a_name = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(start, _)| {
        !line[..start].ends_with(part_of_a_name) && !line[start + word.len()..].starts_with(part_of_a_name)
    })
}

/// All files of host/src but those that hold only tests.
pub(crate) fn files() -> Vec<File> {
    fn collect(folder: &Path, inside: &str, files: &mut Vec<File>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the source") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a UTF-8 name");
            let path = format!("{inside}{name}");
            if entry.path().is_dir() {
                if name != "tests" {
                    collect(&entry.path(), &format!("{path}/"), files);
                }
            } else if name.ends_with(".rs") && name != "tests.rs" && name != "testing.rs" {
                files.push(File { path, text: std::fs::read_to_string(entry.path()).expect("UTF-8") });
            }
        }
    }
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    assert!(files.len() > 100, "the source was not found");
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}
