//! Reading results, up to their limits.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::ResultLimits;
use super::SessionError;
use super::conversion;
use super::failed;
use crate::bindings::sql::ResultSet;
use crate::bindings::types::Column;
use crate::bindings::types::Error;
use crate::bindings::types::Limit;
use crate::bindings::types::Scalar;
use crate::bindings::types::Value;
use crate::db::driver;
use crate::db::types;
use crate::value;
use crate::value::TypeShape;

/// Reads a result up to the limits. Of what is more, as much again is read and dropped: then the guest may read less at a time.
/// A result that does not end there would keep the host busy for as long as the server has rows.
pub(super) async fn collect(
    mut stream: impl futures_util::Stream<Item = Result<PgRow, sqlx::Error>> + Unpin,
    limits: ResultLimits,
) -> Result<ResultSet, SessionError> {
    let limit = match read(&mut stream, limits).await {
        Err(SessionError::Guest(error)) => match *error {
            Error::Exceeded(limit) => limit,
            error => return Err(SessionError::guest(error)),
        },
        read => return read,
    };
    let (mut rows, mut bytes) = (0, 0);
    while let Some(row) = driver::next(&mut stream).await.map_err(failed)? {
        rows += 1;
        bytes += driver::bytes(&row);
        if rows > limits.rows_max || bytes > limits.bytes_max {
            return Err(SessionError::TooLarge(limits, limit));
        }
    }
    Err(SessionError::guest(Error::Exceeded(limit)))
}

/// Reads a result up to the limits.
async fn read(
    stream: &mut (impl futures_util::Stream<Item = Result<PgRow, sqlx::Error>> + Unpin),
    limits: ResultLimits,
) -> Result<ResultSet, SessionError> {
    let mut result = ResultSet { columns: Vec::new(), rows: Vec::new() };
    let mut shapes: Vec<TypeShape> = Vec::new();
    let (mut rows, mut bytes) = (0_u64, 0_u64);
    while let Some(row) = driver::next(stream).await.map_err(failed)? {
        if rows == 0 {
            result.columns = row.columns().iter().map(types::column).collect::<Vec<Column>>();
            shapes = row.columns().iter().map(|column| types::shape(sqlx::Column::type_info(column))).collect();
        }
        rows += 1;
        if rows > limits.rows_max {
            return Err(SessionError::guest(Error::Exceeded(Limit::Rows)));
        }
        bytes += byte_count(size_of::<Vec<Value>>());
        let mut values = Vec::with_capacity(shapes.len());
        for (index, shape) in shapes.iter().enumerate() {
            let raw = field(&row, index)?;
            // What came is measured first: decoding makes a copy.
            let came = raw.map_or(0, |raw| byte_count(raw.len()));
            if bytes.saturating_add(came) > limits.bytes_max {
                return Err(SessionError::guest(Error::Exceeded(Limit::Bytes)));
            }
            let value = value::decode(shape, raw)
                .map_err(|error| conversion(&format!("column {} of row {rows}: {error}", index + 1)))?;
            // What the host holds counts, not what came: ten bytes of numeric can be a hundred thousand digits, and a NULL
            // takes as much room as a number.
            bytes += came.max(size(&value));
            if bytes > limits.bytes_max {
                return Err(SessionError::guest(Error::Exceeded(Limit::Bytes)));
            }
            values.push(value);
        }
        result.rows.push(values);
    }
    Ok(result)
}

/// The bytes of a field of a row in binary form; none for NULL.
pub(super) fn field(row: &PgRow, index: usize) -> Result<Option<&[u8]>, SessionError> {
    let raw = row.try_get_raw(index).map_err(failed)?;
    if sqlx::ValueRef::is_null(&raw) {
        return Ok(None);
    }
    raw.as_bytes().map(Some).map_err(|error| conversion(&error.to_string()))
}

/// What the host holds for a value, in bytes.
fn size(value: &Value) -> u64 {
    let inside = match value {
        Value::Scalar(scalar) => scalar_size(scalar),
        Value::Array(array) => {
            let items = byte_count(array.items.len() * size_of::<Scalar>());
            items + array.items.iter().map(scalar_size).sum::<u64>()
        }
        Value::Range(range) => {
            [&range.lower, &range.upper].into_iter().flatten().map(|bound| scalar_size(&bound.value)).sum()
        }
    };
    byte_count(size_of::<Value>()) + inside
}

fn scalar_size(scalar: &Scalar) -> u64 {
    match scalar {
        Scalar::Numeric(text) | Scalar::Text(text) | Scalar::Json(text) | Scalar::Jsonb(text) => byte_count(text.len()),
        Scalar::Bytea(bytes) => byte_count(bytes.len()),
        Scalar::Other(raw) => byte_count(raw.data.len()),
        _ => 0,
    }
}

fn byte_count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
