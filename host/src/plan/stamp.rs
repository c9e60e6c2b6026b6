//! Setting the version table without running anything.

use std::collections::BTreeSet;

use crate::revision::Edges;
use crate::revision::Graph;
use crate::revision::Node;
use crate::revision::RevisionId;
use crate::revision::Target;
use crate::revision::TargetError;

use super::HeadChange;
use super::Note;
use super::PlanError;

/// What a stamp does to the version table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampPlan {
    /// Rows to delete and to insert.
    pub change: HeadChange,
    /// The rows that the plan was made for.
    pub heads_before: BTreeSet<RevisionId>,
    /// The rows after it.
    pub heads_after: BTreeSet<RevisionId>,
    /// What the user should know before it runs.
    pub notes: Vec<Note>,
}

/// Plans to set the version table to these targets, as if their migrations had been run or taken back.
///
/// Rows that are ancestors or descendants of a target make way for it; rows of other branches stay. `base` deletes all
/// rows, `label@base` those of the branch. With `purge` nothing stays. Rows that are not among the migrations are
/// deleted too, so that a stamp repairs what stops every other command.
///
/// # Errors
/// [`PlanError`] when a target cannot be resolved, or when one target implies another.
pub fn stamp(graph: &Graph, heads: &[RevisionId], targets: &[&str], purge: bool) -> Result<StampPlan, PlanError> {
    let mut ends = Vec::new();
    let mut branches = Vec::new();
    let mut replaces_all = purge;
    for text in targets {
        let target = Target::parse(text)?;
        let found = resolve(graph, &target)?;
        if found.is_empty() {
            match graph.branch_of(&target)? {
                Some(branch) => branches.push(branch.node),
                None => replaces_all = true,
            }
        }
        ends.extend(found);
    }
    ends.sort_unstable();
    ends.dedup();
    if let Some((revision, others)) = graph.overlap(&ends) {
        return Err(PlanError::OverlappingTargets { revision: graph.id(revision).clone(), others: graph.ids(others) });
    }

    let mut replaced = graph.reach(ends.iter().chain(&branches).copied(), Edges::RealParents);
    replaced.union_with(&graph.reach(ends.iter().chain(&branches).copied(), Edges::RealChildren));
    let heads_before: BTreeSet<RevisionId> = heads.iter().cloned().collect();
    let ends: BTreeSet<RevisionId> = graph.ids(ends).into_iter().collect();
    let stays = |row: &RevisionId| {
        let node = graph.node(row.as_str());
        node.is_some_and(|node| !replaces_all && !replaced.contains(node))
    };
    let kept: BTreeSet<RevisionId> = heads_before.iter().filter(|row| stays(row)).cloned().collect();
    let heads_after = &kept | &ends;
    let unknown: Vec<RevisionId> =
        heads_before.iter().filter(|row| graph.node(row.as_str()).is_none()).cloned().collect();
    let notes = if unknown.is_empty() || purge { Vec::new() } else { vec![Note::UnknownRowsRemoved { rows: unknown }] };
    Ok(StampPlan {
        change: HeadChange {
            remove: heads_before.difference(&heads_after).cloned().collect(),
            add: heads_after.difference(&heads_before).cloned().collect(),
        },
        heads_before,
        heads_after,
        notes,
    })
}

/// A stamp names a place in the graph; what is relative to the database would depend on rows that may be wrong.
fn resolve(graph: &Graph, target: &Target) -> Result<Vec<Node>, TargetError> {
    if target.anchor.is_none() {
        return Err(TargetError::Malformed {
            text: target.text.clone(),
            problem: "a stamp needs a fixed target, not one relative to the database",
        });
    }
    graph.resolve(target)
}
