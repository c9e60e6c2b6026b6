//! What a migration asks for, written into its metadata: as a line for people to paste, and into the file itself.

use std::io::Write as _;

use cap_tempfile::TempFile;
use toml::de::DeTable;
use toml::de::DeValue;

use super::Block;
use super::FOLDER_METADATA_FILE;
use super::Metadata;
use super::Migration;
use super::Store;
use super::StoreError;
use super::files;
use super::read::is_component_file;
use crate::grant::Classes;
use crate::language::Language;

/// The key.
const KEY: &str = "asks";

/// The line by which a migration in this file or folder asks for classes, and where it stands, to be put after "write".
pub fn asks_line(file: &str, asks: Classes) -> String {
    let line = format!("{KEY} = {}", asks.as_toml());
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    match Language::of_extension(extension).and_then(Language::comment_prefix) {
        Some(prefix) => format!("`{prefix} {line}` into the metadata of {file}"),
        None if is_component_file(file) => format!("`{line}` into the metadata of its source"),
        None => format!("`{line}` into {file}/{FOLDER_METADATA_FILE}"),
    }
}

/// What makes metadata ask for more. Places are bytes of its TOML.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// Texts to put in, by their places, the first one first.
    Insert(Vec<(usize, String)>),
    /// A line to add.
    Line(String),
}

impl Store {
    /// Lets a migration in one text file ask for these classes, too, and leaves every other byte of the file as it is. The file
    /// keeps its rights, and a link leads where it led. One that has no such file, or asks for them already, stays as it is.
    ///
    /// # Errors
    /// Those of reading and writing the file.
    pub fn add_asks(&self, migration: &Migration, asks: Classes) -> Result<(), StoreError> {
        let file = migration.file.as_str();
        let Some(prefix) = migration.language.comment_prefix() else { return Ok(()) };
        let source = files::text(file, files::read(&self.root, file)?)?;
        let block = Block::find(&source, prefix)
            .map_err(|error| StoreError::Block { file: file.to_owned(), error })?
            .ok_or_else(|| StoreError::NoBlock { file: file.to_owned(), prefix })?;
        let Some(changed) = with_asks(&source, &block, prefix, asks) else { return Ok(()) };
        let failed = |error| StoreError::write(&self.root, file, error);
        let path = self.root.canonicalize(file).map_err(failed)?;
        let (folder, name) = (path.parent().unwrap_or(&path), path.file_name().unwrap_or_default());
        let folder = if folder.as_os_str().is_empty() { ".".as_ref() } else { folder };
        let folder = self.root.open_dir(folder).map_err(failed)?;
        let rights = folder.metadata(name).map_err(failed)?.permissions();
        let mut new = TempFile::new(&folder).map_err(failed)?;
        new.write_all(changed.as_bytes()).map_err(failed)?;
        new.as_file().set_permissions(rights).map_err(failed)?;
        new.replace(name).map_err(failed)
    }
}

/// The source with classes added to what its block asks for; none if they are there, or the block is no metadata.
fn with_asks(source: &str, block: &Block, prefix: &str, asks: Classes) -> Option<String> {
    let insertions = match change(&block.toml, asks)? {
        Change::Insert(insertions) => insertions
            .into_iter()
            .map(|(at, text)| Some((block.place_of(source, prefix, at)?, text)))
            .collect::<Option<_>>()?,
        Change::Line(line) => {
            let lines = &source[block.range.clone()];
            let last = lines.trim_end_matches(['\r', '\n']).rsplit_once('\n').map_or(lines, |(_, last)| last);
            let before = last.find(prefix)? + prefix.len();
            let end = if lines.contains("\r\n") { "\r\n" } else { "\n" };
            let at = block.range.start + lines.trim_end_matches(['\r', '\n']).len() - last.len();
            vec![(at, format!("{} {line}{end}", &last[..before]))]
        }
    };
    let (mut changed, mut copied) = (String::with_capacity(source.len() + 100), 0);
    for (at, text) in insertions {
        changed.push_str(source.get(copied..at)?);
        changed.push_str(&text);
        copied = at;
    }
    changed.push_str(source.get(copied..)?);
    Some(changed)
}

fn change(toml: &str, asks: Classes) -> Option<Change> {
    let metadata = Metadata::from_toml(toml).ok()?;
    let missing = asks.minus(metadata.asks);
    missing.written().next()?;
    let table = DeTable::parse(toml).ok()?;
    let value = table.get_ref().iter().find(|(key, _)| key.get_ref() == KEY).map(|(_, value)| value);
    let Some(value) = value else {
        return Some(Change::Line(format!("{KEY} = {}", metadata.asks.union(asks).as_toml())));
    };
    let missing = missing.as_toml();
    let words = missing.trim_matches(['[', ']']);
    Some(Change::Insert(match value.get_ref() {
        DeValue::Array(items) => match items.last() {
            Some(last) => vec![(last.span().end, format!(", {words}"))],
            None => vec![(value.span().start + 1, words.to_owned())],
        },
        _ => vec![(value.span().start, "[".to_owned()), (value.span().end, format!(", {words}]"))],
    }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::grant::Class;

    fn added(source: &str) -> Option<String> {
        let block = Block::find(source, "--").unwrap().unwrap();
        let changed = with_asks(source, &block, "--", Classes::NONE.with(Class::Schema).with(Class::Function))?;
        let metadata = Block::find(&changed, "--").unwrap().unwrap().metadata().unwrap();
        assert!(metadata.asks.contains(Class::Function) && metadata.asks.contains(Class::Schema), "{changed}");
        Some(changed)
    }

    #[test]
    fn nothing_else_changes() {
        for (before, after) in [
            (
                "-- by us\n-- /// migration\n-- revision = 'a'  # x\n-- ///\n-- upgrade\n",
                "-- by us\n-- /// migration\n-- revision = 'a'  # x\n-- asks = [\"data\", \"schema\", \"function\"]\n-- ///\n-- upgrade\n",
            ),
            (
                "\u{feff}-- /// migration\r\n--revision = 'a'\r\n  --  ///\r\n\r\nSELECT 'ü';",
                "\u{feff}-- /// migration\r\n--revision = 'a'\r\n  -- asks = [\"data\", \"schema\", \"function\"]\r\n  --  ///\r\n\r\nSELECT 'ü';",
            ),
            (
                "-- /// migration\n-- revision = 'a'\n-- ///",
                "-- /// migration\n-- revision = 'a'\n-- asks = [\"data\", \"schema\", \"function\"]\n-- ///",
            ),
            (
                "-- /// migration\n-- asks = [ 'schema' ] # why\n-- revision = 'a'\n-- ///\n",
                "-- /// migration\n-- asks = [ 'schema', \"function\" ] # why\n-- revision = 'a'\n-- ///\n",
            ),
            (
                "-- /// migration\n--asks='schema'#x\n-- revision = 'a'\n-- ///\n",
                "-- /// migration\n--asks=['schema', \"function\"]#x\n-- revision = 'a'\n-- ///\n",
            ),
            (
                "-- /// migration\r\n-- asks = [\r\n--   \"data\", # rows\r\n--   \"schema\", # tables\r\n-- ]\r\n-- revision = 'a'\r\n-- ///\r\n",
                "-- /// migration\r\n-- asks = [\r\n--   \"data\", # rows\r\n--   \"schema\", \"function\", # tables\r\n-- ]\r\n-- revision = 'a'\r\n-- ///\r\n",
            ),
            (
                "-- /// migration\n-- message = '''ä\n-- ö'''\n-- revision = 'a'\n-- 'asks' = []\n-- ///\n",
                "-- /// migration\n-- message = '''ä\n-- ö'''\n-- revision = 'a'\n-- 'asks' = [\"schema\", \"function\"]\n-- ///\n",
            ),
        ] {
            assert_eq!(added(before).as_deref(), Some(after));
            assert_eq!(added(after), None, "it asks for all of it by now");
        }
    }

    #[test]
    fn a_line_to_paste() {
        let asks = Classes::usual();
        assert_eq!(
            asks_line("migrations/a.sql", asks),
            "`-- asks = [\"data\", \"schema\"]` into the metadata of migrations/a.sql"
        );
        assert_eq!(asks_line("migrations/a", asks), "`asks = [\"data\", \"schema\"]` into migrations/a/migration.toml");
        assert_eq!(
            asks_line("migrations/a.wasm", asks),
            "`asks = [\"data\", \"schema\"]` into the metadata of its source"
        );
    }
}
