//! The driver's view of types and columns, turned into the contract's.

use sqlx::Column as _;
use sqlx::TypeInfo as _;
use sqlx::postgres::PgColumn;
use sqlx::postgres::PgTypeInfo;
use sqlx::postgres::PgTypeKind;

use crate::bindings::types::Column;
use crate::value::TypeShape;

/// The name that the driver gives to a type that it did not look up.
const NOT_LOOKED_UP: &str = "?";

pub(super) fn oid(info: &PgTypeInfo) -> u32 {
    info.oid().map_or(0, |oid| oid.0)
}

pub(super) fn shape(info: &PgTypeInfo) -> TypeShape {
    let oid = oid(info);
    if let Some(shape) = TypeShape::builtin(oid) {
        return shape;
    }
    // The driver panics when asked for the kind of a type that it did not look up.
    if info.name() == NOT_LOOKED_UP {
        return TypeShape::Other(oid);
    }
    match info.kind() {
        PgTypeKind::Enum(_) => TypeShape::Enum(oid),
        PgTypeKind::Domain(base) => TypeShape::Domain { oid, base: Box::new(shape(base)) },
        PgTypeKind::Array(element) => TypeShape::Array { oid, element: Box::new(shape(element)) },
        PgTypeKind::Range(element) => TypeShape::Range { oid, element: Box::new(shape(element)) },
        // citext comes from an extension, so it has no fixed number.
        PgTypeKind::Simple if info.name().rsplit('.').next() == Some("citext") => TypeShape::TextLike(oid),
        PgTypeKind::Simple | PgTypeKind::Pseudo | PgTypeKind::Composite(_) => TypeShape::Other(oid),
    }
}

pub(super) fn column(column: &PgColumn) -> Column {
    let info = column.type_info();
    let builtin = TypeShape::builtin(oid(info)).is_some();
    Column {
        name: column.name().to_owned(),
        type_oid: oid(info),
        // The driver spells its own types in capitals and everything else as the server does.
        type_name: if builtin { info.name().trim_matches('"').to_lowercase() } else { info.name().to_owned() },
        table_oid: column.relation_id().map_or(0, |oid| oid.0),
        attnum: column.relation_attribute_no().unwrap_or(0),
    }
}
