use std::ops::{Bound, RangeBounds};

use super::{FromScalar, FromValue, ToScalar, ToValue};
use crate::Value;
use crate::types::{self, Scalar};

/// A range such as `int4range` or `tstzrange`.
///
/// PostgreSQL gives back ranges of whole numbers and of dates as `[lower, upper)`, however they were written.
///
/// ```
/// use host_guest::{Date, Range};
///
/// let open_end = Range::new(Date::from_ymd(2026, 1, 1)..);
/// let nights = Range::new(2..=5);
/// let none = Range::<i32>::Empty;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range<T> {
    /// The range without points.
    Empty,
    /// All between two bounds.
    Between(Bound<T>, Bound<T>),
}

impl<T: Clone> Range<T> {
    /// The range with the bounds of a Rust range: `1..5`, `1..=5`, `..5`, `1..`, `..`, or a pair of [`Bound`].
    ///
    /// ```
    /// use std::ops::Bound;
    /// # use host_guest::Range;
    /// assert_eq!(Range::new(1..5), Range::Between(Bound::Included(1), Bound::Excluded(5)));
    /// ```
    pub fn new(bounds: impl RangeBounds<T>) -> Self {
        Self::Between(bounds.start_bound().cloned(), bounds.end_bound().cloned())
    }
}

impl<T: ToScalar> ToValue for Range<T> {
    fn to_value(&self) -> Value {
        let (lower, upper) = match self {
            Self::Empty => (None, None),
            Self::Between(lower, upper) => (write_bound(lower), write_bound(upper)),
        };
        Value::Range(types::Range { element: T::TYPE, empty: matches!(self, Self::Empty), lower, upper })
    }
}

impl<'a, T: FromScalar<'a>> FromValue<'a> for Range<T> {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Range(range) if range.empty => Some(Self::Empty),
            Value::Range(range) => Some(Self::Between(read_bound(&range.lower)?, read_bound(&range.upper)?)),
            _ => None,
        }
    }
}

impl ToValue for types::Range {
    fn to_value(&self) -> Value {
        Value::Range(self.clone())
    }
}

impl<'a> FromValue<'a> for types::Range {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Range(range) => Some(range.clone()),
            _ => None,
        }
    }
}

fn write_bound<T: ToScalar>(bound: &Bound<T>) -> Option<types::Bound> {
    let write = |value: &T, inclusive| Some(types::Bound { value: value.to_scalar(), inclusive });
    match bound {
        Bound::Included(value) => write(value, true),
        Bound::Excluded(value) => write(value, false),
        Bound::Unbounded => None,
    }
}

/// The outer option is about whether the bound can be read at all.
fn read_bound<'a, T: FromScalar<'a>>(bound: &'a Option<types::Bound>) -> Option<Bound<T>> {
    let Some(types::Bound { value, inclusive }) = bound else {
        return Some(Bound::Unbounded);
    };
    if *value == Scalar::Null {
        return None;
    }
    let value = T::from_scalar(value)?;
    Some(if *inclusive { Bound::Included(value) } else { Bound::Excluded(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_come_back_as_they_went() {
        let ranges = [Range::new(1..5), Range::new(1..=5), Range::new(..), Range::new(..0), Range::Empty];
        for range in ranges {
            assert_eq!(Range::<i64>::from_value(&range.to_value()), Some(range));
        }
    }

    #[test]
    fn the_contract_has_no_bound_where_there_is_none() {
        let Value::Range(range) = Range::new(3i32..).to_value() else { panic!("not a range") };
        assert_eq!((range.element, range.empty, range.upper), (23, false, None));
        assert_eq!(range.lower, Some(types::Bound { value: Scalar::Int4(3), inclusive: true }));
    }

    #[test]
    fn other_types_are_not_read() {
        assert_eq!(Range::<i32>::from_value(&Range::new(1i64..2).to_value()), None);
        assert_eq!(Range::<i32>::from_value(&1i32.to_value()), None);
    }
}
