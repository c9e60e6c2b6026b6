//! The pure part: making the graph and the plan, for histories far longer than any real one.

use std::hint::black_box;
use std::time::Duration;
use std::time::Instant;

use host::plan;
use host::revision::Graph;
use host::revision::Revision;
use host::revision::RevisionId;

use crate::Result;
use crate::figures::Figures;
use crate::figures::spread;
use crate::project::revision;

const RUNS: usize = 30;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    for count in [1_000, 10_000] {
        let revisions = revisions(count)?;
        let (mut graph_times, mut plan_times, mut nothing_times): (Vec<Duration>, Vec<Duration>, Vec<Duration>) =
            Default::default();
        let head = [RevisionId::new(revision(count - 1))?];
        for _ in 0..RUNS {
            let input = revisions.clone();
            let started = Instant::now();
            let graph = Graph::new(black_box(input))?;
            graph_times.push(started.elapsed());
            let started = Instant::now();
            let steps = black_box(plan::upgrade(&graph, &[], "head")?).steps.len();
            plan_times.push(started.elapsed());
            let started = Instant::now();
            let nothing = black_box(plan::upgrade(&graph, &head, "head")?).steps.len();
            nothing_times.push(started.elapsed());
            if (steps, nothing) != (count, 0) {
                return Err(format!("a plan of {steps} and one of {nothing} steps").into());
            }
        }
        figures.add(format!("graph of {count} revisions"), spread(&graph_times));
        figures.add(format!("plan of {count} steps"), spread(&plan_times));
        figures.add(format!("plan of no step among {count} revisions"), spread(&nothing_times));
    }
    Ok(())
}

/// A chain.
fn revisions(count: usize) -> Result<Vec<Revision>> {
    (0..count)
        .map(|number| {
            let parent = number.checked_sub(1).map(|parent| RevisionId::new(revision(parent))).transpose()?;
            Ok(Revision {
                id: RevisionId::new(revision(number))?,
                revises: parent.into_iter().collect(),
                depends_on: Vec::new(),
                branch_labels: Vec::new(),
                message: format!("Step {number} of a long history"),
                file: format!("migrations/{}_step_{number}.sql", revision(number)),
            })
        })
        .collect()
}
