//! The way up.

use crate::revision::Branch;
use crate::revision::Edges;
use crate::revision::Graph;
use crate::revision::Node;
use crate::revision::RevisionId;
use crate::revision::Target;
use crate::revision::newest_first;

use super::Direction;
use super::Plan;
use super::PlanError;
use super::plan;

/// Plans an upgrade to one target from these rows of the version table.
///
/// What the target needs is applied too: ancestors, merged branches, dependencies. A target that is applied already
/// gives an empty plan.
///
/// # Errors
/// [`PlanError`] when the target cannot be resolved, is ambiguous from here, or when the rows do not fit the graph.
pub fn upgrade(graph: &Graph, heads: &[RevisionId], target: &str) -> Result<Plan, PlanError> {
    upgrade_all(graph, heads, &[target])
}

/// Plans an upgrade to several targets at once.
///
/// # Errors
/// As for [`upgrade`]; and [`PlanError::OverlappingTargets`] when one target implies another.
pub fn upgrade_all(graph: &Graph, heads: &[RevisionId], targets: &[&str]) -> Result<Plan, PlanError> {
    let rows = graph.row_nodes(heads)?;
    let mut ends = Vec::new();
    for target in targets {
        ends.extend(ends_of(graph, &rows, &Target::parse(target)?)?);
    }
    if let Some((revision, others)) = graph.overlap(&ends) {
        return Err(PlanError::OverlappingTargets { revision: graph.id(revision).clone(), others: graph.ids(others) });
    }
    if let Some((revision, others)) = graph.overlap(&rows) {
        return Err(PlanError::OverlappingRows { revision: graph.id(revision).clone(), others: graph.ids(others) });
    }
    let mut needed = graph.reach(ends.iter().copied(), Edges::RealParents);
    needed.subtract(&graph.reach(rows.iter().copied(), Edges::RealParents));
    let mut order = newest_first(graph, &needed, &ends);
    order.reverse();
    Ok(plan(graph, Direction::Upgrade, &rows, order, Vec::new()))
}

fn ends_of(graph: &Graph, rows: &[Node], target: &Target) -> Result<Vec<Node>, PlanError> {
    let (None, Some(steps)) = (&target.anchor, target.steps) else {
        return Ok(graph.resolve(target)?);
    };
    let too_far = PlanError::RelativeTooFar { steps, direction: Direction::Upgrade };
    if steps <= 0 {
        return Err(too_far);
    }
    let branch = graph.branch_of(target)?;
    let start = match starts(graph, rows, branch.as_ref())[..] {
        [] => None,
        [start] => Some(start),
        ref several => {
            return Err(PlanError::AmbiguousCurrent {
                direction: Direction::Upgrade,
                current: graph.ids(several.iter().copied()),
            });
        }
    };
    let lineage = branch.as_ref().map(|branch| &branch.lineage);
    let walk = graph.walk_up(start, steps.unsigned_abs(), lineage).map_err(|fork| graph.fork_error(target, fork))?;
    match walk.missing {
        0 => Ok(Vec::from_iter(walk.at)),
        _ => Err(too_far),
    }
}

/// Where `+N` counts from; empty for base. On a branch that has no row of its own it is the last applied revision that
/// belongs to the branch: a branch point, or what another branch depends on.
fn starts(graph: &Graph, rows: &[Node], branch: Option<&Branch>) -> Vec<Node> {
    let Some(branch) = branch else {
        return rows.to_vec();
    };
    let on_branch: Vec<Node> = rows.iter().copied().filter(|row| branch.lineage.contains(*row)).collect();
    if !on_branch.is_empty() {
        return on_branch;
    }
    let mut active = graph.reach(rows.iter().copied(), Edges::RealParents);
    active.intersect_with(&branch.lineage);
    let mut tips = active.clone();
    for below in active.iter().flat_map(|node| graph.real_parents(node)) {
        tips.remove(*below);
    }
    tips.iter().collect()
}
