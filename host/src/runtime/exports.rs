//! The types of what a migration exports, compared with the contract before anything is compiled.

use std::sync::LazyLock;

use wasmparser::PrimitiveValType;
use wasmparser::component_types::ComponentDefinedType;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::component_types::ComponentValType;
use wasmparser::types::TypesRef;
use wit_parser::Function;
use wit_parser::Resolve;
use wit_parser::Type;
use wit_parser::TypeDefKind;

use crate::bindings::CONTRACT;

static RESOLVED: LazyLock<Resolve> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    // A contract that cannot be read would not have compiled.
    let _ = resolve.push_str("migration.wit", CONTRACT);
    resolve
});

/// Whether an export has the type that the contract gives this function of an interface. `types` are those of the component.
pub(super) fn has_type(types: TypesRef<'_>, export: &ComponentEntityType, interface: &str, function: &str) -> bool {
    let (ComponentEntityType::Func(found), Some(expected)) = (export, expected(interface, function)) else {
        return false;
    };
    let Some(found) = types.get(*found) else { return false };
    let pair = Pair { types, resolve: &RESOLVED };
    !found.async_
        && found.params.len() == expected.params.len()
        && found.params.iter().zip(&expected.params).all(|((_, found), expected)| pair.same(*found, expected.ty))
        && pair.same_or_none(found.result, expected.result)
}

fn expected(interface: &str, function: &str) -> Option<&'static Function> {
    let mut interfaces = RESOLVED.interfaces.iter().map(|(_, interface)| interface);
    interfaces.find(|found| found.name.as_deref() == Some(interface))?.functions.get(function)
}

/// The types of a component, and those of the contract. How deep they are followed is for the contract to say.
struct Pair<'a> {
    types: TypesRef<'a>,
    resolve: &'a Resolve,
}

impl Pair<'_> {
    fn same_or_none(&self, found: Option<ComponentValType>, expected: Option<Type>) -> bool {
        match (found, expected) {
            (None, None) => true,
            (Some(found), Some(expected)) => self.same(found, expected),
            _ => false,
        }
    }

    fn same(&self, found: ComponentValType, expected: Type) -> bool {
        let found = match found {
            ComponentValType::Primitive(found) => return primitive(expected, self.resolve) == Some(found),
            ComponentValType::Type(found) => self.types.get(found),
        };
        let Some(found) = found else { return false };
        if let ComponentDefinedType::Primitive(found) = found {
            return primitive(expected, self.resolve) == Some(*found);
        }
        let Some(expected) = defined(expected, self.resolve) else { return false };
        match (found, expected) {
            (ComponentDefinedType::Record(found), TypeDefKind::Record(expected)) => {
                found.fields.len() == expected.fields.len()
                    && found.fields.iter().zip(&expected.fields).all(|((name, found), expected)| {
                        name.as_str() == expected.name && self.same(*found, expected.ty)
                    })
            }
            (ComponentDefinedType::Variant(found), TypeDefKind::Variant(expected)) => {
                found.cases.len() == expected.cases.len()
                    && found.cases.iter().zip(&expected.cases).all(|((name, found), expected)| {
                        name.as_str() == expected.name && self.same_or_none(found.ty, expected.ty)
                    })
            }
            (ComponentDefinedType::Enum(found), TypeDefKind::Enum(expected)) => {
                found.iter().map(|name| name.as_str()).eq(expected.cases.iter().map(|case| case.name.as_str()))
            }
            (ComponentDefinedType::List { element, .. }, TypeDefKind::List(expected)) => self.same(*element, *expected),
            (ComponentDefinedType::Option { ty, .. }, TypeDefKind::Option(expected)) => self.same(*ty, *expected),
            (ComponentDefinedType::Result { ok, err, .. }, TypeDefKind::Result(expected)) => {
                self.same_or_none(*ok, expected.ok) && self.same_or_none(*err, expected.err)
            }
            (ComponentDefinedType::Tuple(found), TypeDefKind::Tuple(expected)) => {
                found.types.len() == expected.types.len()
                    && found.types.iter().zip(&expected.types).all(|(found, expected)| self.same(*found, *expected))
            }
            // The functions of this interface have nothing else in them.
            _ => false,
        }
    }
}

/// What a type is defined as, behind its other names.
fn defined(ty: Type, resolve: &Resolve) -> Option<&TypeDefKind> {
    let Type::Id(id) = ty else { return None };
    match &resolve.types.get(id)?.kind {
        TypeDefKind::Type(other) => defined(*other, resolve),
        kind => Some(kind),
    }
}

fn primitive(ty: Type, resolve: &Resolve) -> Option<PrimitiveValType> {
    Some(match ty {
        Type::Bool => PrimitiveValType::Bool,
        Type::U8 => PrimitiveValType::U8,
        Type::U16 => PrimitiveValType::U16,
        Type::U32 => PrimitiveValType::U32,
        Type::U64 => PrimitiveValType::U64,
        Type::S8 => PrimitiveValType::S8,
        Type::S16 => PrimitiveValType::S16,
        Type::S32 => PrimitiveValType::S32,
        Type::S64 => PrimitiveValType::S64,
        Type::F32 => PrimitiveValType::F32,
        Type::F64 => PrimitiveValType::F64,
        Type::Char => PrimitiveValType::Char,
        Type::String => PrimitiveValType::String,
        Type::ErrorContext => PrimitiveValType::ErrorContext,
        Type::Id(id) => match &resolve.types.get(id)?.kind {
            TypeDefKind::Type(other) => primitive(*other, resolve)?,
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::imports;

    /// A component whose two functions have these types.
    fn component(prefix: &str, upgrade: &str, downgrade: &str, body: &str) -> Vec<u8> {
        let text = format!(
            r#"(component
              (core module $m (memory (export "m") 1) (func (export "f") {body})
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
              (core instance $i (instantiate $m))
              {prefix}
              (func $up {upgrade} (canon lift (core func $i "f") (memory $i "m")))
              (func $down {downgrade} (canon lift (core func $i "f") (memory $i "m")))
              (instance $exports (export "upgrade" (func $up)) (export "downgrade" (func $down)))
              (export "host:migration/migration@0.1.0" (instance $exports)))"#
        );
        wat::parse_str(text).expect("valid text")
    }

    fn check(bytes: &[u8]) -> Result<(), String> {
        let mut validator = wasmparser::Validator::new_with_features(super::super::engine::FEATURES);
        let types = validator.validate_all(bytes).expect("a valid component");
        imports::check_directions(types.as_ref(), bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn a_function_of_another_type_is_named() {
        let wrong = |function: &str| {
            Err(format!("it exports host:migration/migration@0.1.0 with a function '{function}' of another type"))
        };
        for (upgrade, body) in [
            ("", ""),
            ("(param \"a\" u32)", "(param i32)"),
            ("(result u32)", "(result i32) i32.const 0"),
            ("(result (result))", "(result i32) i32.const 0"),
            ("(result (result (error string)))", "(result i32) i32.const 0"),
        ] {
            assert_eq!(check(&component("", upgrade, upgrade, body)), wrong("upgrade"), "{upgrade}");
        }
    }

    #[test]
    fn a_component_of_the_contract_fits() {
        let text = include_str!("../../../tests/guests/progress/guest.wat");
        let mut module = wat::parse_str(text).expect("valid text");
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_str("migration.wit", super::CONTRACT).expect("the contract");
        let world = resolve.select_world(&[package], Some("migration-guest")).expect("the world");
        wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8)
            .expect("embedded");
        let encoded =
            wit_component::ComponentEncoder::default().module(&module).and_then(|mut encoder| encoder.encode());
        assert_eq!(check(&encoded.expect("a component")), Ok(()));
    }
}
