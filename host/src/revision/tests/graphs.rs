use super::*;

#[test]
fn knows_its_heads_bases_branch_and_merge_points() {
    let graph = graph(MERGED);
    assert_eq!(list(graph.heads()), "mm");
    assert_eq!(list(graph.bases()), "a");
    assert_eq!(list(graph.branch_points()), "b");
    assert_eq!(list(graph.merge_points()), "mm");
    assert_eq!(list(graph.children("b")), "c1 c2");
    assert_eq!(list(graph.children("nothing")), "");
    assert_eq!(list(graph.iter()), "a b c1 d1 c2 d2 mm");
    assert_eq!(list(graph.topological()), "a b c2 d2 c1 d1 mm");
    assert_eq!((graph.len(), graph.is_empty()), (7, false));
    assert_eq!(graph.get("d1").unwrap().file, "d1.sql");
    assert_eq!(graph.get("c1branch"), None);
}

#[test]
fn an_empty_graph_has_nothing() {
    let graph = graph("");
    assert!(graph.is_empty() && graph.heads().is_empty() && graph.topological().is_empty());
    assert_eq!(history(&graph, &[], None), Ok(Vec::new()));
}

#[test]
fn a_head_that_another_branch_needs_is_not_real() {
    let graph = graph("a1 #lib1; b1 a1; a2 #app; b2 a2 @lib1; c2 b2 @b1");
    assert_eq!(list(graph.heads()), "b1 c2");
    assert_eq!(list(graph.real_heads()), "c2");
    assert_eq!(list(graph.dependencies("b2")), "a1");
    let implied: Vec<RevisionId> = graph.implied(&ids("b2")).into_iter().collect();
    assert_eq!(implied, ids("a1 a2 b2"));
    assert_eq!(list(graph.effective_heads(&ids("c2"))), "b1 c2");
    assert_eq!(list(graph.effective_heads(&ids("b2 unknown"))), "a1 b2");
}

#[test]
fn dependencies_of_ancestors_are_normalised_away() {
    let graph = graph("a1; a2 a1; b1 @a1; b2 b1 @a1 @a2; b3 b2 @a2; c1 @a2");
    for (id, dependencies) in [("b1", "a1"), ("b2", "a2"), ("b3", ""), ("c1", "a2")] {
        assert_eq!(list(graph.dependencies(id)), dependencies, "{id}");
    }
}

/// More shared dependencies than fit into one machine word.
#[test]
fn many_dependencies_are_normalised() {
    let mut text: String = (0..150).map(|index| format!("lib{index}; ")).collect();
    let all: String = (0..150).map(|index| format!(" @lib{index}")).collect();
    text += &format!("one{all}; two one @lib3 @lib149; three two,lib0 @lib70; other @lib70");
    let graph = graph(&text);
    assert_eq!(graph.dependencies("one").len(), 150);
    assert_eq!(list(graph.dependencies("two")), "");
    assert_eq!(list(graph.dependencies("three")), "");
    assert_eq!(list(graph.dependencies("other")), "lib70");
}

#[test]
fn dependencies_are_ids_labels_or_prefixes() {
    let graph = graph("abc12; def34 #lib; x1 @abc12; x2 @lib; x3 @abc1");
    assert_eq!(list(graph.dependencies("x1")), "abc12");
    assert_eq!(list(graph.dependencies("x2")), "def34");
    assert_eq!(list(graph.dependencies("x3")), "abc12");
}

#[test]
fn labels_go_down_a_branch_and_up_a_straight_line() {
    let cases = [
        // (graph, revision, labels)
        (BRANCHES, "d1", "c1branch"),
        (BRANCHES, "c1", "c1branch"),
        (BRANCHES, "b", ""),
        (MERGED, "mm", "c1branch c2branch"),
        // Up to the base, as nothing parts the line.
        ("a; b a #x; c b", "a", "x"),
        // Not past a branch point above, nor when the branch itself parts.
        ("a; b a #x; c b; c2 b", "a", ""),
        ("a; b a; c b #x; z a", "b", "x"),
        ("a; b a; c b #x; z a", "a", ""),
        // A second dependent makes a branch point too.
        ("a; b a #x; c b; z @b", "a", ""),
        ("a; b a #x; c b; z @c", "a", "x"),
        // Not through a merge point.
        ("a; z; m a,z; b m #x", "a", ""),
        ("a; z; m a,z; b m #x", "b", "x"),
        ("a #x; b a; c b #y", "c", "x y"),
        ("a #x; b a; c b #y", "a", "x y"),
    ];
    for (text, id, labels) in cases {
        assert_eq!(graph(text).labels(id).join(" "), labels, "{id} in {text}");
    }
    let branches = graph(BRANCHES);
    let owners: Vec<_> = branches.branch_labels().map(|(label, owner)| (label, owner.id.as_str())).collect();
    assert_eq!(owners, [("c1branch", "c1"), ("c2branch", "c2")]);
}

/// The load order decides between branches, not the ids.
#[test]
fn load_order_breaks_ties() {
    assert_eq!(list(graph("a; x a; y a").topological()), "a y x");
    assert_eq!(list(graph("a; y a; x a").topological()), "a x y");
}
