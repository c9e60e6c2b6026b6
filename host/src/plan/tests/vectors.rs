//! Upgrades and downgrades recorded from Alembic's own test suite.

use super::*;
use crate::revision::Revision;
use serde::Deserialize;

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/alembic-traversal.json"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    test: String,
    cmd: String,
    /// In load order.
    graph: Vec<Node>,
    db_heads: Vec<RevisionId>,
    target: Targets,
    steps: Vec<RevisionId>,
    heads_after: BTreeSet<RevisionId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    rev: RevisionId,
    down: Vec<RevisionId>,
    depends_on: Vec<String>,
    labels: Vec<String>,
    msg: String,
}

/// `null` is Alembic's inner name for base.
#[derive(Deserialize)]
#[serde(untagged)]
enum Targets {
    One(String),
    Several(Vec<String>),
    Base(()),
}

#[test]
fn every_recorded_case_gives_the_same_steps_and_rows() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(vectors.len(), 62);
    for vector in vectors {
        let graph = Graph::new(vector.graph.into_iter().map(|node| Revision {
            file: format!("{}.sql", node.rev),
            id: node.rev,
            revises: node.down,
            depends_on: node.depends_on,
            branch_labels: node.labels,
            message: node.msg,
        }))
        .unwrap();
        let targets: Vec<&str> = match &vector.target {
            Targets::One(target) => vec![target],
            Targets::Several(targets) => targets.iter().map(String::as_str).collect(),
            Targets::Base(()) => vec!["base"],
        };
        let plan = match vector.cmd.as_str() {
            "upgrade" => upgrade_all(&graph, &vector.db_heads, &targets).unwrap(),
            "downgrade" => downgrade(&graph, &vector.db_heads, targets[0]).unwrap(),
            command => panic!("unknown command {command}"),
        };
        let name = format!("{}: {} {}", vector.test, vector.cmd, targets.join(" "));
        let steps: Vec<RevisionId> = plan.steps.iter().map(|step| step.revision.clone()).collect();
        assert_eq!(steps, vector.steps, "{name}");
        assert_eq!(plan.heads_after, vector.heads_after, "{name}");
        check_changes(&plan);
    }
}
