//! One row of a source, by its key.

use super::Key;
use super::Session;
use super::SessionError;
use super::Transform;
use super::failed;
use crate::db::driver;
use crate::db::driver::text_field;

impl Session {
    /// The row of the source with a key, as a JSON object.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn row_as_json(&mut self, transform: &Transform, key: &Key) -> Result<String, SessionError> {
        let liveness = self.liveness();
        liveness
            .over(super::DOING, async {
                self.begin_statement().await?;
                let rows = driver::rows(self.connection(), transform.select_json(key)).await.map_err(failed)?;
                // It was read a moment ago; what others delete since is gone.
                Ok(rows.first().and_then(|row| text_field(row, 0)).unwrap_or_else(|| "{}".to_owned()))
            })
            .await
    }
}
