//! Samples of a transform, for a preview: where they lie, what rows look like, what they cost. Nothing here stays: whoever calls rolls back.

use super::Key;
use super::Session;
use super::SessionError;
use super::Transform;
use super::failed;
use super::refused;
use crate::bindings::types::Tuples;
use crate::db::driver;
use crate::db::driver::text_field;
use crate::value::escaped_identifier;

/// The pages of the source's table in which keys are looked for at random.
const PAGES: u64 = 50;

/// The most characters of a value that are shown.
const CHARACTERS_MAX: u32 = 200;

/// What is known of the size of a transform.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// The rows of the source, as the server estimates them.
    pub rows: u64,
    /// The bytes of the target without its indexes.
    pub target_bytes: u64,
    /// The rows of the target, as the server counted them last; none before it did.
    pub target_rows: Option<u64>,
}

/// The values of a row as texts, column by column.
pub type ShownRow = Vec<Option<String>>;

impl Session {
    /// What the server knows of the size of a transform.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn extent(&mut self, transform: &Transform) -> Result<Extent, SessionError> {
        let explained = self.texts(format!("EXPLAIN (FORMAT JSON) SELECT * FROM {}", transform.view)).await?;
        let text: String = explained.into_iter().flatten().flatten().collect();
        let plan: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let rows = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64).unwrap_or(0.0);
        let number = transform.target_number;
        let sizes = self
            .texts(format!(
                "SELECT pg_catalog.sum(pg_catalog.pg_table_size(c.oid))::pg_catalog.int8, \
                 pg_catalog.min(c.reltuples)::pg_catalog.int8, pg_catalog.sum(c.reltuples)::pg_catalog.int8 \
                 FROM pg_catalog.pg_class AS c WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND (c.oid OPERATOR(pg_catalog.=) {number} \
                 OR c.oid OPERATOR(pg_catalog.=) ANY (SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree({number})))"
            ))
            .await?;
        let size = |index: usize| -> Option<i64> {
            sizes.first().and_then(|row| row.get(index)).cloned().flatten().and_then(|text| text.parse().ok())
        };
        // -1 is a table that was never looked at.
        let counted = size(1).filter(|least| *least >= 0).and(size(2));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
        let rows = rows.max(0.0) as u64;
        Ok(Extent {
            rows,
            target_bytes: size(0).and_then(|bytes| bytes.try_into().ok()).unwrap_or(0),
            target_rows: counted.and_then(|rows| rows.try_into().ok()),
        })
    }

    /// The key so many rows before the last one; none where there are not more.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn key_before_end(&mut self, transform: &Transform, rows: u32) -> Result<Option<Key>, SessionError> {
        let order: Vec<String> =
            transform.key.iter().map(|column| format!("{} DESC", escaped_identifier(&column.name))).collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {} OFFSET {rows} LIMIT 1",
            transform.key_list(""),
            transform.view,
            order.join(", ")
        );
        self.begin_statement().await?;
        let found = self.query(&sql, &[]).await?;
        found.rows.first().map(|row| super::key_of(row)).transpose()
    }

    /// Some keys of the table behind the source, at random; the source may not have them all. A few pages are read for them.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn keys_at_random(&mut self, transform: &Transform, keys: u32) -> Result<Vec<Key>, SessionError> {
        let number = transform.origin_number;
        let pages = self
            .texts(format!(
                "SELECT (pg_catalog.sum(pg_catalog.pg_relation_size(c.oid)) OPERATOR(pg_catalog./) 8192)::pg_catalog.int8 \
                 FROM pg_catalog.pg_class AS c WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND (c.oid OPERATOR(pg_catalog.=) {number} \
                 OR c.oid OPERATOR(pg_catalog.=) ANY (SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree({number})))"
            ))
            .await?;
        let pages = pages.into_iter().flatten().flatten().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        if pages == 0 {
            return Ok(Vec::new());
        }
        // In hundredths of a percent, rounded up.
        let share = (PAGES * 10_000).div_ceil(pages).min(10_000);
        let columns: Vec<String> = transform
            .key
            .iter()
            .zip(&transform.origin_columns)
            .map(|(column, name)| format!("{}::{}", escaped_identifier(name), column.type_name))
            .collect();
        let is_null: Vec<String> =
            transform.origin_columns.iter().map(|name| format!("{} IS NOT NULL", escaped_identifier(name))).collect();
        let sql = format!(
            "SELECT * FROM (SELECT {} FROM {} TABLESAMPLE SYSTEM ({}.{:02}) WHERE {} ORDER BY pg_catalog.random() LIMIT {keys}) AS k \
             ORDER BY {}",
            columns.join(", "),
            transform.origin,
            share / 100,
            share % 100,
            is_null.join(" AND "),
            (1..=columns.len()).map(|number| number.to_string()).collect::<Vec<_>>().join(", "),
        );
        self.begin_statement().await?;
        let found = self.query(&sql, &[]).await?;
        found.rows.iter().map(|row| super::key_of(row)).collect()
    }

    /// The columns of the target that get values, of the row with a key, as texts; none where there is no such row.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn shown_row(&mut self, transform: &Transform, key: &Key) -> Result<Option<ShownRow>, SessionError> {
        let sql = format!(
            "SELECT {} FROM {} AS t WHERE {} LIMIT 1",
            shown_columns(transform),
            transform.target,
            transform.within("t.", Some(key), key)
        );
        Ok(self.texts(sql).await?.into_iter().next())
    }

    /// The same of rows that would be inserted.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn shown_inserts(&mut self, transform: &Transform, made: &Tuples) -> Result<Vec<ShownRow>, SessionError> {
        let staging = &transform.staging_name;
        self.simple(format!("DROP TABLE IF EXISTS {staging}")).await?;
        self.simple(transform.create_staging()).await?;
        self.copy_tuples(&transform.staging, &made.data).await?;
        self.texts(format!("SELECT {} FROM {staging} AS t", shown_columns(transform))).await
    }

    /// Where the log of the server is, in bytes; none where that cannot be asked.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn wal_position(&mut self) -> Result<Option<u64>, SessionError> {
        let position = self
            .texts(
                "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::pg_catalog.text"
                    .to_owned(),
            )
            .await?;
        Ok(position.into_iter().flatten().flatten().next().and_then(|text| text.parse().ok()))
    }

    async fn texts(&mut self, sql: String) -> Result<Vec<ShownRow>, SessionError> {
        let liveness = self.liveness();
        liveness
            .over(super::DOING, async {
                self.begin_statement().await?;
                let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
                let width = |row: &sqlx::postgres::PgRow| sqlx::Row::len(row);
                Ok(rows.iter().map(|row| (0..width(row)).map(|index| text_field(row, index)).collect()).collect())
            })
            .await
    }
}

fn shown_columns(transform: &Transform) -> String {
    let columns = transform
        .columns
        .iter()
        .map(|name| format!("pg_catalog.left(t.{}::pg_catalog.text, {CHARACTERS_MAX})", escaped_identifier(name)));
    columns.collect::<Vec<_>>().join(", ")
}

impl Transform {
    /// The names of the columns that are shown.
    pub fn column_names(&self) -> &[String] {
        &self.columns
    }

    /// The keys of the first rows of the source, at most so many.
    ///
    /// # Errors
    /// [`SessionError`] where the rows cannot be read.
    pub fn keys_of(&self, rows: &Tuples, count: usize) -> Result<Vec<Key>, SessionError> {
        let ends = crate::value::row_ends(&rows.data);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(&ends)
            .take(count)
            .map(|(start, end)| {
                let data = rows.data.get(start..*end).ok_or_else(|| refused(driver::MALFORMED.to_owned()))?;
                self.key_of(&Tuples { rows: 1, data: data.to_vec() })
            })
            .collect()
    }
}
