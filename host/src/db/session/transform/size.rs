//! How much a source has, as far as that costs nothing: guesses for people.

use super::DOING;
use super::Transform;
use super::key_of;
use crate::db::driver;
use crate::db::driver::text_field;
use crate::db::session::Session;
use crate::db::session::SessionError;
use crate::db::session::failed;
use crate::value::TypeShape;
use crate::value::oid;

impl Session {
    /// The first key, where that is one number, and about how many rows there are, as the planner thinks.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn size(&mut self, transform: &Transform) -> Result<(Option<String>, Option<u64>), SessionError> {
        let liveness = self.liveness();
        liveness
            .over(DOING, async {
                let first = if transform.is_numbered() { self.first_number(transform).await? } else { None };
                Ok((first, self.estimate(transform).await?))
            })
            .await
    }

    async fn first_number(&mut self, transform: &Transform) -> Result<Option<String>, SessionError> {
        self.begin_statement().await?;
        let result = self.query(&transform.select_first_key(), &[]).await?;
        let key = result.rows.first().map(|row| key_of(row)).transpose()?;
        Ok(key.and_then(|key| key.texts().first().cloned()))
    }

    async fn estimate(&mut self, transform: &Transform) -> Result<Option<u64>, SessionError> {
        self.begin_statement().await?;
        let rows = driver::rows(self.connection(), transform.explain()).await.map_err(failed)?;
        // PostgreSQL manual, EXPLAIN: one text, a list of one plan.
        let plan: Option<serde_json::Value> =
            rows.first().and_then(|row| text_field(row, 0)).and_then(|text| serde_json::from_str(&text).ok());
        Ok(plan.and_then(|plan| plan.pointer("/0/Plan/Plan Rows")?.as_u64()))
    }
}

impl Transform {
    /// Whether the key is one number.
    fn is_numbered(&self) -> bool {
        let is_number =
            |shape: &TypeShape| matches!(shape, TypeShape::Simple(oid::INT2 | oid::INT4 | oid::INT8 | oid::NUMERIC));
        matches!(self.key.as_slice(), [column] if is_number(&column.shape))
    }
}
