//! Data for a COPY (PostgreSQL manual, "COPY Operations" of the protocol's message flow).

use super::Session;
use super::SessionError;
use super::failed;
use crate::db::driver;
use crate::db::driver::text_field;

/// How much is sent in one message, in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// Reads which messages the server sends, and lets it send none: the driver reads nothing while it sends. A trigger that says something
/// about each row would fill the way back, and both sides would wait for the other.
const BE_QUIET: &str =
    "SELECT pg_catalog.current_setting('client_min_messages'); SET LOCAL client_min_messages = error";

impl Session {
    /// Sends data to a `COPY … FROM STDIN` and gives the number of rows. The guard has made sure that the text is one statement in
    /// every session.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn copy_in(&mut self, sql: &str, data: &str) -> Result<u64, SessionError> {
        let found = driver::rows(self.connection(), BE_QUIET.to_owned()).await.map_err(failed)?;
        let level = found.first().and_then(|row| text_field(row, 0)).unwrap_or_default();
        // The data are read in the encoding of the client.
        self.read_as_the_guard(data).await?;
        self.reads_as_the_guard = false;
        let connection = self.connection();
        let copied = driver::guarded(async {
            let mut copy = connection.copy_in_raw(sql).await?;
            // When the server has refused a row, it reads the rest and says so at the end.
            for chunk in data.as_bytes().chunks(CHUNK_BYTES) {
                copy.send(chunk).await?;
            }
            copy.finish().await
        });
        // After a failure the transaction, or the part since the savepoint, takes the setting back with all the rest.
        let rows = copied.await.map_err(failed)?;
        if level.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !level.is_empty() {
            self.simple(format!("SET LOCAL client_min_messages = {level}")).await?;
        }
        Ok(rows)
    }
}
