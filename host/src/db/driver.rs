//! The boundary to the driver: what a server sends is not trusted, and the driver trusts some of it.
//!
//! The driver panics when a message is shorter than it says, and reads whatever comes. So every call of it that waits for the
//! server goes through [`guarded`], and everything that the host itself reads is counted ([`Intake`]).

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::task::Poll;

use futures_util::Stream;
use futures_util::TryStreamExt as _;
use sqlx::Either;
use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgQueryResult;
use sqlx::postgres::PgRow;

/// The most rows that the host reads in one answer to a statement of its own.
const ROWS_MAX: u64 = 1_000_000;

/// The most bytes that the host reads in one answer to a statement of its own.
const BYTES_MAX: u64 = 128 << 20;

/// What the driver's panic means. The connection must not be used again after it.
pub(super) const MALFORMED: &str = "malformed answer from the server";

thread_local! {
    // The panic hook is one for the whole process and is called on the thread that panicked, with nothing handed to it. So
    // this belongs to a thread, and is set only while the driver is polled on it, whichever run that is for.
    static WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside of the driver, whose panics are caught: a panic hook need not report them.
pub fn is_in_driver() -> bool {
    WAITING.get()
}

/// Waits for the driver. A panic of it becomes an error of the protocol.
pub(super) async fn guarded<T>(call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let mut call = std::pin::pin!(call);
    std::future::poll_fn(|context| {
        let outer = WAITING.replace(true);
        // What a panic leaves half done is the connection, which is not used again.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        WAITING.set(outer);
        polled.unwrap_or_else(|panic| Poll::Ready(Err(malformed(panic.as_ref()))))
    })
    .await
}

/// The next item of a stream of the driver, guarded in the same way.
pub(super) async fn next<T>(
    stream: &mut (impl Stream<Item = Result<T, sqlx::Error>> + Unpin),
) -> Result<Option<T>, sqlx::Error> {
    guarded(stream.try_next()).await
}

/// Reads all rows of an answer to a text of the host, of each statement apart, into `statements`: also those of statements
/// before one that failed.
pub(super) async fn read_all(
    mut stream: impl Stream<Item = Result<Either<PgQueryResult, PgRow>, sqlx::Error>> + Unpin,
    statements: &mut Vec<Vec<PgRow>>,
) -> Result<(), sqlx::Error> {
    let mut intake = Intake::default();
    let mut rows = Vec::new();
    while let Some(item) = next(&mut stream).await? {
        match item {
            Either::Right(row) => {
                intake.count(&row)?;
                rows.push(row);
            }
            Either::Left(_) => statements.push(std::mem::take(&mut rows)),
        }
    }
    Ok(())
}

/// The rows of one text of the host on any connection.
pub(super) async fn rows(connection: &mut PgConnection, sql: String) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut statements = Vec::new();
    read_all(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_many(connection), &mut statements).await?;
    Ok(statements.into_iter().flatten().collect())
}

/// The rows of one statement of the host with parameters.
pub(super) async fn query(
    connection: &mut PgConnection,
    query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut statements = Vec::new();
    read_all(sqlx::Executor::fetch_many(connection, query.persistent(false)), &mut statements).await?;
    Ok(statements.into_iter().flatten().collect())
}

/// How much an answer has brought so far.
#[derive(Debug, Default)]
struct Intake {
    rows: u64,
    bytes: u64,
}

impl Intake {
    /// Refuses the row that is too much.
    fn count(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        self.rows += 1;
        self.bytes = self.bytes.saturating_add(bytes(row));
        if self.rows > ROWS_MAX || self.bytes > BYTES_MAX {
            return Err(sqlx::Error::Protocol(format!(
                "the server sends more than {ROWS_MAX} rows or {} MiB in answer to a statement of host",
                BYTES_MAX >> 20
            )));
        }
        Ok(())
    }
}

/// A field of a row of the simple protocol, which sends text.
pub(super) fn text_field(row: &PgRow, index: usize) -> Option<String> {
    str_field(row, index).map(str::to_owned)
}

/// The same without a copy.
pub(super) fn str_field(row: &PgRow, index: usize) -> Option<&str> {
    row.try_get_raw(index).ok().and_then(|value| value.as_str().ok())
}

/// About how much memory a row takes, in bytes: a field takes some, whatever is in it.
pub(super) fn bytes(row: &PgRow) -> u64 {
    let field =
        |index| 32 + row.try_get_raw(index).ok().and_then(|raw| raw.as_bytes().ok().map(<[u8]>::len)).unwrap_or(0);
    u64::try_from((0..row.len()).map(field).sum::<usize>()).unwrap_or(u64::MAX)
}

fn malformed(panic: &(dyn Any + Send)) -> sqlx::Error {
    let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    sqlx::Error::Protocol(match message {
        Some(message) => format!("{MALFORMED} ({})", message.chars().take(100).collect::<String>()),
        None => MALFORMED.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_of_the_driver_is_an_error_of_the_server() {
        assert!(!is_in_driver());
        let call = async {
            tokio::task::yield_now().await;
            assert!(is_in_driver());
            let answer: &[u8] = &[];
            Ok(answer[usize::from(is_in_driver())])
        };
        let error = guarded(call).await.expect_err("it panicked").to_string();
        assert!(error.contains(MALFORMED), "{error}");
        assert!(!is_in_driver());
        assert_eq!(guarded(async { Ok(7) }).await.expect("it did not"), 7);
    }
}
