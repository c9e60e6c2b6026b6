//! A sealed environment for each test.

pub(crate) mod commands;
pub(crate) mod dice;
mod graph;
pub(crate) mod guests;
pub(crate) mod listener;
pub(crate) mod network;
mod new_migration;
mod on_terminal;
mod output;
pub(crate) mod own_project;
mod own_server;
mod pooler;
mod project;
pub(crate) mod rewritten;
mod running;
pub(crate) mod runtimes;
mod server;
pub(crate) mod source;
mod superuser;
mod unchanged;
pub(crate) mod wire;

pub(crate) use graph::Node;
pub(crate) use output::Output;
pub(crate) use own_server::OwnServer;
pub(crate) use pooler::Pooler;
pub(crate) use project::TestProject;
pub(crate) use running::Running;
pub(crate) use server::PASSWORD;
pub(crate) use server::TestDatabase;
pub(crate) use server::can_dump;
pub(crate) use server::is_root;
pub(crate) use server::server_has;
pub(crate) use server::server_log;
pub(crate) use server::server_version;
pub(crate) use superuser::SUPERUSER;
pub(crate) use superuser::let_in;

/// Compares a whole output with its snapshot, with the parts replaced that differ from run to run.
macro_rules! assert_output {
    ($output:expr) => {{
        let output: &crate::harness::Output = &$output;
        insta::with_settings!({prepend_module_to_snapshot => true, omit_expression => true}, {
            insta::assert_snapshot!(output.stable());
        });
    }};
}
pub(crate) use assert_output;
