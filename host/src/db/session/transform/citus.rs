//! Tables of Citus, whose rows lie on other servers. What is known of them is in its documentation, "Citus Tables and Views".

use super::refused;
use crate::db::driver;
use crate::db::driver::text_field;
use crate::db::session::Session;
use crate::db::session::SessionError;
use crate::db::session::failed;

impl Session {
    /// Refuses to change rows of a table batch by batch where others could lose their changes by it.
    ///
    /// A batch relies on REPEATABLE READ: the server notices a row that somebody else changed after it was read. The transactions that
    /// Citus opens on its workers are no part of that, and FOR UPDATE over several shards does not exist.
    pub(super) async fn refuse_distributed(&mut self, table: u32, label: &str) -> Result<(), SessionError> {
        let sql = "SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL".to_owned();
        let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
        if rows.first().and_then(|row| text_field(row, 0)).as_deref() != Some("t") {
            return Ok(());
        }
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_dist_partition WHERE logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) {table}::pg_catalog.oid"
        );
        if driver::rows(self.connection(), sql).await.map_err(failed)?.is_empty() {
            return Ok(());
        }
        Err(refused(format!(
            "{label} is a table of Citus, where nobody notices a row that others change between reading and writing it: leave \
             commit-per-batch out of the plan, or insert the rows into another table"
        )))
    }
}
