//! Work as the superuser of a cluster, in the stand-alone server, while no other runs (PostgreSQL manual, "postgres",
//! "Single-User Mode"); and what both its new clusters and old ones get by it.

use std::path::Path;

use super::error::LocalError;
use super::place::Place;
use super::programs;

/// The role and the database of every local cluster.
pub(super) const NAME: &str = "host";

/// The first number of an object that initdb did not make (`FirstNormalObjectId` of `access/transam.h`).
pub(super) const FIRST_NORMAL_OID: u32 = 16_384;

/// The superuser of every local cluster.
pub(super) const SUPERUSER: &str = "host_superuser";

/// What the role of the migrations may: nothing beyond its own database, but that it can make others, for shadows.
pub(super) const ROLE_OPTIONS: &str = "LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";

/// What new databases are copies of.
pub(super) const TEMPLATE: &str = "template1";

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
pub(super) fn run(place: &Place, program: &Path, arguments: &[&str], input: &str) -> Result<(), LocalError> {
    let mut command = programs::command(program, &place.account, &place.base);
    command.args(arguments);
    let output = programs::run(command, input, program, &place.account)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalError::Create { program: program.to_path_buf(), output: programs::printed(&output) })
}

/// From version 15 on, the schema `public` belongs to the owner of the database, and nobody else makes anything in it
/// (release notes of PostgreSQL 15). So it does before.
pub(super) fn own_schema_public() -> String {
    format!(
        "DO $do$ BEGIN IF current_setting('server_version_num')::pg_catalog.int4 < 150000 THEN \
         ALTER SCHEMA public OWNER TO {NAME}; REVOKE CREATE ON SCHEMA public FROM PUBLIC; END IF; END $do$;"
    )
}
