use crate::Error;
use crate::bindings::host::migration::sql;

/// An open savepoint: what comes after it can be undone by itself. Dropped without [`release`](Self::release), it is
/// rolled back, so that `?` in between undoes the part. [`savepoint()`] does the same with a closure.
///
/// ```no_run
/// use host_guest::{Savepoint, execute};
///
/// # fn main() -> Result<(), host_guest::Error> {
/// let attempt = Savepoint::begin()?;
/// if execute("INSERT INTO tables VALUES (1)", &[]).is_err() {
///     attempt.rollback()?;
///     execute("UPDATE tables SET free = true WHERE number = 1", &[])?;
/// }
/// attempt.release()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a savepoint that is dropped is rolled back at once"]
pub struct Savepoint {
    inner: sql::Savepoint,
}

impl Savepoint {
    /// Begins a savepoint.
    ///
    /// # Errors
    /// When the transaction is lost already, or too many savepoints are open.
    pub fn begin() -> Result<Self, Error> {
        let inner = sql::begin_savepoint()?;
        Ok(Self { inner })
    }

    /// Keeps what was done since, and ends this savepoint and those inside it.
    ///
    /// # Errors
    /// When a statement since failed, or the savepoint is gone because an outer one ended.
    pub fn release(self) -> Result<(), Error> {
        self.inner.release().map_err(Error::from)
    }

    /// Undoes what was done since. The savepoint stays open.
    ///
    /// # Errors
    /// When the savepoint is gone because an outer one ended.
    pub fn rollback(&self) -> Result<(), Error> {
        self.inner.rollback().map_err(Error::from)
    }
}

/// Does a piece of work inside a savepoint: keeps it when it succeeds, undoes it when it fails.
///
/// ```no_run
/// use host_guest::{Failure, execute, savepoint};
///
/// # fn upgrade() -> Result<(), Failure> {
/// if let Err(error) = savepoint(|| execute("CREATE EXTENSION citext", &[])) {
///     host_guest::warn!("without citext: {error}");
/// }
/// // With `?` inside, say which error it gives:
/// savepoint(|| -> Result<(), Failure> {
///     execute("DELETE FROM visits", &[])?;
///     Err("kept after all")?
/// })?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What the work returns, and what [`Savepoint::begin`] and [`Savepoint::release`] do.
pub fn savepoint<T, E: From<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let point = Savepoint::begin()?;
    let outcome = work()?;
    point.release()?;
    Ok(outcome)
}
