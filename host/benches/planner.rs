//! How long planning takes in a long history: `cargo bench --bench planner`.
//!
//! The limit is 50 ms for 10,000 revisions with 200 branches and merges, the graph included, and the time per revision
//! should hardly depend on their number.

#![forbid(unsafe_code)]

use std::hint::black_box;

use criterion::BenchmarkId;
use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use host::plan;
use host::revision::Graph;
use host::revision::Revision;
use host::revision::RevisionId;

/// How many revisions come between two branch points; two fifths of them are on the branch.
const BLOCK: usize = 50;

fn planner(criterion: &mut Criterion) {
    type Shape = fn(usize) -> Vec<Revision>;
    let shapes: [(&str, Shape); 2] = [("one branch after the other", in_turn), ("all branches at once", at_once)];
    for (name, shape) in shapes {
        let mut group = criterion.benchmark_group(name);
        for count in [1_000, 10_000] {
            let revisions = shape(count);
            let graph = Graph::new(revisions.clone()).expect("a sound graph");
            let heads: Vec<RevisionId> = graph.real_heads().into_iter().map(|head| head.id.clone()).collect();
            assert_eq!(steps(&plan::upgrade(&graph, &[], "heads")), count);
            assert_eq!(steps(&plan::downgrade(&graph, &heads, "base")), count);
            group.throughput(Throughput::Elements(count.try_into().expect("a small number")));
            group.bench_with_input(BenchmarkId::new("graph and upgrade", count), &revisions, |bencher, revisions| {
                bencher.iter_with_large_drop(|| {
                    let graph = Graph::new(black_box(revisions).iter().cloned()).expect("a sound graph");
                    let plan = plan::upgrade(&graph, &[], "heads").expect("a plan");
                    (graph, plan)
                });
            });
            group.bench_with_input(BenchmarkId::new("upgrade", count), &graph, |bencher, graph| {
                bencher.iter_with_large_drop(|| plan::upgrade(black_box(graph), &[], "heads"));
            });
            group.bench_with_input(BenchmarkId::new("nothing to do", count), &graph, |bencher, graph| {
                bencher.iter_with_large_drop(|| plan::upgrade(black_box(graph), &heads, "heads"));
            });
            group.bench_with_input(BenchmarkId::new("downgrade", count), &graph, |bencher, graph| {
                bencher.iter_with_large_drop(|| plan::downgrade(black_box(graph), &heads, "base"));
            });
        }
        group.finish();
    }
}

fn steps(plan: &Result<plan::Plan, plan::PlanError>) -> usize {
    plan.as_ref().expect("a plan").steps.len()
}

/// A trunk from which a branch goes out every 50 revisions, and comes back.
fn in_turn(count: usize) -> Vec<Revision> {
    (0..count)
        .map(|number| {
            let (block, place) = (number / BLOCK * BLOCK, number % BLOCK);
            let branch = block + BLOCK * 3 / 5;
            let parents = match number {
                0 => vec![],
                // The branch begins at the same revision as this part of the trunk.
                _ if number == branch => vec![block],
                _ if place == BLOCK - 1 => vec![number - 1, branch - 1],
                _ => vec![number - 1],
            };
            revision(number, parents, None)
        })
        .collect()
}

/// Branches of 50 revisions that all go out from the first one, each depending on the middle of the one before, and merged
/// one after the other.
fn at_once(count: usize) -> Vec<Revision> {
    (0..count)
        .map(|number| {
            let (block, place) = (number / BLOCK * BLOCK, number % BLOCK);
            let parents = match place {
                _ if number == 0 => vec![],
                0 => vec![0],
                // The merge takes the last revision of its branch and the merge before it.
                _ if place == BLOCK - 1 && block > 0 => vec![number - 1, block - 1],
                _ => vec![number - 1],
            };
            revision(number, parents, (place == BLOCK / 2 && block > 0).then(|| number - BLOCK))
        })
        .collect()
}

fn revision(number: usize, parents: Vec<usize>, dependency: Option<usize>) -> Revision {
    let id = |number: usize| format!("{number:012x}");
    let revision_id = |number| RevisionId::new(id(number)).expect("an id");
    let labels = if number % BLOCK == BLOCK / 2 { vec![format!("branch_{number}")] } else { Vec::new() };
    Revision {
        id: revision_id(number),
        revises: parents.into_iter().map(revision_id).collect(),
        depends_on: dependency.into_iter().map(id).collect(),
        branch_labels: labels,
        message: format!("step {number} of a long history"),
        file: format!("migrations/{number:06}.sql"),
    }
}

criterion_group!(benches, planner);
criterion_main!(benches);
