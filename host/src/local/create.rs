//! Making the data folder of a new cluster.

use std::fs;
use std::fs::File;
use std::path::Path;

use super::error::LocalError;
use super::place::Place;
use super::programs;
use super::setup;
use super::setup::SUPERUSER;

/// The role and the database of every local cluster.
pub(super) const NAME: &str = "host";

/// The first number of an object that initdb did not make (`FirstNormalObjectId` of `access/transam.h`).
pub(super) const FIRST_NORMAL_OID: u32 = 16_384;

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

/// Runs the stand-alone server, in which a command is a line and an error ends it. Nobody can connect meanwhile.
///
/// The path of names is that of the system: what somebody put into the database is not found by it.
pub(super) fn run_alone(
    place: &Place,
    binaries: &Path,
    data: &str,
    database: &str,
    commands: &[String],
) -> Result<(), LocalError> {
    let input: String = commands.iter().map(|command| format!("{}\n", command.replace('\n', " "))).collect();
    let arguments = ["--single", "-D", data, "-c", "exit_on_error=on", "-c", "search_path=pg_catalog", database];
    run(place, &binaries.join("postgres"), &arguments, &input)
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
