use super::*;

fn new_revision(heads: &str) -> NewRevision {
    NewRevision {
        id: id("new"),
        heads: heads.split_whitespace().map(str::to_owned).collect(),
        merge: false,
        splice: false,
        depends_on: Vec::new(),
        branch_labels: Vec::new(),
    }
}

fn placed(graph_text: &str, new: &NewRevision) -> String {
    match place(&graph(graph_text), new) {
        Ok(place) => format!("{} @{}", join(&place.revises), place.depends_on.join(" @")),
        Err(error) => {
            assert!(error.hint().is_some());
            format!("{}: {error}", error.kind())
        }
    }
}

#[test]
fn finds_the_parents() {
    let merge = |heads| NewRevision { merge: true, ..new_revision(heads) };
    let splice = |heads| NewRevision { splice: true, ..new_revision(heads) };
    let cases = [
        (MERGED, new_revision("head"), "mm @"),
        ("", new_revision("head"), " @"),
        (BRANCHES, new_revision("base"), " @"),
        (BRANCHES, new_revision("c1branch@head"), "d1 @"),
        (BRANCHES, merge("heads"), "d1, d2 @"),
        (BRANCHES, merge("d2 c1branch@head"), "d2, d1 @"),
        (BRANCHES, splice("b"), "b @"),
        (
            BRANCHES,
            new_revision("b"),
            "not-a-head: Revision b is not a head revision; please specify --splice to create a new branch from this revision",
        ),
        (
            BRANCHES,
            new_revision("head"),
            "multiple-heads: Multiple heads are present; please specify the head revision on which the new revision should be based, or perform a merge",
        ),
        (BRANCHES, merge("d1 d1"), "duplicate-heads: Duplicate head revisions specified: d1"),
        (BRANCHES, merge("d1"), "nothing-to-merge: There is nothing to merge: d1 names 1 revision(s)"),
        (
            BRANCHES,
            new_revision("d1 base"),
            "base-among-parents: 'base' stands for no revision, so it cannot be a parent beside others",
        ),
        (
            BRANCHES,
            merge("base d1 d2"),
            "base-among-parents: 'base' stands for no revision, so it cannot be a parent beside others",
        ),
        (BRANCHES, new_revision("zz"), "unknown-revision: Can't locate revision identified by 'zz'"),
    ];
    for (graph, new, expected) in cases {
        assert_eq!(placed(graph, &new), expected, "{:?}", new.heads);
    }
}

#[test]
fn dependencies_become_whole_ids_but_labels_stay() {
    let depending =
        |depends_on: &str| NewRevision { depends_on: vec![depends_on.to_owned()], ..new_revision("two@head") };
    let graph = "abc1234 #one; def1234 #two";
    assert_eq!(placed(graph, &depending("abc1")), "def1234 @abc1234");
    assert_eq!(placed(graph, &depending("one")), "def1234 @one");
    assert_eq!(placed(graph, &depending("one@head")), "def1234 @abc1234");
    assert_eq!(
        placed(graph, &depending("base")),
        "not-one-dependency: A dependency is one revision, and 'base' names 0"
    );
}

#[test]
fn what_would_break_the_graph_is_refused() {
    let taken = NewRevision { id: id("a"), ..new_revision("head") };
    assert_eq!(
        placed(MERGED, &taken),
        "duplicate-revision: Revision a is present more than once: in a.sql and in the new migration"
    );
    let labelled = |label: &str| NewRevision { branch_labels: vec![label.to_owned()], ..new_revision("head") };
    assert_eq!(
        placed(MERGED, &labelled("c1branch")),
        "duplicate-label: Branch name 'c1branch' in revision new already used by revision c1 (the new migration and c1.sql)"
    );
    assert_eq!(
        placed(MERGED, &labelled("a")),
        "label-is-revision: Branch name 'a' of revision new in the new migration is also the revision in a.sql"
    );
    assert_eq!(
        placed(MERGED, &labelled("a-b")),
        "invalid-label: Branch name 'a-b' of revision new in the new migration cannot be used"
    );
}
