#![expect(clippy::unwrap_used, reason = "tests")]

mod cases;
mod prepared;
mod properties;
mod vectors;

use super::*;
use crate::revision::testing::ids;

/// The steps and rows of a plan, or its error, in one line: `d2->c2 c2->b {d1}`.
fn show(result: Result<Plan, PlanError>) -> String {
    match result {
        Ok(plan) => {
            check_changes(&plan);
            let steps: Vec<String> =
                plan.steps.iter().map(|step| format!("{}->{} ", list(&step.from), list(&step.to))).collect();
            format!("{}{{{}}}", steps.concat(), list(&plan.heads_after))
        }
        Err(error) => error.to_string(),
    }
}

fn list<'a>(ids: impl IntoIterator<Item = &'a RevisionId>) -> String {
    ids.into_iter().map(RevisionId::as_str).collect::<Vec<_>>().join(",")
}

/// The changes of the steps lead from the rows before to the rows after, and each fits the rows it meets.
fn check_changes(plan: &Plan) {
    let mut rows = plan.heads_before.clone();
    for step in &plan.steps {
        for row in &step.change.remove {
            assert!(rows.remove(row), "{row} is not there in {plan:?}");
        }
        for row in &step.change.add {
            assert!(rows.insert(row.clone()), "{row} is there already in {plan:?}");
        }
    }
    assert_eq!(rows, plan.heads_after);
}
