//! Writes to the log at every level, and says how far it is.

use host_guest::{Failure, Migration, dbg, debug, eprintln, error, info, println, progress, run_info, trace, warn};

struct Logs;

host_guest::export!(Logs);

impl Migration for Logs {
    fn upgrade() -> Result<(), Failure> {
        trace!("a trace line");
        debug!("a debug line");
        info!("an info line of {} words", 6);
        warn!("a warning with \u{1b}[31mcolour\u{1b}[0m and a bell \u{7}");
        error!("an error\nin two lines");
        println!("a line of {}", "println");
        eprintln!("a line of eprintln");
        let words = dbg!("one two".split(' ').collect::<Vec<_>>()).len();
        println!("{words} words");
        for done in 1..=3 {
            progress("rows", done, 3);
        }
        progress("batches", 7, None);
        let run = run_info();
        info!("revision {} on {} with {:?}", run.revision, run.server_version / 10_000, run.args);
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        info!("downgrade");
        Ok(())
    }
}
