//! SIGINT and SIGTERM.

use super::failure::Failure;
use super::failure::INTERRUPTED;
use super::report::Report;
use crate::capability::Interrupt;

/// Listens until the process ends. The first signal stops the run in an orderly way: the statement is cancelled on the
/// server and its step rolled back. The second one ends the process at once; the server then rolls back by itself.
pub(super) fn listen(interrupt: Interrupt, report: Report) {
    tokio::spawn(async move {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
            return;
        };
        for first in [true, false] {
            tokio::select! {
                result = tokio::signal::ctrl_c() => if result.is_err() { return },
                _ = terminate.recv() => {}
            }
            if first {
                interrupt.request();
                report.progress("Interrupted: cancelling the statement and rolling back; once more ends at once");
            } else {
                report.failure(&Failure::Command {
                    kind: "interrupted",
                    message: "ended at once, without waiting for the rollback".to_owned(),
                    hint: Some(
                        "PostgreSQL rolls back by itself as soon as it notices; then look at `host current`".to_owned(),
                    ),
                    code: INTERRUPTED,
                });
                #[expect(clippy::exit, reason = "the operator asked twice, and nothing here has to be put in order")]
                std::process::exit(i32::from(INTERRUPTED));
            }
        }
    });
}
