//! What revisions are called.

use super::Node;
use super::RevisionId;

/// Ids and labels, sorted, each once; a label stands for the revision that has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<(RevisionId, Node)>);

impl Names {
    /// From names that are all different. Those that come sorted, as ids in the order of their files mostly do, cost little.
    pub(super) fn new(names: impl IntoIterator<Item = (RevisionId, Node)>) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort();
        Self(names)
    }

    /// The revision with this name.
    pub(super) fn get(&self, name: &str) -> Option<Node> {
        let place = self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.0.get(place).map(|(_, node)| *node)
    }

    /// The names that begin with a text, sorted.
    pub(super) fn beginning_with(&self, text: &str) -> impl Iterator<Item = (&RevisionId, Node)> {
        let first = self.0.partition_point(|(name, _)| name.as_str() < text);
        let rest = self.0.get(first..).unwrap_or_default().iter();
        rest.take_while(move |(name, _)| name.as_str().starts_with(text)).map(|(name, node)| (name, *node))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole_and_by_their_beginning() {
        let all = ["b", "ab", "c", "abc", "a"];
        let names = Names::new(all.iter().enumerate().map(|(node, name)| (RevisionId::new(name).unwrap(), node)));
        assert!(all.iter().enumerate().all(|(node, name)| names.get(name) == Some(node)));
        assert!([names.get(""), names.get("abcd"), Names::default().get("a")].iter().all(Option::is_none));
        for (beginning, expected) in [("ab", &[1, 3][..]), ("", &[4, 1, 3, 0, 2]), ("c", &[2]), ("d", &[]), ("ac", &[])]
        {
            assert_eq!(names.beginning_with(beginning).map(|(_, node)| node).collect::<Vec<_>>(), expected);
        }
    }
}
