//! Which row of a batch a transform rejects. A transform only fails as a whole, in any language; but it gives the same answer to the same
//! rows, so halving the batch finds the first row that it fails for.

use std::sync::Arc;

use super::Applied;
use super::Applier;
use super::Batch;
use super::Stop;
use crate::bindings::types::Failure;
use crate::bindings::types::Tuples;
use crate::value;

/// A row that is rejected, and why.
#[derive(Debug)]
pub(super) struct Rejected {
    /// The row alone.
    pub(super) row: Tuples,
    pub(super) failure: Failure,
}

/// Finds the first row of a rejected batch that is rejected. One whose rows are only rejected together is told by its first row.
///
/// # Errors
/// [`Stop`] when the host ended the transform.
pub(super) async fn first_rejected(
    applier: &Applier,
    pipeline: &Arc<str>,
    batch: &Tuples,
    failure: Failure,
) -> Result<Rejected, Stop> {
    let ends = value::row_ends(&batch.data);
    let part = |from, to| part_of(batch, &ends, from, to);
    // Of the rows from..to some are rejected; those before are not.
    let (mut from, mut to, mut failure) = (0, ends.len(), failure);
    while to - from > 1 {
        let middle = from + (to - from) / 2;
        let half = Batch { pipeline: Arc::clone(pipeline), rows: Arc::new(part(from, middle)) };
        match applier.begin(half).finished().await {
            Applied::Rejected(why) => (to, failure) = (middle, why),
            Applied::Stopped(stop) => return Err(stop),
            Applied::Rows(_) | Applied::Missing => from = middle,
        }
    }
    let row = part(from, to);
    // The last word is that of the row alone.
    match applier.begin(Batch { pipeline: Arc::clone(pipeline), rows: Arc::new(row.clone()) }).finished().await {
        Applied::Rejected(failure) => Ok(Rejected { row, failure }),
        Applied::Stopped(stop) => Err(stop),
        Applied::Rows(_) | Applied::Missing => Ok(Rejected { row, failure }),
    }
}

/// Some rows of a batch, whose rows have these ends.
pub(super) fn part_of(batch: &Tuples, ends: &[usize], from: usize, to: usize) -> Tuples {
    let start = from.checked_sub(1).and_then(|row| ends.get(row)).copied().unwrap_or(0);
    let end = to.checked_sub(1).and_then(|row| ends.get(row)).copied().unwrap_or(start);
    Tuples { rows: u32::try_from(to - from).unwrap_or(u32::MAX), data: batch.data[start..end].to_vec() }
}
