//! What is left of a migration without a transaction: it is finished before anything else runs.
//!
//! The version table cannot say that a revision is half applied. So as long as the journal does, an upgrade or a downgrade
//! has to begin with that step, and a stamp has to say that it means to forget it.

use super::error::RunError;
use super::options::Options;
use super::runner::Runner;
use crate::db::Unfinished;
use crate::plan::Direction;
use crate::plan::Step;
use crate::project::Project;
use crate::store::Transaction;

/// Why a run that meets an unfinished step, or is told about one, is not begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfinishedError {
    /// Something else was asked for.
    #[error("{unfinished}; finish it before anything else runs")]
    InTheWay {
        /// What is unfinished.
        unfinished: Box<Unfinished>,
    },
    /// The migration asks for a transaction now.
    #[error("{unfinished}; it ran without a transaction, but {file} asks for one now")]
    Framed {
        /// What is unfinished.
        unfinished: Box<Unfinished>,
        /// The migration's file or folder.
        file: String,
    },
    /// `--resume-from` or `--mark-done` where nothing is unfinished.
    #[error("--resume-from and --mark-done need an unfinished step, and there is none")]
    Nothing,
    /// A statement that the step has not come to.
    #[error("{unfinished}; {} statement {position} before statement {next} is done", if *resume { "cannot resume at" } else { "cannot mark" })]
    TooFar {
        /// What is unfinished.
        unfinished: Box<Unfinished>,
        /// The number that was given.
        position: u32,
        /// The first statement that is not done.
        next: u32,
        /// Whether it was `--resume-from`.
        resume: bool,
    },
}

impl UnfinishedError {
    /// A stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::InTheWay { .. } | Self::Framed { .. } => "unfinished",
            Self::Nothing => "nothing-unfinished",
            Self::TooFar { .. } => "no-such-statement",
        }
    }

    /// What the operator should do.
    pub fn hint(&self) -> String {
        match self {
            Self::InTheWay { unfinished } => format!(
                "finish it with `{}`; or bring the database by hand to where a revision leaves it, and say so with \
                 `host stamp REVISION --forget-unfinished`",
                finish(unfinished)
            ),
            Self::Framed { .. } => {
                "write transaction = \"none\" into its metadata again, run `host build`, then run the command again"
                    .to_owned()
            }
            Self::Nothing => "leave them out; `host current` shows an unfinished step".to_owned(),
            Self::TooFar { next, resume: true, .. } => {
                format!("name {next} or one before it; --mark-done {next} leaves a statement out")
            }
            Self::TooFar { next, .. } => format!("name {next} first: --mark-done can be given several times"),
        }
    }
}

/// The command that finishes a step.
pub(crate) fn finish(unfinished: &Unfinished) -> String {
    let revision = &unfinished.step.revision;
    match unfinished.step.direction.as_str() {
        "downgrade" => format!("host downgrade {revision}-1"),
        _ => format!("host upgrade {revision}"),
    }
}

/// Refuses a plan that does not begin with what is unfinished.
pub(super) fn admit(
    project: &Project,
    unfinished: &[Unfinished],
    direction: Direction,
    steps: &[Step],
) -> Result<(), UnfinishedError> {
    let Some(first) = unfinished.first() else { return Ok(()) };
    let is_first = steps
        .first()
        .is_some_and(|step| step.revision == first.step.revision && direction.name() == first.step.direction);
    if !is_first || unfinished.len() > 1 {
        return Err(UnfinishedError::InTheWay { unfinished: Box::new(first.clone()) });
    }
    match project.migration(&first.step.revision) {
        Some(migration) if migration.metadata.transaction != Transaction::None => {
            Err(UnfinishedError::Framed { unfinished: Box::new(first.clone()), file: migration.file.clone() })
        }
        _ => Ok(()),
    }
}

/// Checks that `--resume-from` and `--mark-done` name statements that they can be about.
pub(super) fn check_corrections(unfinished: &[Unfinished], options: &Options) -> Result<(), UnfinishedError> {
    if options.resume_from.is_none() && options.mark_done.is_empty() {
        return Ok(());
    }
    let first = unfinished.first().ok_or(UnfinishedError::Nothing)?;
    let too_far = |position, next, resume| UnfinishedError::TooFar {
        unfinished: Box::new(first.clone()),
        position,
        next,
        resume,
    };
    let mut next = first.next();
    if let Some(position) = options.resume_from {
        if position > next {
            return Err(too_far(position, next, true));
        }
        next = position;
    }
    for position in sorted(&options.mark_done) {
        if position > next {
            return Err(too_far(position, next, false));
        }
        next = next.max(position.saturating_add(1));
    }
    Ok(())
}

fn sorted(positions: &[u32]) -> Vec<u32> {
    let mut positions = positions.to_vec();
    positions.sort_unstable();
    positions.dedup();
    positions
}

impl Runner<'_> {
    /// What was begun without a transaction and is not finished. Never writes.
    ///
    /// # Errors
    /// [`RunError::Database`].
    pub async fn unfinished(&mut self) -> Result<Vec<Unfinished>, RunError> {
        Ok(self.database()?.read_applied(0).await?.unfinished)
    }

    /// Writes down the operator's word about the unfinished step.
    pub(super) async fn correct_unfinished(&mut self, unfinished: &[Unfinished]) -> Result<(), RunError> {
        check_corrections(unfinished, &self.options)?;
        let (resume_from, mark_done) = (self.options.resume_from, sorted(&self.options.mark_done));
        if resume_from.is_none() && mark_done.is_empty() {
            return Ok(());
        }
        if let Some(first) = unfinished.first() {
            self.database()?.correct_journal(first, resume_from, &mark_done).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::statement_journal::StepKey;
    use crate::revision::RevisionId;

    #[test]
    fn the_operator_can_only_speak_of_statements_that_were_reached() {
        let step = StepKey { revision: RevisionId::new("b").expect("an id"), direction: "upgrade".to_owned() };
        let unfinished = [Unfinished { step, done: 3, current: None, clock_micros: 0 }];
        let check = |resume_from, mark_done: &[u32]| {
            check_corrections(
                &unfinished,
                &Options { resume_from, mark_done: mark_done.to_vec(), ..Options::default() },
            )
        };
        for (resume_from, mark_done) in [
            (None, &[][..]),
            (Some(1), &[]),
            (Some(4), &[]),
            (None, &[4]),
            (None, &[5, 4]),
            (None, &[2]),
            (Some(2), &[2, 3]),
        ] {
            assert_eq!(check(resume_from, mark_done), Ok(()), "{resume_from:?} {mark_done:?}");
        }
        for (resume_from, mark_done) in [(Some(5), &[][..]), (None, &[5]), (None, &[4, 6]), (Some(2), &[3])] {
            assert!(check(resume_from, mark_done).is_err(), "{resume_from:?} {mark_done:?}");
        }
        let options = Options { resume_from: Some(1), ..Options::default() };
        assert_eq!(check_corrections(&[], &options), Err(UnfinishedError::Nothing));
    }
}
