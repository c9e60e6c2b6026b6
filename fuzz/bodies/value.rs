//! Any bytes as a value of any type: decoding never panics and needs no more memory than it says, and what was decoded is
//! encoded such that it decodes to the same.

use host::bindings::types::Oid;
use host::value::Encoded;
use host::value::TypeShape;
use host::value::decode;
use host::value::encode;
use host::value::literal;
use host::value::text;

/// A type without a number of its own.
const OWN_TYPE: Oid = 70_000;

/// Tries one input: the first bytes choose a type, the rest is what the server sent.
pub(super) fn run(data: &[u8]) {
    let [kind, low, high, bytes @ ..] = data else { return };
    let number = Oid::from(u16::from_le_bytes([*low, *high]));
    let Some(shape) = shape(*kind, number) else { return };
    let value = match decode(&shape, Some(bytes)) {
        Ok(value) => value,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    let _ = text(&value);
    let _ = literal(&value);
    let again = match encode(&value, &shape) {
        Ok(Encoded::Binary(again)) => again,
        Ok(Encoded::Null | Encoded::Text(_)) => return,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    let decoded = decode(&shape, Some(&again)).expect("what was encoded can be decoded");
    // By their texts: NaN is not equal to itself.
    assert_eq!(format!("{decoded:?}"), format!("{value:?}"));
}

fn shape(kind: u8, number: Oid) -> Option<TypeShape> {
    let element = || Some(Box::new(TypeShape::builtin(number)?));
    Some(match kind % 8 {
        0 => TypeShape::builtin(number)?,
        1 => TypeShape::Array { oid: OWN_TYPE, element: element()? },
        2 => TypeShape::Range { oid: OWN_TYPE, element: element()? },
        3 => TypeShape::Domain { oid: OWN_TYPE, base: element()? },
        4 => TypeShape::Enum(OWN_TYPE),
        5 => TypeShape::TextLike(OWN_TYPE),
        6 => TypeShape::Other(OWN_TYPE),
        _ => TypeShape::Array {
            oid: OWN_TYPE,
            element: Box::new(TypeShape::Domain { oid: OWN_TYPE + 1, base: element()? }),
        },
    })
}
