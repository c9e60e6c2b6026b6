//! From texts to revisions.

use super::Anchor;
use super::Graph;
use super::Node;
use super::NodeSet;
use super::RevisionId;
use super::Target;
use super::TargetError;
use super::names::Names;
use super::walk::Fork;
use super::walk::Walk;

/// Names that can be shortened have more characters than this, as in Alembic.
const WHOLE_NAME_CHARACTERS: usize = 3;

/// The branch that a target names before its `@`.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) name: String,
    pub(crate) node: Node,
    /// All its ancestors and descendants along `revises`, and itself.
    pub(crate) lineage: NodeSet,
}

/// The revisions that a target names, for commands that only look: `show`, `edit`. Empty for `base`.
///
/// `-N` goes down from every head, as in Alembic. `current` gives the rows of the version table.
///
/// # Errors
/// [`TargetError`] when the text names nothing, is ambiguous, or, with `current`, when a row is not among the revisions.
pub fn resolve_revisions(
    graph: &Graph,
    applied_heads: &[RevisionId],
    text: &str,
) -> Result<Vec<RevisionId>, TargetError> {
    let target = Target::parse(text)?;
    let nodes = match target.anchor {
        Some(Anchor::Current) => graph.row_nodes(applied_heads)?,
        None => match target.steps {
            Some(steps) if steps < 0 => {
                let branch = graph.branch_of(&target)?;
                graph.below(&target, graph.heads_on(branch.as_ref()))?
            }
            _ => return Err(TargetError::not_found(target.text)),
        },
        Some(_) => graph.resolve(&target)?,
    };
    Ok(graph.ids(nodes))
}

impl Graph {
    /// The nodes of rows of the version table, each once, in their order.
    pub(crate) fn row_nodes(&self, rows: &[RevisionId]) -> Result<Vec<Node>, TargetError> {
        let mut nodes = Vec::with_capacity(rows.len());
        let mut unknown = Vec::new();
        for row in rows {
            match self.node(row.as_str()) {
                Some(node) if nodes.contains(&node) => {}
                Some(node) => nodes.push(node),
                None => unknown.push(row.clone()),
            }
        }
        if unknown.is_empty() { Ok(nodes) } else { Err(TargetError::UnknownRows { rows: unknown }) }
    }

    /// What a target that does not depend on the database names; empty for `base`.
    pub(crate) fn resolve(&self, target: &Target) -> Result<Vec<Node>, TargetError> {
        let branch = self.branch_of(target)?;
        match target.steps {
            None => self.anchors(target, branch.as_ref()),
            Some(_) => {
                let walk = self.walk_from_anchor(target, branch.as_ref())?;
                match walk.missing {
                    0 => Ok(Vec::from_iter(walk.at)),
                    missing => Err(TargetError::WalkedTooFar { text: target.text.clone(), missing }),
                }
            }
        }
    }

    /// Like [`Graph::resolve`], for targets that must be one place; `None` is `base`.
    pub(crate) fn resolve_one(&self, target: &Target) -> Result<Option<Node>, TargetError> {
        let nodes = self.resolve(target)?;
        self.only(target, &nodes)
    }

    /// The way of a target with an anchor and steps. Does not fail where the graph ends.
    pub(crate) fn walk_from_anchor(&self, target: &Target, branch: Option<&Branch>) -> Result<Walk, TargetError> {
        let steps = target.steps.unwrap_or(0);
        let anchors = self.anchors(target, branch)?;
        let start = self.only(target, &anchors)?;
        let walk = match start {
            None if steps < 0 => Ok(Walk { at: None, missing: steps.unsigned_abs() }),
            Some(start) if steps < 0 => self.walk_down(start, steps.unsigned_abs()),
            start => self.walk_up(start, steps.unsigned_abs(), branch.map(|branch| &branch.lineage)),
        };
        walk.map_err(|fork| self.fork_error(target, fork))
    }

    /// Goes down from each of these nodes by the steps of the target; leaves out walks that end below a base.
    pub(crate) fn below(&self, target: &Target, starts: Vec<Node>) -> Result<Vec<Node>, TargetError> {
        let steps = target.steps.unwrap_or(0).unsigned_abs();
        let mut nodes = Vec::new();
        for start in starts {
            let walk = self.walk_down(start, steps).map_err(|fork| self.fork_error(target, fork))?;
            if walk.missing > 0 {
                return Err(TargetError::WalkedTooFar { text: target.text.clone(), missing: walk.missing });
            }
            nodes.extend(walk.at.filter(|node| !nodes.contains(node)));
        }
        Ok(nodes)
    }

    /// The branch that a target names.
    pub(crate) fn branch_of(&self, target: &Target) -> Result<Option<Branch>, TargetError> {
        let Some(name) = &target.branch else {
            return Ok(None);
        };
        let node = self.find(name, None).map_err(|error| match error {
            TargetError::NotFound { .. } => TargetError::NoSuchBranch { branch: name.clone() },
            error => error,
        })?;
        Ok(Some(Branch { name: name.clone(), ..self.branch_at(node) }))
    }

    /// The branch that a revision stands for.
    pub(crate) fn branch_at(&self, node: Node) -> Branch {
        Branch { name: self.id(node).to_string(), node, lineage: self.lineage(node) }
    }

    /// The real heads; on a branch its heads, without those that others of them depend on.
    pub(crate) fn heads_on(&self, branch: Option<&Branch>) -> Vec<Node> {
        let Some(branch) = branch else {
            return self.real_head_nodes();
        };
        let mut heads = self.head_nodes();
        heads.retain(|head| branch.lineage.contains(*head));
        self.maximal(&heads)
    }

    pub(crate) fn fork_error(&self, target: &Target, fork: Fork) -> TargetError {
        let at = fork.at.map(|node| self.id(node).clone());
        TargetError::AmbiguousWalk { text: target.text.clone(), at, ways: self.ids(fork.ways) }
    }

    /// What the anchor of a target names, without its steps.
    pub(crate) fn anchors(&self, target: &Target, branch: Option<&Branch>) -> Result<Vec<Node>, TargetError> {
        match &target.anchor {
            None => Err(TargetError::not_found(target.text.clone())),
            Some(Anchor::Current) => Err(TargetError::CurrentNotAllowed),
            Some(Anchor::Base) => Ok(Vec::new()),
            Some(Anchor::Heads) => Ok(self.heads_on(branch)),
            Some(Anchor::Head) => {
                let mut heads = self.head_nodes();
                heads.retain(|head| branch.is_none_or(|branch| branch.lineage.contains(*head)));
                self.only(target, &heads)?;
                Ok(heads)
            }
            Some(Anchor::Name(name)) => self.find(name, branch).map(|node| vec![node]),
        }
    }

    fn only(&self, target: &Target, nodes: &[Node]) -> Result<Option<Node>, TargetError> {
        match nodes {
            [] => Ok(None),
            [node] => Ok(Some(*node)),
            _ => Err(TargetError::MultipleHeads {
                argument: target.text.clone(),
                heads: self.ids(nodes.iter().copied()),
            }),
        }
    }

    /// The revision with this id or label, or the only one that begins with it.
    fn find(&self, name: &str, branch: Option<&Branch>) -> Result<Node, TargetError> {
        if let Some(node) = self.names.get(name) {
            return match branch {
                Some(branch) if !branch.lineage.contains(node) => {
                    Err(TargetError::NotOnBranch { revision: self.id(node).clone(), branch: branch.name.clone() })
                }
                _ => Ok(node),
            };
        }
        let candidates: Vec<_> = names_with_prefix(&self.names, name)
            .filter(|(_, node)| branch.is_none_or(|branch| branch.lineage.contains(*node)))
            .collect();
        match candidates[..] {
            [] => {
                let only_whole = self.names.beginning_with(name).map(|(name, _)| name.clone()).collect();
                Err(TargetError::NotFound { name: name.to_owned(), only_whole })
            }
            [(_, node)] => Ok(node),
            _ => Err(TargetError::AmbiguousPrefix {
                prefix: name.to_owned(),
                candidates: candidates.iter().map(|(name, _)| name.to_string()).collect(),
            }),
        }
    }
}

/// The ids and labels that begin with a text, sorted. Short ones only count when they are written out.
pub(super) fn names_with_prefix<'names>(
    names: &'names Names,
    prefix: &str,
) -> impl Iterator<Item = (&'names RevisionId, Node)> {
    names.beginning_with(prefix).filter(|(name, _)| name.as_str().chars().count() > WHOLE_NAME_CHARACTERS)
}
