//! The database's part of a transform: a big table is read by ranges of its key, and what became of the rows is written back.
//!
//! `inspect` looks at the plan before the first row, `citus` at tables whose rows lie elsewhere; `plan` has the statements, `reader` reads
//! rows as they come, `size` guesses how many there are.

mod citus;
mod inspect;
mod plan;
mod reader;
mod sample;
mod single;
mod size;

pub use self::plan::Key;
pub use self::plan::Transform;
use self::reader::ReadError;
use self::reader::Reader;
pub use self::sample::Extent;
pub use self::sample::ShownRow;
use super::BEYOND_ASCII;
use super::Session;
use super::SessionError;
use super::failed;
use crate::bindings::transforms::ApplyMode;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Error;
use crate::bindings::types::Tuples;
use crate::bindings::types::Value;
use crate::db::driver;
use crate::db::driver::text_field;
use crate::value;

/// What the host does, in an error.
const DOING: &str = "rewrite rows of a table";

/// Some rows of the source, in the order of their keys.
#[derive(Debug)]
pub struct Part {
    /// The rows.
    pub rows: Tuples,
    /// The key behind which they begin; none at the beginning.
    pub after: Option<Key>,
    /// The key of the last one, or where the part ends that was asked for.
    pub until: Key,
    /// Whether the part that was asked for ends here.
    pub all: bool,
}

/// How the rows of a transform are kept apart from what others do meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// All of it is one transaction: nobody else may change the target until it ends.
    OneTransaction,
    /// Each batch is a transaction of its own, in which the server notices what others change (REPEATABLE READ).
    EachBatch,
}

impl Session {
    /// Checks a plan before the first row, and makes the view of its source and the table for staged rows. `number` stands in their
    /// names.
    ///
    /// # Errors
    /// [`SessionError`]: `misuse` for what cannot be done.
    pub async fn begin_transform(
        &mut self,
        plan: &TransformPlan,
        number: u64,
        isolation: Isolation,
    ) -> Result<Transform, SessionError> {
        let liveness = self.liveness();
        liveness.over(DOING, self.make_ready(plan, number, isolation)).await
    }

    /// The greatest key of the source; none when it has no rows.
    ///
    /// # Errors
    /// [`SessionError`]: `misuse` when a row has no key.
    pub async fn last_key(&mut self, transform: &Transform) -> Result<Option<Key>, SessionError> {
        let liveness = self.liveness();
        liveness.over(DOING, self.find_last_key(transform)).await
    }

    /// The key of the last of so many rows behind a key; none when there are not so many.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn key_after(
        &mut self,
        transform: &Transform,
        after: Option<&Key>,
        until: &Key,
        rows: u32,
    ) -> Result<Option<Key>, SessionError> {
        let liveness = self.liveness();
        liveness
            .over(DOING, async {
                self.begin_statement().await?;
                let found = self.query(&transform.select_key_after(after, until, rows), &[]).await?;
                found.rows.first().map(|row| key_of(row)).transpose()
            })
            .await
    }

    /// Reads rows behind a key and up to another one: at most so many, of at most so many bytes.
    ///
    /// # Errors
    /// [`SessionError`]: `misuse` for two rows of one key, `exceeded` for a row that is too large.
    pub async fn read_part(
        &mut self,
        transform: &Transform,
        after: Option<&Key>,
        until: &Key,
        rows_max: u32,
        bytes_max: usize,
    ) -> Result<Part, SessionError> {
        let liveness = self.liveness();
        liveness.over(DOING, self.copy_part(transform, after, until, rows_max, bytes_max)).await
    }

    /// Writes what became of a part, and gives the number of rows.
    ///
    /// # Errors
    /// [`SessionError`]: `misuse` when not each row finds its place.
    pub async fn write_part(
        &mut self,
        transform: &Transform,
        (after, until): (Option<&Key>, &Key),
        rows: &Tuples,
    ) -> Result<u64, SessionError> {
        let liveness = self.liveness();
        liveness.over(DOING, self.write_rows(transform, after, until, rows)).await
    }

    /// Takes away what [`Session::begin_transform`] made.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn end_transform(&mut self, transform: &Transform) -> Result<(), SessionError> {
        self.simple(format!("DROP VIEW {}", transform.view)).await?;
        if transform.mode == ApplyMode::Insert {
            return Ok(());
        }
        self.simple(format!("DROP TABLE {}", transform.staging_name)).await
    }

    async fn make_ready(
        &mut self,
        plan: &TransformPlan,
        number: u64,
        isolation: Isolation,
    ) -> Result<Transform, SessionError> {
        let transform = self.check_transform(plan, number, isolation).await?;
        if isolation == Isolation::OneTransaction {
            // What others change between reading and writing would be overwritten with what was made of the row before.
            self.simple(format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", transform.target)).await?;
        }
        // The query of the migration stands alone behind AS, where the grammar has room for nothing but a query.
        let create = format!("CREATE TEMPORARY VIEW {} AS ", transform.view);
        let behind = u32::try_from(create.len()).unwrap_or(0);
        let text = create + &plan.source;
        let created = async {
            let prepared = self.describe(&text, &[]).await?;
            self.execute_prepared(&prepared, &[]).await
        };
        let created = created.await.map_err(|error| super::cursor::moved(error, behind));
        self.forget_after(created).await?;
        if plan.mode != ApplyMode::Insert {
            self.read_as_the_guard(BEYOND_ASCII).await?;
            self.simple(transform.create_staging()).await?;
        }
        Ok(transform)
    }

    async fn find_last_key(&mut self, transform: &Transform) -> Result<Option<Key>, SessionError> {
        self.begin_statement().await?;
        let without = driver::rows(self.connection(), transform.select_null_key()).await.map_err(failed)?;
        if !without.is_empty() {
            let names: Vec<&str> = transform.key.iter().map(|column| column.name.as_str()).collect();
            return Err(refused(format!(
                "the source has rows whose key ({}) is NULL, which belong to no range: leave them out of the query, or give them a key",
                names.join(", ")
            )));
        }
        let result = self.query(&transform.select_last_key(), &[]).await?;
        result.rows.first().map(|row| key_of(row)).transpose()
    }

    async fn copy_part(
        &mut self,
        transform: &Transform,
        after: Option<&Key>,
        until: &Key,
        rows_max: u32,
        bytes_max: usize,
    ) -> Result<Part, SessionError> {
        self.begin_statement().await?;
        let sql = transform.read(after, until, rows_max, bytes_max);
        let fields = transform.key_fields();
        let mut reader = Reader::new(&fields, rows_max, bytes_max);
        let mut refusal = None;
        let mut stream = driver::guarded(self.connection().copy_out_raw(&sql)).await.map_err(copy_failed)?;
        // It is read to its end whatever happens; a message holds one row.
        while let Some(chunk) = driver::next(&mut stream).await.map_err(copy_failed)? {
            if refusal.is_none() {
                refusal = reader.push(&chunk).err();
            }
        }
        drop(stream);
        let rows = refusal.map_or_else(|| reader.end(), Err).map_err(|error| match error {
            ReadError::Duplicate => refused(
                "the source gives two rows of one key: a join that multiplies rows, for example; give each row once"
                    .to_owned(),
            ),
            ReadError::TooLarge => too_large(bytes_max),
            ReadError::Malformed => refused(driver::MALFORMED.to_owned()),
        })?;
        let until = match (rows.all, rows.last) {
            (false, Some(last)) => transform.key_of_fields(last.iter().map(|bytes| Some(bytes.as_slice())))?,
            _ => until.clone(),
        };
        Ok(Part { rows: Tuples { rows: rows.rows, data: rows.data }, after: after.cloned(), until, all: rows.all })
    }

    async fn write_rows(
        &mut self,
        transform: &Transform,
        after: Option<&Key>,
        until: &Key,
        rows: &Tuples,
    ) -> Result<u64, SessionError> {
        if rows.rows == 0 {
            return Ok(0);
        }
        if transform.mode == ApplyMode::Insert {
            let written = self.copy_tuples(&transform.copy_target, &rows.data).await?;
            return self.all_of(transform, written, rows.rows, None).await;
        }
        self.simple(transform.empty_staging()).await?;
        self.copy_tuples(&transform.staging, &rows.data).await?;
        self.begin_statement().await?;
        let query = sqlx::raw_sql(sqlx::AssertSqlSafe(transform.apply(after, until)));
        let done = driver::guarded(query.execute(self.connection())).await.map_err(failed)?;
        self.all_of(transform, done.rows_affected(), rows.rows, Some((after, until))).await
    }

    /// Refuses to go on where not each row was written once, and says why.
    async fn all_of(
        &mut self,
        transform: &Transform,
        written: u64,
        given: u32,
        part: Option<(Option<&Key>, &Key)>,
    ) -> Result<u64, SessionError> {
        if written == u64::from(given) {
            return Ok(written);
        }
        let target = &transform.target_label;
        if let Some((after, until)) = part {
            let twice = self.first_key(transform.select_twice()).await?;
            if let Some(key) = twice {
                let row = transform.describe(&key);
                return Err(refused(format!("the transform gives back two rows for {row} of {target}")));
            }
            let foreign = self.first_key(transform.select_foreign(after, until)).await?;
            if let (Some(key), ApplyMode::UpdateByKey) = (foreign, transform.mode) {
                let row = transform.describe(&key);
                return Err(refused(format!(
                    "the transform gives back a row for {row}, which {target} does not have among the keys of the batch"
                )));
            }
        }
        Err(refused(format!(
            "{given} row(s) were given back for {target}, and {written} were written: a trigger, a rule or a policy of the table \
             changes the number; switch it off for this migration, or write the rows with copy-in"
        )))
    }

    async fn first_key(&mut self, sql: String) -> Result<Option<Key>, SessionError> {
        let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
        let fields = |row| (0..).map_while(|index| text_field(row, index)).collect();
        Ok(rows.first().map(|row| Key(fields(row))))
    }

    /// Lets the session read a text of the host as it was written. Its query may call functions of anybody.
    async fn begin_statement(&mut self) -> Result<(), SessionError> {
        self.read_as_the_guard(BEYOND_ASCII).await?;
        self.reads_as_the_guard = false;
        Ok(())
    }
}

impl Transform {
    /// The key of a row of the source, the first one of these.
    ///
    /// # Errors
    /// [`SessionError`] when a field is no value of its type.
    pub fn key_of(&self, rows: &Tuples) -> Result<Key, SessionError> {
        self.key_of_fields(value::fields_of_row(&rows.data, &self.key_fields()).into_iter())
    }

    fn key_of_fields<'a>(&self, fields: impl Iterator<Item = Option<&'a [u8]>>) -> Result<Key, SessionError> {
        let values = self.key.iter().zip(fields).map(|(column, bytes)| {
            value::decode(&column.shape, bytes).map_err(|error| refused(format!("the key of a row: {error}")))
        });
        key_of(&values.collect::<Result<Vec<_>, _>>()?)
    }
}

/// The key that a row of the key's columns is.
fn key_of(row: &[Value]) -> Result<Key, SessionError> {
    let text = |value: &Value| match value::text(value) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(refused("a row has no key".to_owned())),
        Err(error) => Err(refused(format!("a key cannot be written down: {error}"))),
    };
    Ok(Key(row.iter().map(text).collect::<Result<_, _>>()?))
}

fn refused(reason: String) -> SessionError {
    SessionError::guest(Error::Misuse(format!("run-transform: {reason}")))
}

fn too_large(bytes_max: usize) -> SessionError {
    refused(format!("a row of the source has more than {bytes_max} bytes, which is batch-bytes"))
}

/// The server says itself which row is too large; see [`Transform::read`].
fn copy_failed(error: sqlx::Error) -> SessionError {
    let error = failed(error);
    if let SessionError::Guest(inner) = &error
        && let Error::Sql(sql) = inner.as_ref()
        && let Some((_, key)) = sql.message.split_once(plan::TOO_LARGE)
    {
        let key = key.trim_start_matches(": ").trim_end_matches('"');
        return refused(format!("the row with the key {key} is larger than batch-bytes of the plan"));
    }
    error
}

impl Key {
    /// The texts of its values, in the order of the key's columns.
    pub fn texts(&self) -> &[String] {
        &self.0
    }

    /// The key of such texts, as they were written down.
    pub fn of_texts(texts: Vec<String>) -> Self {
        Self(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::Scalar;

    #[test]
    fn a_key_is_made_of_values() {
        let row = [Value::Scalar(Scalar::Int8(7)), Value::Scalar(Scalar::Text("a".to_owned()))];
        assert_eq!(key_of(&row).expect("a key").texts(), ["7", "a"]);
        assert!(key_of(&[Value::Scalar(Scalar::Null)]).is_err());
    }
}
