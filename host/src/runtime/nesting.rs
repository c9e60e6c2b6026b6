//! How deep the types of a component lie inside each other.
//!
//! Readers and validators of types call themselves for each level, and what they do with a level can cost as much as all
//! levels below it. So depth is looked at before anything else reads a type, by a reader that does not call itself.

use wasmparser::BinaryReader;
use wasmparser::BinaryReaderError;
use wasmparser::InstanceTypeDeclaration;
use wasmparser::Parser;
use wasmparser::Payload;

/// The deepest nesting of component types and of components. wasmparser draws the same line for values
/// (`MAX_WASM_COMPONENT_TYPE_DEPTH`); what compilers write has three or four levels.
const LEVELS_MAX: usize = 100;

/// The first byte of the type of a component and of an instance (Component Model, "Binary Format", type definitions).
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;

/// The first byte of a declaration in such a type that declares a type itself.
const TYPE_DECLARATION: u8 = 0x01;

/// The first byte of a declaration that is an import, which only types of components have.
const IMPORT_DECLARATION: u8 = 0x03;

/// Why a component's types are not read.
#[derive(Debug, thiserror::Error)]
pub enum NestingError {
    /// They lie too deep inside each other.
    #[error("its types or components are nested more than {LEVELS_MAX} levels deep")]
    TooDeep,
    /// They cannot be read.
    #[error(transparent)]
    Invalid(#[from] BinaryReaderError),
}

/// Checks the nesting of all types and components in a component. Takes time and memory as its size does.
///
/// # Errors
/// [`NestingError`].
pub fn check(component: &[u8]) -> Result<(), NestingError> {
    let mut levels = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version { .. } => {
                levels += 1;
                if levels > LEVELS_MAX {
                    return Err(NestingError::TooDeep);
                }
            }
            Payload::End(_) => levels = levels.saturating_sub(1),
            Payload::ComponentTypeSection(section) => {
                check_section(component.get(section.range()).unwrap_or_default())?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks a section of types: how many there are, and then each of them.
fn check_section(section: &[u8]) -> Result<(), NestingError> {
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32()?;
    // How many declarations are still to come at each level.
    let mut open = vec![count];
    while let Some(rest) = open.last_mut() {
        let Some(less) = rest.checked_sub(1) else {
            open.pop();
            continue;
        };
        *rest = less;
        let is_outermost = open.len() == 1;
        let mut ahead = reader.clone();
        // At the top of a section stand types, in types stand declarations.
        let first = if is_outermost { TYPE_DECLARATION } else { ahead.read_u8()? };
        if first == TYPE_DECLARATION && matches!(ahead.clone().read_u8()?, COMPONENT_TYPE | INSTANCE_TYPE) {
            ahead.read_u8()?;
            open.push(ahead.read_var_u32()?);
            reader = ahead;
            if open.len() > LEVELS_MAX {
                return Err(NestingError::TooDeep);
            }
        } else if is_outermost {
            reader.read::<wasmparser::ComponentType<'_>>()?;
        } else if first == IMPORT_DECLARATION {
            ahead.read::<wasmparser::ComponentImport<'_>>()?;
            reader = ahead;
        } else {
            // No type with types in it, so nothing that calls itself.
            reader.read::<InstanceTypeDeclaration<'_>>()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component with one type of so many levels, each a type of its own kind in the one around it.
    fn nested(levels: usize, kinds: &[u8]) -> Vec<u8> {
        let mut section = vec![1];
        for level in 0..levels {
            if level > 0 {
                section.push(TYPE_DECLARATION);
            }
            section.extend([kinds[level % kinds.len()], 1]);
        }
        section.extend([TYPE_DECLARATION, 0x7f]);
        let mut component = wasm_encoder::Component::new();
        component.section(&wasm_encoder::RawSection { id: 7, data: &section });
        component.finish()
    }

    #[test]
    fn the_level_that_is_too_deep_is_found() {
        for kinds in [&[COMPONENT_TYPE][..], &[INSTANCE_TYPE], &[COMPONENT_TYPE, INSTANCE_TYPE]] {
            // The section itself is a level.
            check(&nested(LEVELS_MAX - 1, kinds)).expect("deep enough");
            assert!(matches!(check(&nested(LEVELS_MAX, kinds)), Err(NestingError::TooDeep)));
            assert!(matches!(check(&nested(1_000_000, kinds)), Err(NestingError::TooDeep)));
        }
    }

    #[test]
    fn components_are_levels_too() {
        let mut component = wasm_encoder::Component::new().finish();
        for _ in 1..LEVELS_MAX {
            let mut around = wasm_encoder::Component::new();
            around.section(&wasm_encoder::RawSection { id: 4, data: &component });
            component = around.finish();
        }
        check(&component).expect("deep enough");
        let mut around = wasm_encoder::Component::new();
        around.section(&wasm_encoder::RawSection { id: 4, data: &component });
        assert!(matches!(check(&around.finish()), Err(NestingError::TooDeep)));
    }

    #[test]
    fn every_kind_of_type_and_declaration_is_read() {
        let bytes = wat::parse_str(
            r#"(component
                (core type (module (import "a" "b" (func)) (export "c" (func))))
                (type $r (record (field "a" u8) (field "b" (list string))))
                (type (variant (case "x") (case "y" (option u32))))
                (type (flags "f" "g"))
                (type (func (param "p" $r) (result (tuple u8 u8))))
                (type $outer (component
                    (import "i" (instance
                        (type $t (enum "one" "two"))
                        (export "t" (type $u (eq $t)))
                        (export "res" (type (sub resource)))
                        (export "f" (func (param "a" $u)))))
                    (import "c" (component (export "x" (func))))
                    (alias outer 1 $r (type $copied))
                    (export "e" (instance (export "g" (func))))))
                (type (resource (rep i32)))
                (type (instance (export "h" (func (result (result string (error u8))))))))"#,
        )
        .expect("valid text");
        wasmparser::Validator::new().validate_all(&bytes).expect("valid");
        check(&bytes).expect("it is read");
        for length in 0..bytes.len() {
            // Between two sections, what is left is a component, too.
            let is_whole = Parser::new(0).parse_all(&bytes[..length]).all(|payload| payload.is_ok());
            assert_eq!(check(&bytes[..length]).is_ok(), is_whole, "{length} bytes");
        }
    }
}
