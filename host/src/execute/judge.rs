//! What the ending of a migration means, together with what the host itself saw.

use super::failure::Cause;
use super::failure::SourcePlace;
use super::limits;
use super::step::StepRun;
use crate::bindings::types::Error as GuestError;
use crate::bindings::types::Failure;
use crate::config::Limits;
use crate::host_functions::ExecutionTrace;
use crate::host_functions::StatementFailure;
use crate::host_functions::Stop;
use crate::host_functions::cut;
use crate::runtime::Ending;

/// The longest message of a migration that is kept, in bytes.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

impl StepRun<'_> {
    /// What the guest's ending means, together with what the host itself saw.
    pub(super) fn judge(&self, ending: Ending, trace: ExecutionTrace) -> Result<(), Cause> {
        judged(ending, trace, self.limits, |failure| self.source_place(failure))
    }

    /// A statement of a script lies in the migration's file.
    fn source_place(&self, failure: &StatementFailure) -> Option<SourcePlace> {
        let (_, script_offset) = self.component.script.as_ref()?;
        let range = failure.script_range.as_ref()?;
        let text = self.component.component.source()?.to_owned();
        Some(SourcePlace { text, offset: script_offset + range.start })
    }
}

/// What a guest's ending means, together with what the host itself saw. `place` finds a statement in the guest's own file.
pub(super) fn judged(
    ending: Ending,
    mut trace: ExecutionTrace,
    allowed: &Limits,
    place: impl Fn(&StatementFailure) -> Option<SourcePlace>,
) -> Result<(), Cause> {
    let failed = trace.failure.take();
    let statement = |failure: StatementFailure, said: Option<String>, swallowed: bool| {
        let source = place(&failure);
        Cause::Statement { failure: Box::new(failure), source, said, swallowed }
    };
    match (ending, failed) {
        (Ending::Stopped(stop), _) => Err(Cause::Stopped(stop)),
        (Ending::Done, None) => Ok(()),
        // The transaction is lost, whatever the guest thinks: COMMIT would quietly roll back.
        (Ending::Done, Some(failure)) => Err(statement(failure, None, true)),
        (Ending::Failed(Failure::Sql(GuestError::Sql(_))), Some(failure)) => Err(statement(failure, None, false)),
        (Ending::Failed(failure), Some(cause)) => Err(statement(cause, words(failure), false)),
        (Ending::Failed(Failure::Irreversible), None) => Err(Cause::Irreversible),
        (Ending::Failed(Failure::Message(message)), None) => Err(Cause::Message(cut(message, MESSAGE_BYTES_MAX))),
        (Ending::Failed(Failure::Sql(GuestError::Exceeded(limit))), None)
            if let Some(exceeded) = limits::of_result(limit, allowed) =>
        {
            Err(Cause::Stopped(Stop::Limit(exceeded)))
        }
        (Ending::Failed(Failure::Sql(error)), None) => Err(match (error, trace.refused) {
            (GuestError::Denied(reason), Some(refusal)) if reason == refusal.message() => {
                let sent_from = trace.panic.and_then(|panic| panic.backtrace);
                Cause::Denied { refusal, sent_from }
            }
            (error, _) => Cause::Refused(Box::new(error)),
        }),
        (Ending::Trapped(_), Some(failure)) => Err(statement(failure, trace.panic.map(|panic| panic.message), false)),
        (Ending::Trapped(trapped), None) => Err(match trace.panic {
            Some(panic) => Cause::Panicked(panic),
            None => Cause::Trapped(trapped),
        }),
    }
}

/// What a guest says about its failure, where it says anything.
fn words(failure: Failure) -> Option<String> {
    match failure {
        Failure::Message(message) => Some(cut(message, MESSAGE_BYTES_MAX)),
        Failure::Sql(error) => Some(super::failure::refusal(&error)),
        Failure::Irreversible => None,
    }
}
