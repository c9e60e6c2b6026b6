use super::*;

/// Labels, short and long ids, and a shared prefix.
const NAMES: &str = "abc1234 #lib; abc1999 abc1234; x; xyz x; label1234 #labels";

fn resolved(graph_text: &str, text: &str) -> String {
    shown(resolve_revisions(&graph(graph_text), &ids("d1 c2"), text))
}

fn shown(result: Result<Vec<RevisionId>, TargetError>) -> String {
    match result {
        Ok(ids) => join(&ids).replace(", ", " "),
        Err(error) => {
            assert!(error.hint().is_some());
            format!("{}: {error}", error.kind())
        }
    }
}

#[test]
fn targets_name_revisions() {
    let cases = [
        (BRANCHES, "heads", "d1 d2"),
        (BRANCHES, "base", ""),
        (BRANCHES, "current", "d1 c2"),
        (BRANCHES, "c1branch", "c1"),
        (BRANCHES, "c1branch@head", "d1"),
        (BRANCHES, "c1branch@heads", "d1"),
        (BRANCHES, "c1branch@base", ""),
        (BRANCHES, "c1branch@d1", "d1"),
        (BRANCHES, "c1branch@a", "a"),
        (BRANCHES, "d2@head-1", "c2"),
        (BRANCHES, "c1branch@base+2", "b"),
        (BRANCHES, "c1branch@base+3", "c1"),
        (BRANCHES, "base+1", "a"),
        (BRANCHES, "d1-3", "a"),
        (BRANCHES, "d1-4", ""),
        (BRANCHES, "c1+1", "d1"),
        (BRANCHES, "-1", "c1 c2"),
        (BRANCHES, "c1branch@-1", "c1"),
        (DEPENDENT, "heads", "d1 c2"),
        (DEPENDENT, "app@heads", "c2"),
        (NAMES, "abc1234", "abc1234"),
        (NAMES, "abc12", "abc1234"),
        (NAMES, "lib", "abc1234"),
        // An exact name wins over longer ones.
        (NAMES, "x", "x"),
        // Labels can be shortened too.
        (NAMES, "labels", "label1234"),
    ];
    for (graph, text, expected) in cases {
        assert_eq!(resolved(graph, text), expected, "{text}");
    }
}

#[test]
fn a_short_name_that_was_cut_is_named() {
    let hint = |text| resolve_revisions(&graph(NAMES), &[], text).expect_err("no revision").hint().expect("a hint");
    assert_eq!(hint("xy"), "write xyz in full: names of up to three characters cannot be shortened");
    assert_eq!(hint("li"), "write lib in full: names of up to three characters cannot be shortened");
    for text in ["y", "nothing"] {
        assert!(hint(text).starts_with("see `host history`"), "{text}: {}", hint(text));
    }
}

#[test]
fn targets_that_name_nothing_say_why() {
    let cases = [
        (
            BRANCHES,
            "head",
            "multiple-heads: Multiple head revisions are present for given argument 'head'; please specify a specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads",
        ),
        (BRANCHES, "zz", "unknown-revision: Can't locate revision identified by 'zz'"),
        (BRANCHES, "zz@head", "unknown-branch: No such branch: 'zz'"),
        (BRANCHES, "c1branch@d2", "not-on-branch: Revision d2 is not a member of branch 'c1branch'"),
        (BRANCHES, "base+3", "ambiguous-walk: Ambiguous walk: 'base+3' comes to b and could go on to c1, c2"),
        (BRANCHES, "d1-6", "walked-too-far: Walked too far: 'd1-6' goes 2 past the last revision in that direction"),
        (
            BRANCHES,
            "base-1",
            "walked-too-far: Walked too far: 'base-1' goes 1 past the last revision in that direction",
        ),
        (BRANCHES, "+1", "unknown-revision: Can't locate revision identified by '+1'"),
        ("a; b", "base+1", "ambiguous-walk: Ambiguous walk: 'base+1' comes to base and could go on to a, b"),
        (NAMES, "abc1", "ambiguous-prefix: Multiple revisions start with 'abc1': abc1234, abc1999"),
        (NAMES, "label", "ambiguous-prefix: Multiple revisions start with 'label': label1234, labels"),
        (NAMES, "xy", "unknown-revision: Can't locate revision identified by 'xy'"),
    ];
    for (graph, text, expected) in cases {
        assert_eq!(resolved(graph, text), expected, "{text}");
    }
    let graph = graph(BRANCHES);
    assert_eq!(
        shown(resolve_revisions(&graph, &ids("d1 zz"), "current")),
        "unknown-rows: Can't locate revision identified by 'zz': the database is at this revision, but it is not among the migrations"
    );
}

#[test]
fn a_branch_can_make_a_prefix_unique() {
    let graph = graph("abc11 #one; abc12 #two");
    assert_eq!(shown(resolve_revisions(&graph, &[], "two@abc")), "abc12");
}

#[test]
fn ranges_of_the_history() {
    let cases = [
        (BRANCHES, "", None, "d1 c1 d2 c2 b a"),
        (BRANCHES, "", Some(":"), "d1 c1 d2 c2 b a"),
        (
            BRANCHES,
            "",
            Some("c1:d2"),
            "not-along-branch: Requested range c1:d2 does not refer to ancestor/descendant revisions along the same branch",
        ),
        (BRANCHES, "", Some("b:"), "d1 c1 d2 c2 b"),
        (BRANCHES, "", Some("b:d2"), "d2 c2 b"),
        (BRANCHES, "", Some(":c2"), "c2 b a"),
        (
            BRANCHES,
            "",
            Some("d2:b"),
            "not-along-branch: Requested range d2:b does not refer to ancestor/descendant revisions along the same branch",
        ),
        (BRANCHES, "", Some("c1branch@b:"), "d1 c1 b"),
        (BRANCHES, "", Some("c1branch@base:"), "d1 c1 b a"),
        (BRANCHES, "", Some("-1:c1branch@head"), "d1 c1"),
        (BRANCHES, "", Some("-9:c1branch@head"), "d1 c1 b a"),
        (BRANCHES, "", Some("c1branch@-1:"), "d1 c1"),
        (BRANCHES, "", Some(":-1"), "c1 c2 b a"),
        (BRANCHES, "", Some("a:+1"), "b a"),
        (BRANCHES, "", Some("base:+2"), "b a"),
        (BRANCHES, "", Some("b:c2branch@+1"), "c2 b"),
        (BRANCHES, "", Some("b:+1"), "ambiguous-walk: Ambiguous walk: '+1' comes to b and could go on to c1, c2"),
        (BRANCHES, "", Some("c2:d2-1"), "c2"),
        (
            BRANCHES,
            "c1",
            Some("current:d2"),
            "not-along-branch: Requested range c1:d2 does not refer to ancestor/descendant revisions along the same branch",
        ),
        (BRANCHES, "c1 c2", Some("current:"), "d1 c1 d2 c2"),
        (BRANCHES, "c1 c2", Some(":current"), "c1 c2 b a"),
        (BRANCHES, "c1", Some("-1:current"), "c1 b"),
        (
            BRANCHES,
            "b",
            Some("current:+1"),
            "ambiguous-walk: Ambiguous walk: '+1' comes to b and could go on to c1, c2",
        ),
        (BRANCHES, "", Some(":current"), ""),
        (BRANCHES, "", Some("current:b"), "b a"),
        (
            BRANCHES,
            "",
            Some("b:current"),
            "not-along-branch: Requested range b:base does not refer to ancestor/descendant revisions along the same branch",
        ),
        (BRANCHES, "", Some("c1branch@head-1:+1"), "d1 c1"),
        (
            BRANCHES,
            "zz",
            Some(":current"),
            "unknown-rows: Can't locate revision identified by 'zz': the database is at this revision, but it is not among the migrations",
        ),
        (BRANCHES, "", Some("a"), "range-syntax: History range requires [start]:[end], [start]:, or :[end], not 'a'"),
        (
            BRANCHES,
            "",
            Some("a:b:c"),
            "range-syntax: History range requires [start]:[end], [start]:, or :[end], not 'a:b:c'",
        ),
        (BRANCHES, "", Some("-1:+1"), "unknown-revision: Can't locate revision identified by '-1'"),
        (DEPENDENT, "", None, "d1 c2 b2 a2 c1 b1 a1"),
        // Only descendants along `revises` belong to a range.
        (DEPENDENT, "", Some("b2:"), "c2 b2"),
        (DEPENDENT, "", Some("b1:c2"), "c1 b1"),
    ];
    for (graph_text, rows, range, expected) in cases {
        assert_eq!(shown(history(&graph(graph_text), &ids(rows), range)), expected, "{range:?}");
    }
}

/// `z` needs `x` through a revision outside the range.
#[test]
fn a_range_keeps_the_order_of_what_lies_outside() {
    let graph = graph("x0; x1 x0; y @x1; z x0 @y");
    assert_eq!(shown(history(&graph, &[], Some("x0:heads"))), "z x1 x0");
}
