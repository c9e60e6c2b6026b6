//! Big tables that the host rewrites batch by batch.
//!
//! The migration says which rows there are and where they go, and what becomes of a batch; reading, cutting, writing and committing
//! are the host's. Work with the rows and work in the database overlap.
//!
//! ```
//! use host_guest::bulk::{Batch, RowWriter};
//! use host_guest::transform::{Plan, Transform};
//! use host_guest::{Failure, Migration};
//!
//! struct Phones;
//!
//! impl Migration for Phones {
//!     fn upgrade() -> Result<(), Failure> {
//!         Plan::update("guests", &["id", "phone"])
//!             .source("SELECT id, phone FROM guests WHERE phone IS NOT NULL", &["id"])
//!             .run("digits")?;
//!         Ok(())
//!     }
//!
//!     fn downgrade() -> Result<(), Failure> {
//!         Err(Failure::irreversible())
//!     }
//! }
//!
//! impl Transform for Phones {
//!     fn apply(_pipeline: &str, rows: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
//!         for row in rows.read::<(i64, &str)>() {
//!             let (id, phone) = row?;
//!             out.row((id, phone.replace(' ', "")));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! host_guest::export_transform!(Phones);
//! ```

use crate::bindings::host::migration::{bulk, types};
use crate::bulk::{Batch, RowWriter};
use crate::transform_bindings::host::migration::transforms::{self, ApplyMode};
use crate::{Error, Failure, Migration};

/// Rows in a batch where the plan does not say it.
const BATCH_ROWS: u32 = 10_000;

/// Bytes in a batch where the plan does not say it.
const BATCH_BYTES: u32 = 8 << 20;

/// What becomes of the rows of a big table. See the [module](self).
pub trait Transform: Migration {
    /// Turns one batch of rows into another. `pipeline` is what was given to [`Plan::run`].
    ///
    /// It is called on an instance of its own, which keeps nothing from one batch to the next and can run no statements. Rows for
    /// which nothing is written stay as they are.
    ///
    /// # Errors
    /// The host looks for the row that it fails for, and tells its key.
    fn apply(pipeline: &str, rows: &Batch, out: &mut RowWriter) -> Result<(), Failure>;
}

/// How to rewrite a big table.
#[derive(Debug, Clone)]
pub struct Plan {
    inner: transforms::TransformPlan,
}

impl Plan {
    /// Updates rows of a table: those with the keys of the rows that the transform gives back. The columns are those of these rows;
    /// the columns of the key are among them.
    pub fn update(table: &str, columns: &[&str]) -> Self {
        Self::new(ApplyMode::UpdateByKey, table, columns)
    }

    /// Inserts the rows that the transform gives back into a table.
    pub fn insert(table: &str, columns: &[&str]) -> Self {
        Self::new(ApplyMode::Insert, table, columns)
    }

    /// Inserts the rows that the transform gives back, or updates those that have their keys.
    pub fn upsert(table: &str, columns: &[&str]) -> Self {
        Self::new(ApplyMode::Upsert, table, columns)
    }

    fn new(mode: ApplyMode, table: &str, columns: &[&str]) -> Self {
        let into = bulk::Target { schema: None, table: table.to_owned(), columns: owned(columns) };
        Self {
            inner: transforms::TransformPlan {
                source: String::new(),
                key: Vec::new(),
                into,
                mode,
                batch_rows: BATCH_ROWS,
                batch_bytes: BATCH_BYTES,
                parallelism: 1,
                commit_per_batch: false,
            },
        }
    }

    /// The schema of the table; without it the search path decides.
    #[must_use]
    pub fn in_schema(mut self, schema: &str) -> Self {
        self.inner.into.schema = Some(schema.to_owned());
        self
    }

    /// The query that gives the rows, and the columns of it that are their key: those of a unique index of the table that they come
    /// from, in its order.
    #[must_use]
    pub fn source(mut self, sql: &str, key: &[&str]) -> Self {
        (self.inner.source, self.inner.key) = (sql.to_owned(), owned(key));
        self
    }

    /// How large a batch is, at most: rows and bytes. Without this 10,000 rows and 8 MiB.
    #[must_use]
    pub fn batch(mut self, rows: u32, bytes: u32) -> Self {
        (self.inner.batch_rows, self.inner.batch_bytes) = (rows, bytes);
        self
    }

    /// How many batches are worked on at a time, each by an instance with the memory of one. Without this one.
    #[must_use]
    pub fn parallelism(mut self, batches: u32) -> Self {
        self.inner.parallelism = batches;
        self
    }

    /// Commits each batch by itself. The migration must say `transaction = "none"`.
    #[must_use]
    pub fn commit_per_batch(mut self) -> Self {
        self.inner.commit_per_batch = true;
        self
    }

    /// Rewrites all rows, and gives the number of rows written.
    ///
    /// # Errors
    /// [`Error::Misuse`] when the plan fits neither source nor target, and when the transform rejects a row; [`Error::Sql`] when the
    /// server refuses something; [`Error::Denied`] when the migration may not change data.
    pub fn run(&self, pipeline: &str) -> Result<u64, Error> {
        transforms::run_transform(pipeline, &self.inner).map_err(Error::from)
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Makes a type that implements [`Transform`] the migration of this crate: what [`export!`](crate::export!) is for one without a
/// transform. Once in a crate.
#[macro_export]
macro_rules! export_transform {
    ($migration:ty) => {
        $crate::export!($migration);

        const _: () = {
            use $crate::transform_bindings::exports::host::migration::transform::{Failure, Guest, Tuples};

            struct Exported;

            impl Guest for Exported {
                fn apply(pipeline: ::std::string::String, input: Tuples) -> ::core::result::Result<Tuples, Failure> {
                    $crate::transform::apply(<$migration as $crate::transform::Transform>::apply, &pipeline, input)
                }
            }

            $crate::transform_bindings::export!(Exported with_types_in $crate::transform_bindings);
        };
    };
}

type Apply = fn(&str, &Batch, &mut RowWriter) -> Result<(), Failure>;

/// What `export_transform!` calls.
#[doc(hidden)]
#[expect(clippy::result_large_err, reason = "the contract's type; it goes to the host at once")]
pub fn apply(apply: Apply, pipeline: &str, input: types::Tuples) -> Result<types::Tuples, types::Failure> {
    crate::migration::report_panics();
    let mut out = RowWriter::with_capacity(input.data.len());
    apply(pipeline, &Batch { tuples: input }, &mut out).map_err(types::Failure::from)?;
    Ok(out.into_tuples())
}
