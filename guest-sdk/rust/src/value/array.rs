use super::{FromScalar, FromValue, ToScalar, ToValue};
use crate::Value;
use crate::types::{Array, ArrayDim};

impl<T: ToScalar> ToValue for [T] {
    fn to_value(&self) -> Value {
        // More than u32::MAX elements do not fit into a guest's memory.
        let len = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let dims = if self.is_empty() { Vec::new() } else { vec![ArrayDim { len, lower: 1 }] };
        Value::Array(Array { element: T::TYPE, dims, items: self.iter().map(T::to_scalar).collect() })
    }
}

impl<T: ToScalar> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}

impl<T: ToScalar, const N: usize> ToValue for [T; N] {
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        self.as_slice().to_value()
    }
}

/// Reads arrays of one dimension, wherever they begin, and empty ones.
impl<'a, T: FromScalar<'a>> FromValue<'a> for Vec<T> {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Array(array) if array.dims.len() <= 1 => array.items.iter().map(T::from_scalar).collect(),
            _ => None,
        }
    }
}

impl ToValue for Array {
    fn to_value(&self) -> Value {
        Value::Array(self.clone())
    }
}

impl<'a> FromValue<'a> for Array {
    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Array(array) => Some(array.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Scalar;

    #[test]
    fn arrays_know_their_length_and_type() {
        let value = [Some(1i32), None].to_value();
        let dims = vec![ArrayDim { len: 2, lower: 1 }];
        assert_eq!(value, Value::Array(Array { element: 23, dims, items: vec![Scalar::Int4(1), Scalar::Null] }));
        assert_eq!(Vec::<Option<i64>>::from_value(&value), Some(vec![Some(1), None]));
        assert_eq!(Vec::<i32>::from_value(&value), None);
    }

    #[test]
    fn an_empty_array_has_no_dimension() {
        let value = Vec::<String>::new().to_value();
        assert_eq!(value, Value::Array(Array { element: 0, dims: vec![], items: vec![] }));
        assert_eq!(Vec::<&str>::from_value(&value), Some(vec![]));
    }

    #[test]
    fn bytes_in_an_array_stay_bytes() {
        let value = vec![vec![1u8], vec![2]].to_value();
        assert_eq!(Vec::<&[u8]>::from_value(&value), Some(vec![&[1][..], &[2]]));
    }

    #[test]
    fn more_dimensions_are_for_the_contract_s_type() {
        let dims = vec![ArrayDim { len: 1, lower: 0 }, ArrayDim { len: 1, lower: 1 }];
        let array = Array { element: 23, dims, items: vec![Scalar::Int4(1)] };
        assert_eq!(Vec::<i32>::from_value(&array.to_value()), None);
        assert_eq!(Array::from_value(&array.to_value()), Some(array));
    }
}
