//! What a run is for: a target, or a plan that was made before.

use super::error::RunError;
use crate::plan::Direction;
use crate::plan::PreparedPlan;

/// What a run is for.
#[derive(Clone, Copy)]
pub(super) enum Goal<'a> {
    /// A place in the graph, from wherever the database is when the lock is free.
    Target {
        /// Which way.
        direction: Direction,
        /// The target as it was given.
        target: &'a str,
    },
    /// A plan, exactly.
    Plan(&'a PreparedPlan),
}

impl<'a> Goal<'a> {
    /// Which way it goes, and where to.
    pub(super) fn direction_and_target(self) -> (Direction, &'a str) {
        match self {
            Self::Target { direction, target } => (direction, target),
            Self::Plan(plan) => (plan.direction, plan.target.as_str()),
        }
    }
}

/// Refuses what is different from a plan that was given.
pub(super) fn refuse_another(given: &PreparedPlan, now: &PreparedPlan) -> Result<(), RunError> {
    let differences = given.differences(now);
    if differences.is_empty() {
        return Ok(());
    }
    Err(RunError::PlanDiffers {
        differences,
        is_applied: !given.steps.is_empty() && now.heads_before == given.heads_after,
    })
}
