//! Making the data folder of a new cluster.

use std::fs;
use std::fs::File;
use std::path::Path;

use super::error::LocalError;
use super::place::Place;
use super::programs;

/// The superuser and the database of every local cluster.
pub(super) const NAME: &str = "host";

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
            NAME,
            "--encoding=UTF8",
            "--locale=C",
            // The folder of the socket is closed to all other users, and there is no other way in.
            "--auth-local=trust",
            "--auth-host=reject",
            "--pgdata",
            &name,
        ],
        "",
    )?;
    // The stand-alone server makes the database before anybody can connect. In this mode an error is only printed,
    // unless it is told to end.
    run(
        place,
        &binaries.join("postgres"),
        &["--single", "-D", &name, "-c", "fsync=off", "-c", "exit_on_error=on", "postgres"],
        &format!("CREATE DATABASE {NAME};\n"),
    )?;
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

/// Runs a program in the base folder; the paths in the arguments are relative, so that no odd folder name reaches
/// the shell commands that initdb composes.
fn run(place: &Place, program: &Path, arguments: &[&str], input: &str) -> Result<(), LocalError> {
    let mut command = programs::command(program, &place.account, &place.base);
    command.args(arguments);
    let output = programs::run(command, input, program, &place.account)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalError::Create { program: program.to_path_buf(), output: programs::printed(&output) })
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
