//! The way down.

use crate::revision::Branch;
use crate::revision::Edges;
use crate::revision::Graph;
use crate::revision::Node;
use crate::revision::RevisionId;
use crate::revision::Target;
use crate::revision::newest_first;

use super::Direction;
use super::Note;
use super::Plan;
use super::PlanError;
use super::plan;

/// Plans a downgrade to a target from these rows of the version table.
///
/// Everything applied that stands above the target or depends on it is taken back. A branch before `@` restricts that to
/// the ways from the target to the revision that has the label; but where only one way leads up from the target it
/// restricts nothing, as in Alembic, and a note tells which other branches go along.
///
/// # Errors
/// [`PlanError`] when the target cannot be resolved, is not applied, or when a row is not in the graph.
pub fn downgrade(graph: &Graph, heads: &[RevisionId], target: &str) -> Result<Plan, PlanError> {
    let rows = graph.row_nodes(heads)?;
    let target = Target::parse(target)?;
    let mut notes = Vec::new();
    let Goal { place, branch } = goal(graph, &rows, &target, &mut notes)?;

    let roots = roots(graph, &target, place, branch.as_ref())?;
    let mut dropped = graph.reach(roots, Edges::RealChildren);
    dropped.intersect_with(&graph.reach(rows.iter().copied(), Edges::RealParents));
    if let Some(place) = place
        && dropped.is_empty()
        && !rows.contains(&place)
    {
        let above = graph.reach([place], Edges::RealChildren);
        let needed_by = graph.ids(rows.iter().copied().filter(|row| above.contains(*row)));
        return Err(PlanError::NotApplied { target: target.text, heads: graph.ids(rows), needed_by });
    }
    let order = newest_first(graph, &dropped, &rows);
    notes.extend(takes_along(graph, &order, place, branch.as_ref()));
    Ok(plan(graph, Direction::Downgrade, &rows, order, notes))
}

/// Where a downgrade ends.
struct Goal {
    /// The revision that stays; `None` is base.
    place: Option<Node>,
    /// The branch that is meant.
    branch: Option<Branch>,
}

fn goal(graph: &Graph, rows: &[Node], target: &Target, notes: &mut Vec<Note>) -> Result<Goal, PlanError> {
    let (None, Some(steps)) = (&target.anchor, target.steps) else {
        return Ok(Goal { place: graph.resolve_one(target)?, branch: graph.branch_of(target)? });
    };
    let too_far = PlanError::RelativeTooFar { steps, direction: Direction::Downgrade };
    if steps >= 0 {
        return Err(too_far);
    }
    let (start, branch) = match graph.branch_of(target)? {
        Some(branch) => (start_on(graph, rows, &branch)?, branch),
        None => {
            let Some((first, others)) = rows.split_first() else {
                return Err(too_far);
            };
            if !others.is_empty() {
                notes.push(Note::FirstOfSeveralHeads {
                    chosen: graph.id(*first).clone(),
                    others: graph.ids(others.iter().copied()),
                });
            }
            (Some(*first), graph.branch_at(*first))
        }
    };
    let Some(start) = start else {
        return Err(too_far);
    };
    let walk = graph.walk_down(start, steps.unsigned_abs()).map_err(|fork| graph.fork_error(target, fork))?;
    if walk.missing > 0 {
        return Err(too_far);
    }
    Ok(Goal { place: walk.at, branch: Some(branch) })
}

/// Where `branch@-N` counts from: the row on the branch; if it has none, because another branch depends on it, its last
/// applied revision.
fn start_on(graph: &Graph, rows: &[Node], branch: &Branch) -> Result<Option<Node>, PlanError> {
    let on_branch = |node: &Node| branch.lineage.contains(*node);
    let mut starts: Vec<Node> = rows.iter().copied().filter(on_branch).collect();
    if starts.is_empty() {
        starts = graph.effective_head_nodes(rows.iter().copied());
        starts.retain(on_branch);
    }
    match starts[..] {
        [] => Ok(None),
        [start] => Ok(Some(start)),
        _ => Err(PlanError::AmbiguousCurrent { direction: Direction::Downgrade, current: graph.ids(starts) }),
    }
}

/// The lowest revisions to take back: the ways up from the place.
fn roots(graph: &Graph, target: &Target, place: Option<Node>, branch: Option<&Branch>) -> Result<Vec<Node>, PlanError> {
    let mut roots = match place {
        None => graph.base_nodes(),
        Some(place) => graph.child_nodes(place).to_vec(),
    };
    if let Some(branch) = branch
        && roots.len() > 1
    {
        let below = graph.reach([branch.node], Edges::Parents);
        roots.retain(|root| below.contains(*root));
        if roots.is_empty() {
            return Err(PlanError::NotOnTheWayDown { target: target.text.clone(), branch: branch.name.clone() });
        }
    }
    Ok(roots)
}

/// What is taken back although it is neither on the branch nor above the place that the target names.
fn takes_along(graph: &Graph, order: &[Node], place: Option<Node>, branch: Option<&Branch>) -> Option<Note> {
    let named = match (branch, place) {
        (Some(branch), _) => branch.lineage.clone(),
        (None, Some(place)) => graph.reach([place], Edges::Children),
        (None, None) => return None,
    };
    let (expected, others): (Vec<Node>, Vec<Node>) = order.iter().partition(|node| named.contains(**node));
    if others.is_empty() {
        return None;
    }
    let named_labels = labels(graph, &expected);
    let mut branches = labels(graph, &others);
    branches.retain(|label| !named_labels.contains(label));
    Some(Note::TakesAlong { revisions: graph.ids(others), branches: branches.into_iter().map(str::to_owned).collect() })
}

fn labels<'graph>(graph: &'graph Graph, nodes: &[Node]) -> std::collections::BTreeSet<&'graph str> {
    nodes.iter().flat_map(|node| graph.labels_of(*node)).collect()
}
