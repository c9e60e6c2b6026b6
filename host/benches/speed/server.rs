//! The server: a development cluster of its own, with the settings that every project gets.

use std::path::Path;
use std::path::PathBuf;

use host::local::Cluster;
use host::local::Status;

use crate::Result;

/// Removed with all its data when it goes.
pub(crate) struct Server {
    cluster: Cluster,
    pub(crate) data_folder: PathBuf,
    pub(crate) socket_folder: PathBuf,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let cluster = Cluster::new(&folder.join("server"), None, std::env::var_os("PATH"));
        cluster.ensure_running()?;
        let_superuser_in(&cluster)?;
        match cluster.status()? {
            Status::Running { data_folder, socket_folder, .. } => Ok(Self { cluster, data_folder, socket_folder }),
            other => Err(format!("the server does not run: {other:?}").into()),
        }
    }

    /// The url of a database, by way of this folder of a socket.
    pub(crate) fn url_through(&self, socket_folder: &Path, user: &str, database: &str) -> Result<String> {
        let folder = socket_folder.to_str().ok_or("the path of the socket is not UTF-8")?;
        let folder: String = folder.bytes().map(|byte| format!("%{byte:02X}")).collect();
        Ok(format!("postgres://{user}@localhost:5432/{database}?host={folder}&sslmode=disable"))
    }

    /// Makes an empty database, and gives its url.
    pub(crate) fn create_database(&self, name: &str) -> Result<String> {
        self.psql("host", &format!("CREATE DATABASE {name} OWNER host"))?;
        self.url_through(&self.socket_folder, "host", name)
    }

    pub(crate) fn drop_database(&self, name: &str) -> Result<()> {
        self.psql("host", &format!("DROP DATABASE {name} WITH (FORCE)"))?;
        Ok(())
    }

    /// What psql prints for a statement.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let mut command = self.cluster.psql_command()?;
        let place = format!("host={} port=5432 user=host_superuser dbname={database}", self.socket_folder.display());
        let output = command.args(["-X", "-q", "-A", "-t", "--dbname", &place, "-c", sql]).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?.trim_end().to_owned());
        }
        Err(format!("{sql}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// It works in single-user mode only, unless the rules of the server say otherwise.
fn let_superuser_in(cluster: &Cluster) -> Result<()> {
    let Status::Running { data_folder, .. } = cluster.status()? else { return Err("the server does not run".into()) };
    let file = data_folder.join("pg_hba.conf");
    let rules = std::fs::read_to_string(&file)?;
    std::fs::write(&file, format!("local all all trust\n{rules}"))?;
    cluster.stop()?;
    cluster.ensure_running()?;
    Ok(())
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left lies in a temporary folder.
        let _ = self.cluster.destroy();
    }
}
