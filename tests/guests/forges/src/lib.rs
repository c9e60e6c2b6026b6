//! Says a text that it is given, in every place where a migration can say something.

use host_guest::{Failure, Migration, error, execute, info, progress, run_info, warn};

struct Forges;

host_guest::export!(Forges);

impl Migration for Forges {
    fn upgrade() -> Result<(), Failure> {
        let run = run_info();
        let text = run.args.iter().find(|(key, _)| key == "text").map_or("", |(_, value)| value);
        info!("{text}");
        warn!("\n{text}\n\n");
        error!("");
        progress(text, 1, 2);
        let _ = execute(&format!("SELECT '{text}'"), &[]);
        let _ = execute(&format!("SELECT \"{text}\""), &[]);
        Err(Failure::from(text.to_owned()))
    }

    fn downgrade() -> Result<(), Failure> {
        Ok(())
    }
}
