//! How often `host upgrade head` waits for the database when there is nothing to do.

use std::path::Path;

use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::process;
use crate::project::TestProject;
use crate::proxy::Proxy;
use crate::server::Server;

/// With those of opening the connection.
const LIMIT: Limit = Limit { value: 2.0, shown: "at most 2" };

/// The role that the server asks for a password.
const ROLE: &str = "with_password";

pub(crate) fn measure(
    figures: &mut Figures,
    server: &Server,
    project: &TestProject,
    database: &str,
    folder: &Path,
) -> Result<()> {
    let plain = count(server, project, "host", database, folder)?;
    let number = f64::from(u32::try_from(plain.len())?);
    figures.limited("nothing to do, round trips with connecting", shown(&plain), number, LIMIT);
    ask_for_a_password(server, database)?;
    let password = count(server, project, &format!("{ROLE}:secret"), database, folder)?;
    figures.add("the same where the server asks for a password (SCRAM)", shown(&password));
    Ok(())
}

fn shown(round_trips: &[String]) -> String {
    format!("{} ({})", round_trips.len(), round_trips.join(", "))
}

fn count(server: &Server, project: &TestProject, user: &str, database: &str, folder: &Path) -> Result<Vec<String>> {
    let proxy = Proxy::listen(folder, &server.socket_folder)?;
    process::run(project.host(&server.url_through(folder, user, database)?, &["upgrade", "head"]))?;
    proxy.round_trips()
}

fn ask_for_a_password(server: &Server, database: &str) -> Result<()> {
    let file = server.data_folder.join("pg_hba.conf");
    let rules = std::fs::read_to_string(&file)?;
    std::fs::write(&file, format!("local all {ROLE} scram-sha-256\n{rules}"))?;
    server.psql("host", &format!("CREATE ROLE {ROLE} LOGIN PASSWORD 'secret'"))?;
    server.psql(database, &format!("GRANT SELECT ON host_version, host_log, host_journal TO {ROLE}"))?;
    server.psql("host", "SELECT pg_reload_conf()")?;
    // The server reads its rules when it gets to it.
    std::thread::sleep(std::time::Duration::from_millis(300));
    Ok(())
}
