//! The text that the runtime of Alembic gets: the files, and what they were found by. Its format is one both sides know.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use serde::Serializer;

/// The version of the format.
const FORMAT: u32 = 1;

/// The whole text, as JSON with its keys in this order.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    format: u32,
    file: &'a str,
    script_location: &'a str,
    version_locations: &'a [String],
    config_file: &'a str,
    section: &'a str,
    #[serde(serialize_with = "sections")]
    config: &'a [(String, Vec<(String, String)>)],
    revision: DocumentRevision<'a>,
    env: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<&'a str>,
    paths: &'a [String],
    files: &'a BTreeMap<&'a str, &'a str>,
}

/// What is asked of the runtime when it is to write a revision, as JSON: a [`Document`] without a revision's file, and this beside it.
#[derive(Debug, Serialize)]
pub struct AuthorDocument<'a> {
    #[serde(flatten)]
    document: Document<'a>,
    author: Author<'a>,
}

/// What the new revision is to be like, and what the database has that is none of the project's business.
#[derive(Debug, Clone, Serialize)]
pub struct Author<'a> {
    /// What it does, in a few words.
    pub message: &'a str,
    /// When it is made, as text.
    pub create_date: &'a str,
    /// The text of script.py.mako.
    pub template: &'a str,
    /// The parents.
    pub down_revision: Vec<&'a str>,
    /// Names of the branch that begins with it.
    pub branch_labels: &'a [String],
    /// What has to be there first.
    pub depends_on: &'a [String],
    /// All heads of the project.
    pub heads: Vec<&'a str>,
    /// Tables of the host's: schema, if it has one in the settings, and name.
    pub own_tables: Vec<(Option<&'a str>, &'a str)>,
}

/// The runtime's answer: the revisions that it wrote. None where there is nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Authored {
    /// The version of the format.
    format: u32,
    /// In the order in which they follow each other.
    pub revisions: Vec<AuthoredRevision>,
    /// The statements that make what the models describe; none where they cannot be written as SQL.
    #[serde(default)]
    pub models: Option<Vec<String>>,
}

/// One revision that was written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuthoredRevision {
    /// The id. What comes from directives of env.py may be any text.
    pub revision: String,
    /// What it does, in a few words.
    pub message: String,
    /// The parents.
    pub down_revision: Vec<String>,
    /// The folder that directives of env.py chose.
    pub version_path: Option<String>,
    /// The text of the file.
    pub text: String,
}

impl Authored {
    /// Reads an answer; None for a text that is none of this version.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|answer: &Self| answer.format == FORMAT)
    }
}

impl<'a> AuthorDocument<'a> {
    /// Puts both parts together.
    pub fn new(document: Document<'a>, author: Author<'a>) -> Self {
        Self { document, author }
    }

    /// The text.
    ///
    /// # Errors
    /// None that is known: everything in it is text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// What the revision file says.
#[derive(Debug, Serialize)]
pub struct DocumentRevision<'a> {
    /// The id.
    pub revision: &'a str,
    /// The parents.
    pub down_revision: Vec<&'a str>,
    /// Names of the branch.
    pub branch_labels: &'a [String],
    /// What has to be there first.
    pub depends_on: &'a [String],
    /// Whether it runs without a transaction.
    #[serde(skip)]
    pub has_no_transaction: bool,
}

/// What all revisions of a project share.
#[derive(Debug, Clone, Copy)]
pub struct SharedText<'a> {
    /// The folder of env.py.
    pub script_location: &'a str,
    /// The folders of revisions.
    pub version_locations: &'a [String],
    /// The file with Alembic's settings.
    pub config_file: &'a str,
    /// Its section.
    pub section: &'a str,
    /// All sections of the settings.
    pub config: &'a [(String, Vec<(String, String)>)],
    /// Whether env.py is run.
    pub env: bool,
    /// Where modules are looked for.
    pub paths: &'a [String],
}

impl<'a> Document<'a> {
    /// The document of one revision with its files.
    pub fn new(
        shared: SharedText<'a>,
        file: &'a str,
        revision: DocumentRevision<'a>,
        files: &'a BTreeMap<&'a str, &'a str>,
    ) -> Self {
        let SharedText { script_location, version_locations, config_file, section, config, env, paths } = shared;
        let transaction = revision.has_no_transaction.then_some("none");
        Self {
            format: FORMAT,
            file,
            script_location,
            version_locations,
            config_file,
            section,
            config,
            revision,
            env,
            transaction,
            paths,
            files,
        }
    }

    /// The text.
    ///
    /// # Errors
    /// None that is known: everything in it is text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// What a text of this format says it was made of: the id of the revision, and the text of its file.
    pub fn source_of(text: &str) -> Option<(String, String)> {
        #[derive(Deserialize)]
        struct Read {
            format: u32,
            file: String,
            revision: Revision,
            files: BTreeMap<String, String>,
        }

        #[derive(Deserialize)]
        struct Revision {
            revision: String,
        }

        let Read { format, file, revision, mut files } = serde_json::from_str(text).ok()?;
        if format != FORMAT {
            return None;
        }
        Some((revision.revision, files.remove(&file)?))
    }
}

fn sections<S: Serializer>(sections: &[(String, Vec<(String, String)>)], serializer: S) -> Result<S::Ok, S::Error> {
    struct Values<'a>(&'a [(String, String)]);

    impl Serialize for Values<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }

    serializer.collect_map(sections.iter().map(|(name, values)| (name, Values(values))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::unwrap_used, reason = "tests")]
    fn it_is_what_both_sides_agreed_on() {
        let config = [("alembic".to_owned(), vec![("script_location".to_owned(), "db".to_owned())])];
        let shared = SharedText {
            script_location: "db",
            version_locations: &["db/versions".to_owned()],
            config_file: "alembic.ini",
            section: "alembic",
            config: &config,
            env: true,
            paths: &[String::new()],
        };
        let revision = DocumentRevision {
            revision: "b",
            down_revision: vec!["a"],
            branch_labels: &[],
            depends_on: &["c".to_owned()],
            has_no_transaction: false,
        };
        let files = BTreeMap::from([("db/versions/b.py", "x = 'ä'\n"), ("db/env.py", "")]);
        let text = Document::new(shared, "db/versions/b.py", revision, &files).to_json().unwrap();
        assert_eq!(
            text,
            r#"{"format":1,"file":"db/versions/b.py","script_location":"db","version_locations":["db/versions"],"config_file":"alembic.ini","section":"alembic","config":{"alembic":{"script_location":"db"}},"revision":{"revision":"b","down_revision":["a"],"branch_labels":[],"depends_on":["c"]},"env":true,"paths":[""],"files":{"db/env.py":"","db/versions/b.py":"x = 'ä'\n"}}"#
        );
        assert_eq!(Document::source_of(&text), Some(("b".to_owned(), "x = 'ä'\n".to_owned())));
        for wrong in
            ["", "{}", &text.replace("\"format\":1", "\"format\":2"), &text.replace("\"file\":\"db", "\"file\":\"x")]
        {
            assert_eq!(Document::source_of(wrong), None);
        }
    }
}
