//! Rules that arrays, ranges and texts from a migration must keep, in whatever form they are written.

use super::decode::ARRAY_DIMENSIONS_MAX;
use super::error::EncodeError;
use crate::bindings::types::Array;
use crate::bindings::types::Range;
use crate::bindings::types::Raw;
use crate::bindings::types::Scalar;

/// The dimensions multiply to the number of elements, and every index is an integer.
pub(super) fn check_array(array: &Array) -> Result<(), EncodeError> {
    if array.dims.len() > ARRAY_DIMENSIONS_MAX {
        return Err(EncodeError::ArrayDimensions { count: array.dims.len() });
    }
    let product = array.dims.iter().fold(1_u64, |product, dim| product.saturating_mul(dim.len.into()));
    let expected = if array.dims.is_empty() { 0 } else { product };
    if u64::try_from(array.items.len()) != Ok(expected) {
        return Err(EncodeError::ArrayItems { expected, items: array.items.len() });
    }
    if !array.items.is_empty() {
        for dim in &array.dims {
            if i64::from(dim.lower) + i64::from(dim.len) > i64::from(i32::MAX) {
                return Err(EncodeError::ArrayBounds { len: dim.len, lower: dim.lower });
            }
        }
    }
    Ok(())
}

/// An empty range has no bounds, and no bound is NULL.
pub(super) fn check_range(range: &Range) -> Result<(), EncodeError> {
    let mut bounds = [&range.lower, &range.upper].into_iter().flatten();
    if range.empty && bounds.next().is_some() {
        return Err(EncodeError::EmptyRangeWithBounds);
    }
    if bounds.any(|bound| bound.value == Scalar::Null) {
        return Err(EncodeError::NullBound);
    }
    Ok(())
}

/// PostgreSQL stores text up to the first NUL, and so refuses one.
pub(super) fn check_text(text: &str) -> Result<&str, EncodeError> {
    if text.contains('\0') { Err(EncodeError::NulCharacter) } else { Ok(text) }
}

/// The text of a raw value in text format.
pub(super) fn raw_text(raw: &Raw) -> Result<&str, EncodeError> {
    let text = std::str::from_utf8(&raw.data).map_err(|source| EncodeError::NotUtf8 { source })?;
    check_text(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::ArrayDim;

    fn array(dims: &[(u32, i32)], items: usize) -> Array {
        Array {
            element: 23,
            dims: dims.iter().map(|(len, lower)| ArrayDim { len: *len, lower: *lower }).collect(),
            items: vec![Scalar::Null; items],
        }
    }

    #[test]
    fn arrays() {
        let most = i32::MAX - 1;
        for good in [
            array(&[], 0),
            array(&[(0, 1)], 0),
            array(&[(0, i32::MAX)], 0),
            array(&[(2, 1), (3, -5)], 6),
            array(&[(1, most)], 1),
            array(&[(1, i32::MIN)], 1),
            array(&[(1, 1); 6], 1),
        ] {
            assert_eq!(check_array(&good), Ok(()), "{good:?}");
        }
        for bad in [
            array(&[], 1),
            array(&[(2, 1)], 1),
            array(&[(u32::MAX, 1); 6], 1),
            array(&[(2, most)], 2),
            array(&[(1, 1); 7], 1),
        ] {
            assert!(check_array(&bad).is_err(), "{bad:?}");
        }
    }
}
