//! The codec as a whole: known bytes, conversions, text, and properties over all shapes.

#![expect(clippy::unwrap_used, reason = "tests")]

mod conversions;
mod forms;
mod properties;

use super::TypeShape;
use crate::bindings::types::Array;
use crate::bindings::types::ArrayDim;
use crate::bindings::types::Bound;
use crate::bindings::types::Format;
use crate::bindings::types::Oid;
use crate::bindings::types::Range;
use crate::bindings::types::Raw;
use crate::bindings::types::Scalar;
use crate::bindings::types::Value;

fn builtin(oid: Oid) -> TypeShape {
    TypeShape::builtin(oid).unwrap()
}

fn domain(oid: Oid, base: TypeShape) -> TypeShape {
    TypeShape::Domain { oid, base: Box::new(base) }
}

fn array_shape(oid: Oid, element: TypeShape) -> TypeShape {
    TypeShape::Array { oid, element: Box::new(element) }
}

fn range_shape(oid: Oid, element: TypeShape) -> TypeShape {
    TypeShape::Range { oid, element: Box::new(element) }
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

fn numeric(text: &str) -> Scalar {
    Scalar::Numeric(text.to_owned())
}

fn raw(type_oid: Oid, format: Format, data: &[u8]) -> Scalar {
    Scalar::Other(Raw { type_oid, format, data: data.to_vec() })
}

fn array(element: Oid, dims: &[(u32, i32)], items: Vec<Scalar>) -> Value {
    let dims = dims.iter().map(|(len, lower)| ArrayDim { len: *len, lower: *lower }).collect();
    Value::Array(Array { element, dims, items })
}

fn list(element: Oid, items: Vec<Scalar>) -> Value {
    let len = u32::try_from(items.len()).unwrap();
    array(element, &[(len, 1)], items)
}

fn range(element: Oid, lower: Option<(Scalar, bool)>, upper: Option<(Scalar, bool)>) -> Value {
    let bound = |bound: (Scalar, bool)| Bound { value: bound.0, inclusive: bound.1 };
    Value::Range(Range { element, empty: false, lower: lower.map(bound), upper: upper.map(bound) })
}

fn empty_range(element: Oid) -> Value {
    Value::Range(Range { element, empty: true, lower: None, upper: None })
}
