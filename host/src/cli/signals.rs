//! SIGINT and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use super::failure::Failure;
use super::failure::INTERRUPTED;
use super::failure::TERMINATED;
use super::report::Report;
use crate::host_functions::Interrupt;
use crate::project::Project;

/// The last signal that an invocation was told to end by. All copies are one.
///
/// That a process is told of signals at all is the process's: tokio's handler tells everybody who listens.
#[derive(Clone)]
pub(super) struct EndingSignal(Arc<AtomicU8>);

impl Default for EndingSignal {
    /// As if by SIGINT, which is what an interrupt from within means.
    fn default() -> Self {
        Self(Arc::new(AtomicU8::new(INTERRUPTED)))
    }
}

impl EndingSignal {
    /// The exit code of a run that ends by it: 128 and the number of the signal.
    pub(super) fn exit_code(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, exit_code: u8) {
        self.0.store(exit_code, Ordering::Relaxed);
    }
}

/// What was asked for last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nothing yet.
    Nothing,
    /// To end when the step is done, within the grace period.
    AfterStep,
    /// To cancel and to roll back.
    Now,
}

/// Listens until the process ends.
///
/// SIGINT, from a person, stops the run in an orderly way: the statement is cancelled on the server and its step rolled back.
/// SIGTERM, from whoever manages processes, lets the step that runs finish, if it does so within the grace period; otherwise,
/// and after a second one, it is as with SIGINT. One more signal then ends the process at once, and the server rolls back by
/// itself.
pub(super) fn listen(project: &Project, interrupt: Interrupt, report: Report) {
    let grace = project.environment().limits.termination_grace;
    let (Ok(mut interrupts), Ok(mut terminations)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::spawn(async move {
        let mut asked = Asked::Nothing;
        loop {
            let by_grace = asked == Asked::AfterStep;
            let code = tokio::select! {
                () = received(&mut interrupts) => INTERRUPTED,
                () = received(&mut terminations) => TERMINATED,
                () = tokio::time::sleep(grace), if by_grace => TERMINATED,
            };
            report.signal().set(code);
            asked = match asked {
                Asked::Nothing if code == TERMINATED && !grace.is_zero() => {
                    interrupt.request_after_step();
                    report.progress(&format!(
                        "Terminating: the running step has {} s to finish and no other will start; a second signal cancels it",
                        grace.as_secs()
                    ));
                    Asked::AfterStep
                }
                Asked::Nothing | Asked::AfterStep => {
                    interrupt.request();
                    report.progress(
                        "Interrupted: cancelling the statement and rolling back; interrupt again to quit at once",
                    );
                    Asked::Now
                }
                Asked::Now => end_at_once(&report, code),
            };
        }
    });
}

/// Listens until the process ends, for a worker of batches: the first signal lets it finish the batches that it is at, the second one
/// ends it, and the server rolls these back.
pub(super) fn listen_between_batches(interrupt: Interrupt, report: Report) {
    let (Ok(mut interrupts), Ok(mut terminations)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::spawn(async move {
        loop {
            let code = tokio::select! {
                () = received(&mut interrupts) => INTERRUPTED,
                () = received(&mut terminations) => TERMINATED,
            };
            report.signal().set(code);
            if interrupt.is_requested() {
                end_at_once(&report, code);
            }
            if interrupt.is_ending() {
                interrupt.request();
                continue;
            }
            interrupt.request_after_step();
            report.progress("Ending: the batches that were begun are finished; a second signal rolls them back");
        }
    });
}

async fn received(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}

fn end_at_once(report: &Report, code: u8) -> ! {
    report.failure(&Failure::Command {
        kind: "interrupted",
        message: "quit at once, without waiting for the rollback".to_owned(),
        hint: Some("PostgreSQL rolls back as soon as it notices; then check `host current`".to_owned()),
        code,
    });
    #[expect(clippy::exit, reason = "the operator asked twice, and nothing here has to be put in order")]
    std::process::exit(i32::from(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report::secrets::Secrets;
    use crate::db::DatabaseError;

    #[test]
    fn two_invocations_in_one_process_end_each_by_its_own_signal() {
        let report = || Report::new(false, true, false, Secrets::default());
        let (first, second) = (report(), report());
        first.clone().signal().set(TERMINATED);
        let interrupted = Failure::from(DatabaseError::Cancelled { holder: String::new() });
        assert_eq!(interrupted.code(first.signal()), TERMINATED);
        assert_eq!(interrupted.code(second.signal()), INTERRUPTED);
    }
}
