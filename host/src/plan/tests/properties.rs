//! Laws that hold on every graph.

use super::*;
use crate::revision::Revision;
use crate::revision::testing::id;
use proptest::prelude::*;

/// Random graphs of up to `REVISIONS_MAX` revisions in which parents and dependencies come from earlier ones; the load
/// order is shuffled. Few parents make several bases, several make merges.
fn graphs() -> impl Strategy<Value = Graph> {
    const REVISIONS_MAX: usize = 24;
    let revision = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        prop::collection::vec(any::<prop::sample::Index>(), 0..2),
        prop::bool::weighted(0.2),
        any::<u32>(),
    );
    prop::collection::vec(revision, 1..REVISIONS_MAX).prop_map(|drawn| {
        let earlier = |indices: &[prop::sample::Index], below: usize| {
            let all: BTreeSet<usize> = indices.iter().filter(|_| below > 0).map(|index| index.index(below)).collect();
            all.into_iter().map(|index| id(&format!("rev{index}"))).collect::<Vec<_>>()
        };
        let mut revisions: Vec<(u32, Revision)> = drawn
            .iter()
            .enumerate()
            .map(|(index, (parents, dependencies, labelled, load_order))| {
                let revises = earlier(parents, index);
                let depends_on = earlier(dependencies, index)
                    .into_iter()
                    .filter(|id| !revises.contains(id))
                    .map(String::from)
                    .collect();
                let revision = Revision {
                    id: id(&format!("rev{index}")),
                    revises,
                    depends_on,
                    branch_labels: Vec::from_iter(labelled.then(|| format!("label{index}"))),
                    message: String::new(),
                    file: format!("{index}.sql"),
                };
                (*load_order, revision)
            })
            .collect();
        revisions.sort_by_key(|(load_order, _)| *load_order);
        Graph::new(revisions.into_iter().map(|(_, revision)| revision)).unwrap()
    })
}

/// A graph with rows that an upgrade could have left, and a revision to go to.
fn states() -> impl Strategy<Value = (Graph, Vec<RevisionId>, RevisionId)> {
    (graphs(), prop::collection::vec(any::<prop::sample::Index>(), 0..3), any::<prop::sample::Index>()).prop_map(
        |(graph, applied, target)| {
            let all: Vec<RevisionId> = graph.iter().map(|revision| revision.id.clone()).collect();
            let applied: Vec<RevisionId> = applied.iter().map(|index| index.get(&all).clone()).collect();
            let applied = graph.implied(&applied);
            let rows = maximal(&graph, &applied).into_iter().collect();
            let target = target.get(&all).clone();
            (graph, rows, target)
        },
    )
}

/// The applied revisions that no other applied revision implies, found the slow way.
fn maximal(graph: &Graph, applied: &BTreeSet<RevisionId>) -> BTreeSet<RevisionId> {
    let implied_by_another =
        |id: &RevisionId| applied.iter().any(|other| other != id && graph.implied([other]).contains(id));
    applied.iter().filter(|id| !implied_by_another(id)).cloned().collect()
}

/// After every step all that an applied revision needs is applied, and the rows are the maximal applied revisions.
fn check(graph: &Graph, plan: &Plan) {
    check_changes(plan);
    let mut applied = graph.implied(&plan.heads_before);
    let mut rows = plan.heads_before.clone();
    for step in &plan.steps {
        match step.direction {
            Direction::Upgrade => assert!(applied.insert(step.revision.clone()), "{} twice", step.revision),
            Direction::Downgrade => {
                assert!(applied.remove(&step.revision), "{} twice", step.revision)
            }
        }
        assert_eq!(applied, graph.implied(&applied), "after {}", step.revision);
        rows.retain(|row| !step.change.remove.contains(row));
        rows.extend(step.change.add.iter().cloned());
        assert_eq!(rows, maximal(graph, &applied), "after {}", step.revision);
    }
}

proptest! {
    #[test]
    fn up_to_heads_and_down_to_base_is_nothing(graph in graphs()) {
        let up = upgrade(&graph, &[], "heads").unwrap();
        check(&graph, &up);
        prop_assert_eq!(up.steps.len(), graph.len());
        let real_heads: BTreeSet<_> = graph.real_heads().into_iter().map(|head| head.id.clone()).collect();
        prop_assert_eq!(&up.heads_after, &real_heads);
        let rows = Vec::from_iter(up.heads_after);
        let down = downgrade(&graph, &rows, "base").unwrap();
        check(&graph, &down);
        prop_assert_eq!(down.steps.len(), graph.len());
        prop_assert!(down.heads_after.is_empty());
    }

    #[test]
    fn an_upgrade_applies_what_the_target_needs_and_nothing_twice((graph, rows, target) in states()) {
        let plan = upgrade(&graph, &rows, target.as_str()).unwrap();
        check(&graph, &plan);
        let wanted = &graph.implied(&rows) | &graph.implied([&target]);
        prop_assert_eq!(graph.implied(&plan.heads_after), wanted);
        let rows = Vec::from_iter(plan.heads_after);
        let again = upgrade(&graph, &rows, target.as_str()).unwrap();
        prop_assert!(again.steps.is_empty());
    }

    #[test]
    fn a_downgrade_is_undone_by_an_upgrade((graph, rows, target) in states()) {
        let Ok(down) = downgrade(&graph, &rows, target.as_str()) else {
            return Ok(());
        };
        check(&graph, &down);
        let mut rows_between = Vec::from_iter(down.heads_after);
        for row in &rows {
            let up = upgrade(&graph, &rows_between, row.as_str()).unwrap();
            check(&graph, &up);
            rows_between = Vec::from_iter(up.heads_after);
        }
        prop_assert_eq!(rows_between, Vec::from_iter(rows.into_iter().collect::<BTreeSet<_>>()));
    }

    #[test]
    fn a_stamp_leaves_rows_that_every_command_accepts((graph, rows, target) in states()) {
        let plan = stamp(&graph, &rows, &[target.as_str()], false).unwrap();
        prop_assert!(plan.heads_after.contains(&target));
        let rows = Vec::from_iter(plan.heads_after);
        prop_assert!(upgrade(&graph, &rows, "heads").is_ok());
    }
}
