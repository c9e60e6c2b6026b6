//! A transform on a sample: some ranges of the keys, of which nothing stays.
//!
//! Each range is read, given to the transform and written behind a savepoint, to which the transaction goes back. So ranges do not see
//! each other, and the migration goes on as if its transform had changed nothing.

use std::sync::Arc;
use std::time::Instant;

use super::Applied;
use super::Applier;
use super::Batch;
use super::GuestState;
use super::Interrupt;
use super::made::STATEMENT;
use super::made::label;
use super::made::misuse;
use super::search::part_of;
use super::sift::Sift;
use super::sift::SiftError;
use super::transform_sample::Change;
use super::transform_sample::TransformSample;
use crate::bindings::CallError;
use crate::bindings::transforms::ApplyMode;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Tuples;
use crate::db::Isolation;
use crate::db::Key;
use crate::db::Session;
use crate::db::SessionError;
use crate::db::ShownRow;
use crate::value;

/// The savepoint in front of a range.
const SAVEPOINT: &str = "host_sample";

/// How many ranges are taken at random.
const AT_RANDOM: u32 = 3;

/// How many rows of a range are shown.
const SHOWN: usize = 2;

impl GuestState {
    /// Tries a transform on ranges of at most so many rows. Gives the number of rows that were written and are not there any more.
    pub(super) async fn preview(
        &mut self,
        pipeline: Arc<str>,
        plan: &TransformPlan,
        applier: &Applier,
        rows_max: u32,
    ) -> Result<u64, CallError> {
        let number = self.trace.next_number();
        let interrupt = self.interrupt.clone();
        let session = self.session.transactional()?;
        let statement = u32::try_from(number).unwrap_or(u32::MAX);
        let sampled = sample(session, (&pipeline, plan, statement), applier, &interrupt, rows_max).await;
        let sampled = match sampled {
            Ok(sampled) => Ok(sampled),
            Err(SiftError::Call(error)) => return Err(error),
            Err(SiftError::Session(error)) => Err(error),
        };
        let sample = self.settle(STATEMENT, None, sampled, |sample| sample.written)?;
        let written = sample.written;
        self.trace.samples.push(sample);
        Ok(written)
    }
}

async fn sample(
    session: &mut Session,
    (pipeline, plan, statement): (&Arc<str>, &TransformPlan, u32),
    applier: &Applier,
    interrupt: &Interrupt,
    rows_max: u32,
) -> Result<TransformSample, SiftError> {
    // It locks nothing but the rows that it writes, until it goes back.
    let transform = session.begin_transform(plan, u64::from(statement), Isolation::EachBatch).await?;
    let rows_max = rows_max.min(plan.batch_rows);
    let mut sample = TransformSample {
        transform: label(pipeline).to_owned(),
        target: transform.target_label().to_owned(),
        inserts: plan.mode == ApplyMode::Insert,
        extent: session.extent(&transform).await?,
        parallelism: plan.parallelism,
        columns: transform.column_names().to_vec(),
        ..TransformSample::default()
    };
    if let Some(end) = session.last_key(&transform).await? {
        let sift = Sift {
            transform: &transform,
            pipeline,
            applier,
            plan,
            statement,
            interrupt,
            rows_max: u64::MAX,
            before: (0, 0),
        };
        let mut starts = vec![None];
        let last = session.key_before_end(&transform, rows_max).await?;
        sample.is_all = last.is_none();
        if let Some(last) = last {
            starts.extend(session.keys_at_random(&transform, AT_RANDOM).await?.into_iter().map(Some));
            starts.push(Some(last));
        }
        for after in starts {
            session.savepoint(SAVEPOINT).await?;
            range(session, &sift, (after.as_ref(), &end), rows_max, &mut sample).await?;
            session.rollback_to(SAVEPOINT).await?;
            session.release(SAVEPOINT).await?;
        }
    }
    session.end_transform(&transform).await?;
    Ok(sample)
}

/// Tries one range.
async fn range(
    session: &mut Session,
    sift: &Sift<'_>,
    (after, end): (Option<&Key>, &Key),
    rows_max: u32,
    sample: &mut TransformSample,
) -> Result<(), SiftError> {
    let Sift { transform, applier, pipeline, plan, .. } = sift;
    let (wal_before, started) = (session.wal_position().await?, Instant::now());
    let bytes_max = usize::try_from(plan.batch_bytes).unwrap_or(usize::MAX);
    let mut part = session.read_part(transform, after, end, rows_max, bytes_max).await?;
    if part.rows.rows == 0 {
        return Ok(());
    }
    let mut took = started.elapsed();
    let rows = Arc::new(std::mem::replace(&mut part.rows, Tuples { rows: 0, data: Vec::new() }));
    let (mut shown, mut keys) = (Vec::new(), Vec::new());
    for key in transform.keys_of(&rows, SHOWN)? {
        let named = transform.describe(&key);
        if sample.shown.iter().any(|change| change.key == named) {
            continue;
        }
        let (before, source) = match sample.inserts {
            true => (None, Some(session.row_as_json(transform, &key).await?)),
            false => (session.shown_row(transform, &key).await?, None),
        };
        shown.push(Change { key: named, before, source, after: Vec::new() });
        keys.push(key);
    }
    let again = Instant::now();
    let batch = Batch { pipeline: Arc::clone(pipeline), rows: Arc::clone(&rows) };
    let applied = applier.begin(batch).finished().await;
    if matches!(applied, Applied::Missing) {
        return Err(misuse("the migration exports no transform: in Rust it takes `export_transform!`").into());
    }
    let mut rejected = Vec::new();
    sample.written += sift.write(session, (after, &part.until), &rows, applied, &mut rejected).await?;
    took += again.elapsed();
    if let (Some(before), Some(now)) = (wal_before, session.wal_position().await?) {
        let bytes = sample.wal_bytes.get_or_insert(0);
        *bytes = bytes.saturating_add(now.saturating_sub(before));
    }
    let ends = value::row_ends(&rows.data);
    for (index, (change, key)) in shown.iter_mut().zip(&keys).enumerate() {
        change.after = match sample.inserts {
            false => session.shown_row(transform, key).await?.into_iter().collect(),
            true => inserted(session, sift, part_of(&rows, &ends, index, index + 1)).await?,
        };
    }
    sample.shown.extend(shown);
    // Ranges at random may have rows of others.
    let known: Vec<_> = sample.rejected.iter().map(|row| row.key.clone()).collect();
    sample.rejected.extend(rejected.into_iter().filter(|row| !known.contains(&row.key)));
    sample.ranges += 1;
    sample.rows += u64::from(rows.rows);
    sample.took += took;
    Ok(())
}

/// What becomes of one row, where rows are inserted.
async fn inserted(session: &mut Session, sift: &Sift<'_>, row: Tuples) -> Result<Vec<ShownRow>, SessionError> {
    let batch = Batch { pipeline: Arc::clone(sift.pipeline), rows: Arc::new(row) };
    match sift.applier.begin(batch).finished().await {
        Applied::Rows(made) if made.rows > 0 => session.shown_inserts(sift.transform, &made).await,
        _ => Ok(Vec::new()),
    }
}
