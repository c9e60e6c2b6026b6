//! The order of work.

use super::Graph;
use super::Node;
use super::NodeSet;

/// One line of revisions that is being walked down.
struct Line {
    /// Grows from line to line and never changes, so lines can be found by it.
    key: usize,
    at: Node,
}

/// Sorts revisions so that each comes before its parents and dependencies, in exactly Alembic's order.
///
/// The lines below `heads` are walked down one at a time, in load order of the heads. A line waits where another one
/// has still to come through; then that other line is walked, the oldest one if there are several.
///
/// `todo` has no gaps: what lies between two of its revisions belongs to it. What no line reaches is left out.
pub(crate) fn newest_first(graph: &Graph, todo: &NodeSet, heads: &[Node]) -> Vec<Node> {
    let mut open = Open::new(graph, todo);
    let mut starts: Vec<Node> = heads.iter().copied().filter(|head| todo.contains(*head)).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut lines: Vec<Line> = Vec::new();
    for start in starts {
        open.add_line(&mut lines, start);
    }

    let mut order = Vec::new();
    let mut current = 0;
    while let Some(line) = lines.get(current) {
        let (key, at) = (line.key, line.at);
        if open.waiting_for[at] > 0 {
            match open.oldest_line_above(at, &lines) {
                Some(other) => current = lines.partition_point(|line| line.key < other),
                // Cannot happen in a set without gaps; the line must not wait for ever.
                None => open.waiting_for[at] = 0,
            }
            continue;
        }
        order.push(at);
        open.take(at);
        let free: Vec<Node> = graph
            .real_parents(at)
            .iter()
            .copied()
            .filter(|parent| open.todo.contains(*parent) && open.line_at[*parent].is_none())
            .collect();
        match free.split_first() {
            None => {
                lines.remove(current);
                current = current.saturating_sub(1);
            }
            Some((next, others)) => {
                lines[current].at = *next;
                open.line_at[*next] = Some(key);
                for other in others {
                    open.add_line(&mut lines, *other);
                }
            }
        }
    }
    order
}

/// What is not sorted yet.
struct Open<'graph> {
    graph: &'graph Graph,
    todo: NodeSet,
    /// For every node the number of open revisions that must come right before it.
    waiting_for: Vec<usize>,
    /// The key of the line that stands at a node.
    line_at: Vec<Option<usize>>,
    lines_made: usize,
    /// The last search that saw a node; saves clearing between searches.
    seen_in: Vec<usize>,
    searches: usize,
}

impl<'graph> Open<'graph> {
    fn new(graph: &'graph Graph, todo: &NodeSet) -> Self {
        let mut waiting_for = vec![0; graph.len()];
        for parent in todo.iter().flat_map(|node| graph.real_parents(node)) {
            waiting_for[*parent] += 1;
        }
        Self {
            graph,
            todo: todo.clone(),
            waiting_for,
            line_at: vec![None; graph.len()],
            lines_made: 0,
            seen_in: vec![0; graph.len()],
            searches: 0,
        }
    }

    fn add_line(&mut self, lines: &mut Vec<Line>, at: Node) {
        lines.push(Line { key: self.lines_made, at });
        self.line_at[at] = Some(self.lines_made);
        self.lines_made += 1;
    }

    fn take(&mut self, node: Node) {
        self.todo.remove(node);
        self.line_at[node] = None;
        for parent in self.graph.real_parents(node) {
            self.waiting_for[*parent] = self.waiting_for[*parent].saturating_sub(1);
        }
    }

    /// The lowest key of the lines that stand above a node.
    ///
    /// Only a line that stands higher in the whole graph can stand above. The search ends at the oldest of these, which
    /// mostly is the one, and near; otherwise it sees everything above the node.
    fn oldest_line_above(&mut self, node: Node, lines: &[Line]) -> Option<usize> {
        let height = &self.graph.heights;
        let oldest_possible = lines.iter().find(|line| height[line.at] > height[node])?.key;
        self.searches += 1;
        let mut oldest = None;
        let mut above = vec![node];
        while let Some(node) = above.pop() {
            for child in &self.graph.real_children[node] {
                if !self.todo.contains(*child) || self.seen_in[*child] == self.searches {
                    continue;
                }
                self.seen_in[*child] = self.searches;
                if let Some(key) = self.line_at[*child] {
                    if key == oldest_possible {
                        return Some(key);
                    }
                    oldest = Some(oldest.map_or(key, |oldest: usize| oldest.min(key)));
                }
                above.push(*child);
            }
        }
        oldest
    }
}
