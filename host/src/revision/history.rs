//! Ranges of the history.

use super::Anchor;
use super::Branch;
use super::Edges;
use super::Graph;
use super::Node;
use super::NodeSet;
use super::RevisionId;
use super::Target;
use super::TargetError;
use super::join;
use super::newest_first;

/// The revisions of a range `[START]:[END]`, newest first; the whole history without a range.
///
/// As in Alembic both ends belong to the range, START is `base` and END is `heads` when left out, and the range has
/// only descendants of START. `-N` at the start goes down from END, `+N` at the end goes up from START, `-N` at the end
/// goes down from the heads; steps past the first or last revision end there. `current` is what is applied: with
/// nothing applied it is `base`.
///
/// # Errors
/// [`TargetError`] when an end names nothing or is ambiguous, or when START is not an ancestor of END.
pub fn history(
    graph: &Graph,
    applied_heads: &[RevisionId],
    range: Option<&str>,
) -> Result<Vec<RevisionId>, TargetError> {
    let text = range.unwrap_or(":").trim();
    let (start, end) = match text.split_once(':') {
        Some((start, end)) if !end.contains(':') => (start, end),
        _ => {
            return Err(TargetError::RangeSyntax { text: text.to_owned() });
        }
    };
    let range = Range {
        graph,
        applied_heads,
        start: Target::parse(if start.is_empty() { "base" } else { start })?,
        end: Target::parse(if end.is_empty() { "heads" } else { end })?,
    };
    range.revisions()
}

struct Range<'a> {
    graph: &'a Graph,
    applied_heads: &'a [RevisionId],
    start: Target,
    end: Target,
}

impl Range<'_> {
    fn revisions(&self) -> Result<Vec<RevisionId>, TargetError> {
        let graph = self.graph;
        let branch = graph.branch_of(&self.start)?;
        let mut ends = self.ends()?;
        if let Some(branch) = &branch {
            ends.retain(|end| branch.lineage.contains(*end));
        }
        let starts = self.starts(&ends, branch.as_ref())?;
        let wanted = graph.reach(ends.iter().copied(), Edges::RealParents);
        if starts.is_empty() {
            return Ok(graph.ids(newest_first(graph, &wanted, &ends)));
        }
        if !starts.iter().all(|start| wanted.contains(*start)) {
            return Err(TargetError::NotAlongBranch { start: self.written(&self.start), end: self.written(&self.end) });
        }
        let range = self.between(&starts, &wanted);
        Ok(graph.ids(self.sorted(&range, &wanted, &ends)))
    }

    /// The starts and their descendants, without what lies below a start.
    fn between(&self, starts: &[Node], wanted: &NodeSet) -> NodeSet {
        let mut range = wanted.clone();
        range.subtract(&self.graph.reach(starts.iter().copied(), Edges::RealParents));
        for start in starts {
            range.insert(*start);
        }
        range.intersect_with(&self.graph.reach(starts.iter().copied(), Edges::Children));
        range
    }

    /// Dependencies can lead out of the range and back into it; then the way outside decides about the order too.
    fn sorted(&self, range: &NodeSet, wanted: &NodeSet, ends: &[Node]) -> Vec<Node> {
        let mut whole = self.graph.reach(range.iter(), Edges::RealChildren);
        whole.intersect_with(wanted);
        let mut outside = whole.clone();
        outside.subtract(range);
        let mut back_inside = self.graph.reach(outside.iter(), Edges::RealChildren);
        back_inside.intersect_with(range);
        if back_inside.is_empty() {
            let order = newest_first(self.graph, range, ends);
            if order.len() == range.iter().count() {
                return order;
            }
        }
        let mut order = newest_first(self.graph, &whole, ends);
        order.retain(|node| range.contains(*node));
        order
    }

    fn ends(&self) -> Result<Vec<Node>, TargetError> {
        let (graph, end) = (self.graph, &self.end);
        let branch = graph.branch_of(end)?;
        match (&end.anchor, end.steps) {
            (Some(Anchor::Current), _) => graph.row_nodes(self.applied_heads),
            (None, Some(steps)) if steps < 0 => {
                let places = self.down_from(end, &graph.heads_on(branch.as_ref()))?;
                Ok(places.into_iter().flatten().collect())
            }
            (None, Some(steps)) => {
                let starts = self.starts(&[], graph.branch_of(&self.start)?.as_ref())?;
                let start = match starts[..] {
                    [] => None,
                    [start] => Some(start),
                    _ => {
                        return Err(TargetError::AmbiguousStart { text: end.text.clone(), starts: graph.ids(starts) });
                    }
                };
                let lineage = branch.as_ref().map(|branch| &branch.lineage);
                let walk = graph.walk_up(start, steps.unsigned_abs(), lineage);
                Ok(Vec::from_iter(walk.map_err(|fork| graph.fork_error(end, fork))?.at))
            }
            _ => self.fixed(end, branch.as_ref()),
        }
    }

    /// Empty when the range has no lower bound.
    fn starts(&self, ends: &[Node], branch: Option<&Branch>) -> Result<Vec<Node>, TargetError> {
        let start = &self.start;
        let end_from_start = self.end.anchor.is_none() && self.end.steps >= Some(0);
        match (&start.anchor, start.steps) {
            (Some(Anchor::Current), _) => self.graph.row_nodes(self.applied_heads),
            (None, Some(steps)) if steps < 0 && !end_from_start => {
                let places = self.down_from(start, ends)?;
                // One walk that ends below a base takes the bound away.
                Ok(places.into_iter().collect::<Option<_>>().unwrap_or_default())
            }
            (None, _) => Err(TargetError::not_found(start.text.clone())),
            _ => self.fixed(start, branch),
        }
    }

    fn fixed(&self, target: &Target, branch: Option<&Branch>) -> Result<Vec<Node>, TargetError> {
        match target.steps {
            None => self.graph.anchors(target, branch),
            Some(_) => Ok(Vec::from_iter(self.graph.walk_from_anchor(target, branch)?.at)),
        }
    }

    /// Where walks from these revisions end; `None` is below a base.
    fn down_from(&self, target: &Target, starts: &[Node]) -> Result<Vec<Option<Node>>, TargetError> {
        let steps = target.steps.unwrap_or(0).unsigned_abs();
        let walks = starts.iter().map(|start| self.graph.walk_down(*start, steps));
        walks.map(|walk| Ok(walk.map_err(|fork| self.graph.fork_error(target, fork))?.at)).collect()
    }

    fn written(&self, target: &Target) -> String {
        match target.anchor {
            Some(Anchor::Current) if self.applied_heads.is_empty() => "base".to_owned(),
            Some(Anchor::Current) => join(self.applied_heads),
            _ => target.text.clone(),
        }
    }
}
