//! Makes a graph of a list of revisions, or says what is wrong with the list.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;

use super::Graph;
use super::GraphError;
use super::Node;
use super::Revision;
use super::RevisionId;
use super::adjacency::Adjacency;
use super::labels::Labels;
use super::names::Names;
use super::resolve::names_with_prefix;

/// Builds and checks the graph. All problems are found, but for circles, which are looked for where everything else is right;
/// the order of the checks is that of the answer.
pub(super) fn build(revisions: Vec<Revision>) -> Result<Graph, Vec<GraphError>> {
    let mut problems = Vec::new();
    let mut named = index_ids(&revisions, &mut problems);
    let parents = link_parents(&revisions, &named, &mut problems);
    let before = problems.len();
    let labels = index_labels(&revisions, &mut named, &mut problems);
    let ids = revisions.iter().enumerate().map(|(node, revision)| (revision.id.clone(), node));
    // Of several revisions with one id that which the id stands for.
    let ids = ids.filter(|(id, node)| named.get(id.as_str()) == Some(node));
    let names = Names::new(ids.chain(labels.iter().map(|(label, node)| (label.clone(), *node))));
    // A name that stands for two things would make a dependency on either.
    let all_dependencies = if problems.len() == before {
        link_dependencies(&revisions, &names, &mut problems)
    } else {
        Adjacency::default()
    };
    if !problems.is_empty() {
        return Err(problems);
    }

    let children = parents.reversed();
    let order = topological(&parents, &children).map_err(|cycle| {
        vec![GraphError::Cycle { revisions: ids_of(&revisions, &cycle), files: files_of(&revisions, &cycle) }]
    })?;
    let all_real_parents = parents.joined(&all_dependencies);
    let real_children = all_real_parents.reversed();
    let real_order = topological(&all_real_parents, &real_children).map_err(|cycle| {
        vec![GraphError::DependencyCycle { revisions: ids_of(&revisions, &cycle), files: files_of(&revisions, &cycle) }]
    })?;
    let mut heights = vec![0; revisions.len()];
    for (height, node) in real_order.into_iter().enumerate() {
        heights[node] = height;
    }

    let dependencies = normalise(&order, &parents, &all_dependencies);
    let real_parents = parents.joined(&dependencies);
    let labels = Labels::spread(labels, &order, &parents, &children, &real_children);
    Ok(Graph { revisions, names, parents, dependencies, real_parents, children, real_children, heights, labels })
}

/// Each id with the last revision that has it.
fn index_ids<'a>(revisions: &'a [Revision], problems: &mut Vec<GraphError>) -> HashMap<&'a str, Node> {
    let mut named = HashMap::with_capacity(revisions.len());
    for (node, revision) in revisions.iter().enumerate() {
        if let Some(first) = named.insert(revision.id.as_str(), node) {
            problems.push(GraphError::DuplicateRevision {
                id: revision.id.clone(),
                first_file: revisions[first].file.clone(),
                second_file: revision.file.clone(),
            });
        }
    }
    named
}

fn link_parents(revisions: &[Revision], named: &HashMap<&str, Node>, problems: &mut Vec<GraphError>) -> Adjacency {
    let (mut parents, mut linked) = (Adjacency::default(), Vec::new());
    for revision in revisions {
        linked.clear();
        for parent in &revision.revises {
            let found = named.get(parent.as_str());
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
        parents.push(linked.iter().copied());
    }
    parents
}

/// Adds the labels to the names; gives each label with its owner.
fn index_labels<'a>(
    revisions: &'a [Revision],
    named: &mut HashMap<&'a str, Node>,
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
            if let Some(other) = named.insert(label.as_str(), node) {
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

fn link_dependencies(revisions: &[Revision], names: &Names, problems: &mut Vec<GraphError>) -> Adjacency {
    let (mut dependencies, mut linked) = (Adjacency::default(), Vec::new());
    for (node, revision) in revisions.iter().enumerate() {
        linked.clear();
        for text in &revision.depends_on {
            match names.get(text).map_or_else(|| unique_dependency(revision, text, names), Ok) {
                Err(problem) => problems.push(problem),
                Ok(found) if found == node => {
                    let (id, file) = (revision.id.clone(), revision.file.clone());
                    problems.push(GraphError::DependencySelfLoop { id, file });
                }
                Ok(found) if linked.contains(&found) => {}
                Ok(found) => linked.push(found),
            }
        }
        dependencies.push(linked.iter().copied());
    }
    dependencies
}

fn unique_dependency(revision: &Revision, text: &str, names: &Names) -> Result<Node, GraphError> {
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
fn topological(parents: &Adjacency, children: &Adjacency) -> Result<Vec<Node>, Vec<Node>> {
    let mut missing: Vec<usize> = parents.iter().map(<[Node]>::len).collect();
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
fn circle(stuck: Node, parents: &Adjacency, missing: &[usize]) -> Vec<Node> {
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
fn normalise(order: &[Node], parents: &Adjacency, all: &Adjacency) -> Adjacency {
    let mut dependents = vec![0_usize; parents.len()];
    for dependency in all.targets() {
        dependents[*dependency] += 1;
    }
    let shared: Vec<Node> = (0..parents.len()).filter(|node| dependents[*node] > 1).collect();
    if shared.is_empty() {
        return all.clone();
    }
    let mut normalised: Vec<Vec<Node>> = all.iter().map(<[Node]>::to_vec).collect();
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
    normalised.into_iter().collect()
}

fn ids_of(revisions: &[Revision], nodes: &[Node]) -> Vec<RevisionId> {
    nodes.iter().map(|node| revisions[*node].id.clone()).collect()
}

fn files_of(revisions: &[Revision], nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|node| revisions[*node].file.clone()).collect()
}
