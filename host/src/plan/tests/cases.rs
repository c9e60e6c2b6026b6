//! Cases observed in Alembic 1.20 that are easy to get wrong, and the errors.

use super::*;
use crate::revision::testing::BRANCHES;
use crate::revision::testing::DEPENDENT;
use crate::revision::testing::MERGED;
use crate::revision::testing::graph;
use crate::revision::testing::id;
use crate::revision::testing::try_graph;

fn run(graph_text: &str, rows: &str, command: &str) -> String {
    let (graph, rows) = (graph(graph_text), ids(rows));
    match command.split_once(' ').unwrap() {
        ("upgrade", target) => show(upgrade(&graph, &rows, target)),
        ("downgrade", target) => show(downgrade(&graph, &rows, target)),
        ("stamp", targets) => {
            let targets: Vec<&str> = targets.split(' ').collect();
            match stamp(&graph, &rows, &targets, false) {
                Ok(plan) => format!(
                    "-{} +{} {{{}}}",
                    list(&plan.change.remove),
                    list(&plan.change.add),
                    list(&plan.heads_after)
                ),
                Err(error) => error.to_string(),
            }
        }
        _ => panic!("unknown command {command}"),
    }
}

/// Two lines that depend on each other crosswise.
const CRISSCROSS: &str = "a1; a2 a1 @b1; a3 a2; b1; b2 b1 @a1; b3 b2 @a3";
/// The dependencies of `b4` are those of its ancestors too.
const NORMALISED: &str = "a1; a2 a1; a3 a2; b1; b2 b1 @a3; b3 b2; b4 b3 @a3";
/// A merge of a revision and one that depends on it.
const MERGE_OVER_DEPENDENCY: &str = "a1; b1 @a1; bm a1,b1";
/// Three parents, two merges of them.
const TWIN_MERGES: &str = "a; b1 a; b2 a; b3 a; c1 b1,b2,b3; c2 b1,b2,b3; d1 c1; d2 c2";

#[test]
fn tricky_cases_are_alembics() {
    let cases = [
        // (graph, rows, command, steps and rows after)
        (BRANCHES, "", "upgrade heads", "->a a->b b->c2 c2->d2 b->c1 c1->d1 {d1,d2}"),
        (BRANCHES, "c1", "upgrade c2branch@+1", "b->c2 {c1,c2}"),
        (BRANCHES, "c1 c2", "upgrade c2branch@+1", "c2->d2 {c1,d2}"),
        (BRANCHES, "c1 c2", "upgrade +1", "Ambiguous upgrade from multiple current revisions: c1, c2"),
        (BRANCHES, "b", "upgrade +1", "Ambiguous walk: '+1' comes to b and could go on to c1, c2"),
        (BRANCHES, "b", "upgrade c2branch@head-1", "b->c2 {c2}"),
        (BRANCHES, "d1 d2", "downgrade c2branch@base+2", "d2->c2 c2->b {d1}"),
        (BRANCHES, "d1 d2", "downgrade base+2", "d1->c1 c1->b d2->c2 c2->b {b}"),
        (BRANCHES, "d1 d2", "downgrade c2@b", "d2->c2 c2->b {d1}"),
        (BRANCHES, "c1 d2", "downgrade c1branch@b", "c1->b {d2}"),
        (BRANCHES, "d1 d2", "downgrade c1branch@-3", "d1->c1 c1->b d2->c2 c2->b b->a {a}"),
        (BRANCHES, "d1", "downgrade c2", "Destination c2 is not a valid downgrade target from current head(s)"),
        (MERGED, "d1 c2", "upgrade mm", "c2->d2 d1,d2->mm {mm}"),
        (MERGED, "mm", "downgrade c2", "mm->d1,d2 d2->c2 {c2,d1}"),
        (MERGED, "mm", "downgrade -1", "Ambiguous walk: '-1' comes to mm and could go on to d1, d2"),
        (MERGED, "mm", "downgrade c1branch@-1", "Ambiguous walk: 'c1branch@-1' comes to mm and could go on to d1, d2"),
        (MERGED, "d1 c2", "stamp c1branch@base", "-d1 + {c2}"),
        (DEPENDENT, "a2", "upgrade c2", "->a1 a1->b1 b1->c1 a2->b2 b2->c2 {c2}"),
        (DEPENDENT, "c2 d1", "downgrade lib1@-1", "d1->c1 {c2}"),
        (DEPENDENT, "c2", "downgrade lib1@base", "c2->b2 c1->b1 b1->a1 a1-> {b2}"),
        (DEPENDENT, "c2", "downgrade app@base", "c2->b2 b2->a2 a2-> {c1}"),
        // The cases named after the table.
        (CRISSCROSS, "a3 b2", "downgrade b1", "b2->b1 {a3}"),
        (NORMALISED, "b4", "downgrade b3", "b4->b3 {b3}"),
        (NORMALISED, "b4", "downgrade b1", "b4->b3 b3->b2 b2->b1 {a3,b1}"),
        (MERGE_OVER_DEPENDENCY, "bm", "downgrade a1", "bm->a1,b1 {b1}"),
        (MERGE_OVER_DEPENDENCY, "bm", "downgrade b1", "bm->a1,b1 {b1}"),
        (TWIN_MERGES, "d1 d2", "downgrade a", "d1->c1 c1->b1,b2,b3 d2->c2 c2->b1,b2,b3 b1->a b2->a b3->a {a}"),
        (BRANCHES, "d1 b", "upgrade heads", "Requested revision d1 overlaps with other requested revisions b"),
        (BRANCHES, "d1", "upgrade b", "{d1}"),
        (BRANCHES, "d1", "downgrade d1", "{d1}"),
        (BRANCHES, "", "downgrade base", "{}"),
        (BRANCHES, "d1 d2", "downgrade c1branch@base", "d1->c1 c1->b d2->c2 c2->b b->a a-> {}"),
    ];
    for (graph, rows, command, expected) in cases {
        assert_eq!(run(graph, rows, command), expected, "{{{rows}}} {command}");
    }
}

#[test]
fn errors_say_what_and_why() {
    let unknown = "Can't locate revision identified by 'zz': the database is at this revision, but it is not among the migrations";
    let cases = [
        (
            "",
            "upgrade head",
            "Multiple head revisions are present for given argument 'head'; please specify a specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads",
        ),
        ("zz", "upgrade heads", unknown),
        ("zz", "downgrade base", unknown),
        ("", "upgrade nowhere", "Can't locate revision identified by 'nowhere'"),
        ("", "upgrade c2branch@d1", "Revision d1 is not a member of branch 'c2branch'"),
        ("", "upgrade nobranch@head", "No such branch: 'nobranch'"),
        ("", "upgrade current", "Can't locate revision identified by 'current': it stands for what is applied already"),
        ("d1", "upgrade +1", "Relative revision +1 didn't produce 1 migrations"),
        ("d1", "upgrade c1branch@+5", "Relative revision +5 didn't produce 5 migrations"),
        ("d1", "upgrade -1", "Relative revision -1 didn't produce 1 migrations"),
        ("d1", "upgrade c1+5", "Walked too far: 'c1+5' goes 4 past the last revision in that direction"),
        ("d1", "downgrade -5", "Relative revision -5 didn't produce 5 migrations"),
        ("d1", "downgrade +1", "Relative revision +1 didn't produce 1 migrations"),
        ("", "downgrade -1", "Relative revision -1 didn't produce 1 migrations"),
        ("c1", "downgrade c2branch@-5", "Relative revision -5 didn't produce 5 migrations"),
        ("c1 c2", "downgrade a@-1", "Ambiguous downgrade from multiple current revisions: c1, c2"),
        (
            "d1 d2",
            "downgrade a@b",
            "Not a valid downgrade target from current heads: nothing above 'a@b' leads to branch 'a'",
        ),
        ("d1 d2", "stamp b d1", "Requested revision d1 overlaps with other requested revisions b"),
        (
            "d1 d2",
            "stamp -1",
            "Can't locate revision identified by '-1': a stamp needs a fixed target, not one relative to the database",
        ),
    ];
    for (rows, command, expected) in cases {
        assert_eq!(run(BRANCHES, rows, command), expected, "{{{rows}}} {command}");
    }
}

#[test]
fn every_error_has_a_hint() {
    let graph = graph(BRANCHES);
    let error = upgrade(&graph, &ids("d1 b"), "heads").unwrap_err();
    assert_eq!(error.kind(), "overlapping-rows");
    assert!(error.hint().unwrap().contains("host stamp d1"));
    let error = downgrade(&graph, &ids("zz"), "base").unwrap_err();
    assert_eq!(error.kind(), "unknown-rows");
    assert!(error.hint().unwrap().contains("host stamp REVISION"));
    let error = upgrade(&graph, &[], "head").unwrap_err();
    assert_eq!(error.kind(), "multiple-heads");
    assert!(error.hint().unwrap().contains("d1, d2"));
    let hint = |text: &str, rows: &str, target: &str| {
        let error = downgrade(&try_graph(text).unwrap(), &ids(rows), target).unwrap_err();
        assert_eq!(error.kind(), "not-applied");
        error.hint().unwrap()
    };
    assert!(hint("a; b a", "", "a").contains("the database is at base"));
    assert!(hint("a; b a; c a", "b", "c").contains("the database is at b; name an ancestor"));
    // A head that has no row, because another branch depends on it.
    assert!(hint("a; b a; x @b; y @b", "x y", "b").contains("only because of x, y"));
}

#[test]
fn a_downgrade_tells_what_else_it_takes() {
    let cases = [
        (BRANCHES, "d1 d2", "c1branch@base", Some(("d2 c2", "c2branch"))),
        (BRANCHES, "d1 d2", "c1branch@b", None),
        (BRANCHES, "d1 d2", "a", None),
        (BRANCHES, "d1 d2", "base", None),
        (DEPENDENT, "c2", "lib1@base", Some(("c2", "app"))),
        (DEPENDENT, "c2", "b1", Some(("c2", "app"))),
        (MERGED, "mm", "c2", None),
    ];
    for (graph_text, rows, target, expected) in cases {
        let plan = downgrade(&graph(graph_text), &ids(rows), target).unwrap();
        let expected: Vec<Note> = expected
            .into_iter()
            .map(|(revisions, branch)| Note::TakesAlong {
                revisions: ids(revisions),
                branches: vec![branch.to_owned()],
            })
            .collect();
        assert_eq!(plan.notes, expected, "{{{rows}}} {target}");
    }
}

#[test]
fn minus_one_from_several_rows_counts_from_the_first() {
    let plan = downgrade(&graph(BRANCHES), &ids("d2 d1"), "-1").unwrap();
    assert_eq!(plan.notes, [Note::FirstOfSeveralHeads { chosen: id("d2"), others: ids("d1") }]);
    assert_eq!(
        plan.notes[0].to_string(),
        "counts from d2 alone, although d1 is current too; name a branch, such as LABEL@-1"
    );
    assert_eq!(show(Ok(plan)), "d2->c2 {c2,d1}");
}

#[test]
fn a_merge_replaces_all_its_rows_in_one_change() {
    let plan = upgrade(&graph(MERGED), &ids("d1 d2"), "head").unwrap();
    let change = HeadChange { remove: ids("d1 d2"), add: ids("mm") };
    assert_eq!(plan.steps[0].change, change);
    assert_eq!(plan.heads_before, ids("d1 d2").into_iter().collect());
}

/// Alembic leaves both rows here, and its next upgrade fails because they overlap.
#[test]
fn unmerging_over_a_dependency_leaves_no_overlap() {
    let graph = format!("{MERGE_OVER_DEPENDENCY}; z");
    assert_eq!(run(&graph, "bm z", "downgrade b1"), "bm->a1,b1 {b1,z}");
}

#[test]
fn a_downgrade_works_from_overlapping_rows() {
    assert_eq!(run(BRANCHES, "b d1", "downgrade c1"), "d1->c1 {b,c1}");
    assert_eq!(run(BRANCHES, "b d1", "downgrade a"), "d1->c1 c1->b b->a {a}");
}

#[test]
fn stamps_replace_related_rows() {
    let cases = [
        (BRANCHES, "", "stamp heads", "- +d1,d2 {d1,d2}"),
        (BRANCHES, "b", "stamp d1", "-b +d1 {d1}"),
        (BRANCHES, "d1 d2", "stamp b", "-d1,d2 +b {b}"),
        (BRANCHES, "d1", "stamp d2", "- +d2 {d1,d2}"),
        (BRANCHES, "d1 d2", "stamp c1 c2", "-d1,d2 +c1,c2 {c1,c2}"),
        (BRANCHES, "d1 d2", "stamp base", "-d1,d2 + {}"),
        (BRANCHES, "d1 b", "stamp d1", "-b + {d1}"),
        (BRANCHES, "d1", "stamp d1", "- + {d1}"),
        (BRANCHES, "d1 d2", "stamp c1branch@head-1", "-d1 +c1 {c1,d2}"),
        (DEPENDENT, "c2", "stamp d1", "- +d1 {c2,d1}"),
        (DEPENDENT, "c2", "stamp b1", "-c2 +b1 {b1}"),
        (DEPENDENT, "", "stamp heads", "- +c2,d1 {c2,d1}"),
        (BRANCHES, "zz", "stamp d1", "-zz +d1 {d1}"),
        (BRANCHES, "zz d1", "stamp d2", "-zz +d2 {d1,d2}"),
    ];
    for (graph, rows, command, expected) in cases {
        assert_eq!(run(graph, rows, command), expected, "{{{rows}}} {command}");
    }
}

#[test]
fn a_stamp_names_the_unknown_rows_it_deletes() {
    let graph = graph(BRANCHES);
    let plan = stamp(&graph, &ids("zz d1"), &["d2"], false).unwrap();
    assert_eq!(plan.notes, [Note::UnknownRowsRemoved { rows: ids("zz") }]);
    assert_eq!(plan.notes[0].to_string(), "deletes zz, which is not among the migrations");
    let plan = stamp(&graph, &ids("zz d1"), &["d2"], true).unwrap();
    assert_eq!((plan.notes, plan.heads_after), (Vec::new(), ids("d2").into_iter().collect()));
}
