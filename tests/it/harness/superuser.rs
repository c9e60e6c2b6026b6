//! The superuser of a server of the tests. In a development cluster it works in single-user mode only, so a test server gets
//! rules of its own for who may connect.

use host::local::Cluster;
use host::local::Status;

/// The superuser that `host` gives every development cluster.
pub(crate) const SUPERUSER: &str = "host_superuser";

/// Lets everybody in who reaches the socket, by rules before those of host, and starts the server again if that is new.
/// Whether it is.
pub(crate) fn let_in(cluster: &Cluster, rules_before: &str) -> bool {
    let Ok(Status::Running { data_folder, .. }) = cluster.status() else { panic!("the server does not run") };
    let rules_before = format!("{rules_before}local all all trust\nlocal replication all trust\n");
    let file = data_folder.join("pg_hba.conf");
    let rules = std::fs::read_to_string(&file).expect("the rules of the server");
    if rules.starts_with(&rules_before) {
        return false;
    }
    std::fs::write(&file, format!("{rules_before}{rules}")).expect("the rules can be written");
    cluster.stop().expect("the server stops");
    cluster.ensure_running().expect("the server starts");
    true
}
