//! Projects with many migrations that do nothing, for tests of plans.

use super::Output;
use super::TestProject;

/// A migration that does nothing.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) revises: Vec<String>,
    pub(crate) depends_on: Vec<String>,
    pub(crate) labels: Vec<String>,
}

impl Node {
    /// Migrations written `id parent,parent @dependency #label`, separated by semicolons; each part but the first is
    /// optional.
    pub(crate) fn parse_all(text: &str) -> Vec<Self> {
        text.split(';').map(Self::parse).collect()
    }

    fn parse(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let mut node = Self { id: words.next().expect("an id").to_owned(), ..Self::default() };
        for word in words {
            match word.split_at(1) {
                ("@", dependency) => node.depends_on.push(dependency.to_owned()),
                ("#", label) => node.labels.push(label.to_owned()),
                _ => node.revises.extend(word.split(',').map(str::to_owned)),
            }
        }
        node
    }
}

impl TestProject {
    /// A project with these migrations, whose files sort in this order, and with empty tables of the host.
    pub(crate) fn with_graph(nodes: &[Node]) -> Self {
        let project = Self::new();
        for (position, Node { id, revises, depends_on, labels }) in nodes.iter().enumerate() {
            // A list of texts looks the same in TOML.
            let text = format!(
                "-- /// migration\n-- revision = {id:?}\n-- revises = {revises:?}\n-- depends-on = {depends_on:?}\n\
                 -- branch-labels = {labels:?}\n-- ///\n-- upgrade\n-- downgrade\n"
            );
            project.write(&format!("migrations/{position:03}_{id}.sql"), &text);
        }
        project.host(&["ensure-version"]).success();
        project
    }

    /// Sets the rows of the version table, which keeps their order.
    pub(crate) fn set_rows<'a>(&self, rows: impl IntoIterator<Item = &'a str>) {
        let rows: Vec<String> = rows.into_iter().map(|row| format!("('{row}')")).collect();
        let insert = match &rows[..] {
            [] => String::new(),
            rows => format!("INSERT INTO host_version VALUES {};", rows.join(", ")),
        };
        self.database.query(&format!("TRUNCATE host_version; {insert}"));
    }

    /// What an upgrade or a downgrade would do, as the one JSON document that it prints.
    pub(crate) fn dry_run(&self, command: &str, target: &str) -> Output {
        self.host(&["--json", command, target, "--dry-run"])
    }
}
