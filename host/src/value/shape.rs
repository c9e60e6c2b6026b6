//! What the codec has to know about a type.

use super::oid;
use crate::bindings::types::Oid;

/// How the values of a type are built. Built-in types are known by number; for the rest the caller reads `pg_type`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeShape {
    /// A built-in type with a case of its own in the contract's `scalar`.
    Simple(Oid),
    /// An enum: a value is its label.
    Enum(Oid),
    /// A domain: its values are those of the base type.
    Domain {
        /// The domain.
        oid: Oid,
        /// What it is made of; may be a domain again.
        base: Box<TypeShape>,
    },
    /// An array, of any number of dimensions.
    Array {
        /// The array type.
        oid: Oid,
        /// Its elements.
        element: Box<TypeShape>,
    },
    /// A range.
    Range {
        /// The range type.
        oid: Oid,
        /// Its bounds (the range's subtype).
        element: Box<TypeShape>,
    },
    /// A type whose binary form is its text, such as `citext`.
    TextLike(Oid),
    /// Everything else: it passes as raw bytes.
    Other(Oid),
}

impl TypeShape {
    /// The shape of a built-in base type, range or array. None for every type that has to be looked up.
    pub fn builtin(oid: Oid) -> Option<Self> {
        if let Some(subtype) = oid::subtype_of(oid) {
            return Some(Self::Range { oid, element: Box::new(Self::Simple(subtype)) });
        }
        if let Some(element) = oid::element_of(oid) {
            return Some(Self::Array { oid, element: Box::new(Self::builtin(element)?) });
        }
        if has_scalar_case(oid) {
            return Some(Self::Simple(oid));
        }
        oid::is_builtin(oid).then_some(Self::Other(oid))
    }

    /// The type's number; for a domain the domain's own.
    pub fn oid(&self) -> Oid {
        match self {
            Self::Simple(oid) | Self::Enum(oid) | Self::TextLike(oid) | Self::Other(oid) => *oid,
            Self::Domain { oid, .. } | Self::Array { oid, .. } | Self::Range { oid, .. } => *oid,
        }
    }

    /// The shape below all domains.
    pub fn base(&self) -> &Self {
        let mut shape = self;
        while let Self::Domain { base, .. } = shape {
            shape = base;
        }
        shape
    }
}

/// Whether the contract's `scalar` has a case for this built-in type.
fn has_scalar_case(oid: Oid) -> bool {
    matches!(
        oid,
        oid::BOOL
            | oid::BYTEA
            | oid::CHAR
            | oid::NAME
            | oid::INT8
            | oid::INT2
            | oid::INT4
            | oid::TEXT
            | oid::JSON
            | oid::FLOAT4
            | oid::FLOAT8
            | oid::UNKNOWN
            | oid::BPCHAR
            | oid::VARCHAR
            | oid::DATE
            | oid::TIME
            | oid::TIMESTAMP
            | oid::TIMESTAMPTZ
            | oid::INTERVAL
            | oid::TIMETZ
            | oid::NUMERIC
            | oid::UUID
            | oid::JSONB
    )
}

/// How many bytes each value of a type has in binary form, where that is always the same (the `…send` functions of each type).
pub fn width(type_oid: u32) -> Option<usize> {
    Some(match type_oid {
        oid::BOOL => 1,
        oid::INT2 => 2,
        oid::INT4 | oid::FLOAT4 | oid::DATE | oid::OID => 4,
        oid::INT8 | oid::FLOAT8 | oid::TIME | oid::TIMESTAMP | oid::TIMESTAMPTZ => 8,
        oid::UUID | oid::INTERVAL => 16,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_shapes() {
        let int4 = Box::new(TypeShape::Simple(oid::INT4));
        let cases = [
            (23, Some(TypeShape::Simple(oid::INT4))),
            (869, Some(TypeShape::Other(869))),
            (1007, Some(TypeShape::Array { oid: 1007, element: int4.clone() })),
            (3904, Some(TypeShape::Range { oid: 3904, element: int4.clone() })),
            (
                3905,
                Some(TypeShape::Array { oid: 3905, element: Box::new(TypeShape::Range { oid: 3904, element: int4 }) }),
            ),
            (4451, Some(TypeShape::Other(4451))),
            (2249, None),
            (16_384, None),
            (0, None),
        ];
        for (oid, shape) in cases {
            assert_eq!(TypeShape::builtin(oid), shape, "{oid}");
            if let Some(shape) = shape {
                assert_eq!(shape.oid(), oid);
            }
        }
    }

    #[test]
    fn the_base_is_below_all_domains() {
        let inner = TypeShape::Domain { oid: 20_000, base: Box::new(TypeShape::Simple(oid::INT4)) };
        let outer = TypeShape::Domain { oid: 20_001, base: Box::new(inner) };
        assert_eq!(outer.oid(), 20_001);
        assert_eq!(outer.base(), &TypeShape::Simple(oid::INT4));
    }
}
