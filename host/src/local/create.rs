//! Making the data folder of a new cluster.

use std::fs;
use std::fs::File;
use std::path::Path;

use super::error::LocalError;
use super::place::Place;
use super::setup;
use super::single_user::SUPERUSER;
use super::single_user::run;

/// How the name of a data folder begins that is not finished.
const UNFINISHED: &str = "data.new-";

/// Makes the data folder with the database in it. It gets its name only when it is complete, so that a crash leaves
/// nothing that looks like one; what an earlier crash left is removed. Call it under the lock.
///
/// `durable` is false in tests only: a crash of the machine could then leave a damaged folder.
pub(super) fn create(place: &Place, binaries: &Path, durable: bool) -> Result<(), LocalError> {
    remove_unfinished(&place.base);
    let name = format!("{UNFINISHED}{}", std::process::id());
    let initdb = binaries.join("initdb");
    run(
        place,
        &initdb,
        &[
            "--no-sync",
            "--username",
            SUPERUSER,
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=reject",
            "--auth-host=reject",
            "--pgdata",
            &name,
        ],
        "",
    )?;
    setup::make_role(place, binaries, &name)?;
    if durable {
        run(place, &initdb, &["--sync-only", "--pgdata", &name], "")?;
    }
    let data = place.data();
    fs::rename(place.base.join(&name), &data).map_err(LocalError::io("create", &data))?;
    if durable {
        File::open(&place.base).and_then(|base| base.sync_all()).map_err(LocalError::io("save", &place.base))?;
    }
    Ok(())
}

/// What cannot be removed, because an initdb whose host was killed still writes there, is left for the next time.
fn remove_unfinished(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
