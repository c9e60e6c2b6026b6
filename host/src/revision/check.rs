//! Makes a graph of a list of revisions, or says what is wrong with the list.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use super::Graph;
use super::GraphError;
use super::Node;
use super::Revision;
use super::RevisionId;
use super::labels::Labels;
use super::resolve::names_with_prefix;

/// Builds and checks the graph. All problems are found, but for circles, which are looked for where everything else is right;
/// the order of the checks is that of the answer.
pub(super) fn build(revisions: Vec<Revision>) -> Result<Graph, Vec<GraphError>> {
    let mut problems = Vec::new();
    let mut names = index_ids(&revisions, &mut problems);
    let parents = link_parents(&revisions, &names, &mut problems);
    let before = problems.len();
    let labels = index_labels(&revisions, &mut names, &mut problems);
    // A name that stands for two things would make a dependency on either.
    let all_dependencies =
        if problems.len() == before { link_dependencies(&revisions, &names, &mut problems) } else { Vec::new() };
    if !problems.is_empty() {
        return Err(problems);
    }

    let order = topological(&parents).map_err(|cycle| {
        vec![GraphError::Cycle { revisions: ids_of(&revisions, &cycle), files: files_of(&revisions, &cycle) }]
    })?;
    let all_real_parents = join_edges(&parents, &all_dependencies);
    let real_order = topological(&all_real_parents).map_err(|cycle| {
        vec![GraphError::DependencyCycle { revisions: ids_of(&revisions, &cycle), files: files_of(&revisions, &cycle) }]
    })?;
    let mut heights = vec![0; revisions.len()];
    for (height, node) in real_order.into_iter().enumerate() {
        heights[node] = height;
    }

    let dependencies = normalise(&order, &parents, &all_dependencies);
    let real_parents = join_edges(&parents, &dependencies);
    let children = reverse(&parents);
    let real_children = reverse(&all_real_parents);
    let labels = Labels::spread(labels, &order, &parents, &children, &real_children);
    Ok(Graph { revisions, names, parents, dependencies, real_parents, children, real_children, heights, labels })
}

fn index_ids(revisions: &[Revision], problems: &mut Vec<GraphError>) -> BTreeMap<RevisionId, Node> {
    let mut names = BTreeMap::new();
    for (node, revision) in revisions.iter().enumerate() {
        if let Some(first) = names.insert(revision.id.clone(), node) {
            problems.push(GraphError::DuplicateRevision {
                id: revision.id.clone(),
                first_file: revisions[first].file.clone(),
                second_file: revision.file.clone(),
            });
        }
    }
    names
}

fn link_parents(
    revisions: &[Revision],
    names: &BTreeMap<RevisionId, Node>,
    problems: &mut Vec<GraphError>,
) -> Vec<Vec<Node>> {
    let mut parents = Vec::with_capacity(revisions.len());
    for revision in revisions {
        let mut linked = Vec::with_capacity(revision.revises.len());
        for parent in &revision.revises {
            let found = names.get(parent);
            if let Some(node) = found.filter(|node| *parent != revision.id && !linked.contains(*node)) {
                linked.push(*node);
                continue;
            }
            let (id, file, parent) = (revision.id.clone(), revision.file.clone(), parent.clone());
            problems.push(match found {
                _ if parent == id => GraphError::SelfLoop { id, file },
                None => GraphError::MissingParent { id, file, parent },
                Some(_) => GraphError::RepeatedParent { id, file, parent },
            });
        }
        parents.push(linked);
    }
    parents
}

/// Adds the labels to the names; gives each label with its owner.
fn index_labels(
    revisions: &[Revision],
    names: &mut BTreeMap<RevisionId, Node>,
    problems: &mut Vec<GraphError>,
) -> BTreeMap<RevisionId, Node> {
    let mut labels = BTreeMap::new();
    for (node, revision) in revisions.iter().enumerate() {
        for label in &revision.branch_labels {
            let (id, file) = (revision.id.clone(), revision.file.clone());
            let name = match RevisionId::new(label) {
                Ok(name) => name,
                Err(source) => {
                    problems.push(GraphError::InvalidLabel { label: label.clone(), id, file, source });
                    continue;
                }
            };
            if let Some(other) = labels.insert(name.clone(), node) {
                problems.push(GraphError::DuplicateLabel {
                    label: label.clone(),
                    id,
                    file,
                    other: revisions[other].id.clone(),
                    other_file: revisions[other].file.clone(),
                });
                continue;
            }
            if let Some(other) = names.insert(name, node) {
                problems.push(GraphError::LabelIsRevision {
                    label: label.clone(),
                    id,
                    file,
                    other_file: revisions[other].file.clone(),
                });
            }
        }
    }
    labels
}

fn link_dependencies(
    revisions: &[Revision],
    names: &BTreeMap<RevisionId, Node>,
    problems: &mut Vec<GraphError>,
) -> Vec<Vec<Node>> {
    let mut dependencies = Vec::with_capacity(revisions.len());
    for (node, revision) in revisions.iter().enumerate() {
        let mut linked = Vec::with_capacity(revision.depends_on.len());
        for text in &revision.depends_on {
            let found = names.get(text.as_str()).copied();
            match found.map_or_else(|| unique_dependency(revision, text, names), Ok) {
                Err(problem) => problems.push(problem),
                Ok(found) if found == node => {
                    let (id, file) = (revision.id.clone(), revision.file.clone());
                    problems.push(GraphError::DependencySelfLoop { id, file });
                }
                Ok(found) if linked.contains(&found) => {}
                Ok(found) => linked.push(found),
            }
        }
        dependencies.push(linked);
    }
    dependencies
}

fn unique_dependency(revision: &Revision, text: &str, names: &BTreeMap<RevisionId, Node>) -> Result<Node, GraphError> {
    let candidates: Vec<_> = names_with_prefix(names, text).collect();
    let (id, file) = (revision.id.clone(), revision.file.clone());
    match candidates[..] {
        [] => Err(GraphError::MissingDependency { id, file, dependency: text.to_owned() }),
        [(_, node)] => Ok(node),
        _ => Err(GraphError::AmbiguousDependency {
            id,
            file,
            dependency: text.to_owned(),
            candidates: candidates.iter().map(|(name, _)| name.to_string()).collect(),
        }),
    }
}

/// All nodes, each after its parents; or one circle, each node followed by one that has it as a parent.
fn topological(parents: &[Vec<Node>]) -> Result<Vec<Node>, Vec<Node>> {
    let children = reverse(parents);
    let mut missing: Vec<usize> = parents.iter().map(Vec::len).collect();
    let mut ready: VecDeque<Node> = (0..parents.len()).filter(|node| missing[*node] == 0).collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(node) = ready.pop_front() {
        order.push(node);
        for child in &children[node] {
            missing[*child] -= 1;
            if missing[*child] == 0 {
                ready.push_back(*child);
            }
        }
    }
    match missing.iter().position(|parents| *parents > 0) {
        None => Ok(order),
        Some(stuck) => Err(circle(stuck, parents, &missing)),
    }
}

/// Walks down from a node that waits for a parent until it comes to a node for the second time.
fn circle(stuck: Node, parents: &[Vec<Node>], missing: &[usize]) -> Vec<Node> {
    let mut path = Vec::new();
    let mut position = vec![None; parents.len()];
    let mut node = stuck;
    while position[node].is_none() {
        position[node] = Some(path.len());
        path.push(node);
        // Kahn's algorithm leaves a node only when one of its parents is left as well.
        node = parents[node].iter().copied().find(|parent| missing[*parent] > 0).unwrap_or(node);
    }
    let mut circle = path.split_off(position[node].unwrap_or(0));
    circle.reverse();
    let first = circle.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(index, _)| index);
    circle.rotate_left(first);
    circle
}

/// Leaves out dependencies that an ancestor along the parents has too, as Alembic does.
///
/// Ancestors are not stored; instead the needs of all ancestors are carried down the graph, 64 dependencies at a time.
fn normalise(order: &[Node], parents: &[Vec<Node>], all: &[Vec<Node>]) -> Vec<Vec<Node>> {
    let mut dependents = vec![0_usize; parents.len()];
    for dependency in all.iter().flatten() {
        dependents[*dependency] += 1;
    }
    let shared: Vec<Node> = (0..parents.len()).filter(|node| dependents[*node] > 1).collect();
    let mut normalised = all.to_vec();
    let mut bit_of = vec![0_u64; parents.len()];
    let mut needs = vec![0_u64; parents.len()];
    for batch in shared.chunks(64) {
        for (bit, node) in batch.iter().enumerate() {
            bit_of[*node] = 1 << bit;
        }
        for node in order {
            let inherited = parents[*node].iter().fold(0, |inherited, parent| inherited | needs[*parent]);
            let own = all[*node].iter().fold(0, |own, dependency| own | bit_of[*dependency]);
            if own & inherited != 0 {
                normalised[*node].retain(|dependency| bit_of[*dependency] & inherited == 0);
            }
            needs[*node] = inherited | own;
        }
        for node in batch {
            bit_of[*node] = 0;
        }
    }
    normalised
}

/// For every node the first list, then what the second adds.
fn join_edges(first: &[Vec<Node>], second: &[Vec<Node>]) -> Vec<Vec<Node>> {
    let mut joined = first.to_vec();
    for (edges, more) in joined.iter_mut().zip(second) {
        for node in more {
            if !edges.contains(node) {
                edges.push(*node);
            }
        }
    }
    joined
}

fn reverse(edges: &[Vec<Node>]) -> Vec<Vec<Node>> {
    let mut reversed = vec![Vec::new(); edges.len()];
    for (node, targets) in edges.iter().enumerate() {
        for target in targets {
            reversed[*target].push(node);
        }
    }
    reversed
}

fn ids_of(revisions: &[Revision], nodes: &[Node]) -> Vec<RevisionId> {
    nodes.iter().map(|node| revisions[*node].id.clone()).collect()
}

fn files_of(revisions: &[Revision], nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|node| revisions[*node].file.clone()).collect()
}
