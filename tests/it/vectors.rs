//! Upgrades and downgrades recorded from Alembic's own test suite, through the command line.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::Node;
use crate::harness::TestProject;

const VECTORS: &str = include_str!("../fixtures/alembic-traversal.json");

#[test]
fn every_recorded_case_gives_the_same_steps_and_rows() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("the recorded cases");
    assert_eq!(vectors.len(), 62);
    let mut by_graph: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for vector in &vectors {
        by_graph.entry(vector["graph"].to_string()).or_default().push(vector);
    }
    for vectors in by_graph.values() {
        let project = TestProject::with_graph(&nodes(&vectors[0]["graph"]));
        for vector in vectors {
            check(&project, vector);
        }
    }
}

fn check(project: &TestProject, vector: &Value) {
    let rows = texts(&vector["db_heads"]);
    let target = target(vector);
    let command = vector["cmd"].as_str().expect("a command");
    project.set_rows(rows.iter().map(String::as_str));
    // Nothing is built, which is told beside the plan.
    let plan = project.dry_run(command, &target).json();
    let name = format!("{}: {command} {target} from {rows:?}", vector["test"]);
    let steps: Vec<&Value> = plan["steps"].as_array().expect("steps").iter().map(|step| &step["revision"]).collect();
    assert_eq!(steps, vector["steps"].as_array().expect("steps").iter().collect::<Vec<_>>(), "{name}");
    assert_eq!(sorted(&plan["heads_before"]), sorted(&vector["db_heads"]), "{name}");
    assert_eq!(sorted(&plan["heads_after"]), sorted(&vector["heads_after"]), "{name}");
    assert_eq!(plan["direction"], command, "{name}");
    assert_chained(&plan, &name);
}

/// The rows after a step are those before the next one.
fn assert_chained(plan: &Value, name: &str) {
    let mut rows = &plan["heads_before"];
    for step in plan["steps"].as_array().expect("steps") {
        assert_eq!(&step["heads_before"], rows, "{name}");
        rows = &step["heads_after"];
    }
    assert_eq!(&plan["heads_after"], rows, "{name}");
}

fn target(vector: &Value) -> String {
    match &vector["target"] {
        Value::String(target) => target.clone(),
        // Alembic's inner name for base.
        Value::Null => "base".to_owned(),
        // A call inside Alembic with all heads of the graph, whose command line takes one target as well.
        several => {
            let revised: Vec<String> = nodes(&vector["graph"]).into_iter().flat_map(|node| node.revises).collect();
            let mut heads: Vec<String> = nodes(&vector["graph"]).into_iter().map(|node| node.id).collect();
            heads.retain(|id| !revised.contains(id));
            heads.sort();
            assert_eq!(heads, sorted(several));
            "heads".to_owned()
        }
    }
}

fn nodes(graph: &Value) -> Vec<Node> {
    let node = |node: &Value| Node {
        id: node["rev"].as_str().expect("an id").to_owned(),
        revises: texts(&node["down"]),
        depends_on: texts(&node["depends_on"]),
        labels: texts(&node["labels"]),
    };
    graph.as_array().expect("a graph").iter().map(node).collect()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

fn sorted(list: &Value) -> Vec<String> {
    let mut texts = texts(list);
    texts.sort();
    texts
}
