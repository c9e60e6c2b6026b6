//! What is left out of a component before it is compiled: everything in it that is not code.
//!
//! Custom sections change nothing about what a guest does (WebAssembly 2.0, appendix "Custom Sections"). Some of them are
//! whole formats of their own, such as DWARF, whose readers trust what they read. So none of them gets to the compiler but
//! the names of functions, which make a trap readable, and those only up to a size.

use wasm_encoder::RawSection;
use wasm_encoder::Section as _;
use wasmparser::Encoding;
use wasmparser::Parser;
use wasmparser::Payload;

/// The custom section with the names of functions.
const NAMES: &str = "name";

/// The largest section of names that is kept, in bytes. A Rust guest has some 50 KiB, an interpreter a few MiB.
const NAMES_BYTES_MAX: usize = 4 << 20;

/// The header of a module or component: magic number, version and layer (WebAssembly 2.0, 5.5.16).
const HEADER_BYTES: usize = 8;

/// A component without its custom sections, those of the modules and components in it included. None when its sections
/// cannot be told apart, which those of a valid component can.
pub fn strip(component: &[u8]) -> Option<Vec<u8>> {
    // What lies around the module or component that is read, outermost first; each as far as it is copied.
    let mut around: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut copy = Vec::with_capacity(component.len());
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.ok()?;
        match &payload {
            Payload::Version { encoding, range, .. } => {
                // Which section holds it is known by what it is.
                let id = match encoding {
                    Encoding::Module => wasm_encoder::ComponentSectionId::CoreModule,
                    Encoding::Component => wasm_encoder::ComponentSectionId::Component,
                };
                around.push((id.into(), std::mem::take(&mut copy)));
                copy.extend_from_slice(component.get(range.start..range.start + HEADER_BYTES)?);
            }
            Payload::End(_) => {
                let Some((id, outside)) = around.pop() else { continue };
                let inside = std::mem::replace(&mut copy, outside);
                if around.is_empty() {
                    return Some(inside);
                }
                RawSection { id, data: &inside }.append_to(&mut copy);
            }
            // Their content follows.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } | Payload::CodeSectionEntry(_) => {}
            Payload::CustomSection(section) => {
                let keeps = section.name() == NAMES && section.data().len() <= NAMES_BYTES_MAX;
                if keeps && let Some((id, range)) = payload.as_section() {
                    RawSection { id, data: component.get(range)? }.append_to(&mut copy);
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    RawSection { id, data: component.get(range)? }.append_to(&mut copy);
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use wasm_encoder::CustomSection;
    use wasmparser::KnownCustom;

    use super::*;

    /// The names of all custom sections, wherever they are.
    fn customs(component: &[u8]) -> Vec<String> {
        let payloads = Parser::new(0).parse_all(component).map(|payload| payload.expect("valid"));
        let names = payloads.filter_map(|payload| match payload {
            Payload::CustomSection(section) => Some(section.name().to_owned()),
            _ => None,
        });
        names.collect()
    }

    fn sample(names_bytes: usize) -> Vec<u8> {
        let mut module = wat::parse_str(
            "(module $inner (func $work (export \"f\") (result i32) i32.const 7) (memory 1) (data (i32.const 0) \"x\"))",
        )
        .expect("valid text");
        for name in [".debug_info", ".debug_line", "producers", "target_features", "component-type:x", ""] {
            CustomSection { name: name.into(), data: [0xff; 40].as_slice().into() }.append_to(&mut module);
        }
        if names_bytes > 0 {
            CustomSection { name: NAMES.into(), data: vec![0xff; names_bytes].into() }.append_to(&mut module);
        }
        let mut inner = wasm_encoder::Component::new();
        inner.section(&RawSection { id: 1, data: &module });
        inner.section(&CustomSection { name: "component-name".into(), data: [1].as_slice().into() });
        let mut outer = wasm_encoder::Component::new();
        outer.section(&CustomSection { name: "host:source".into(), data: [2].as_slice().into() });
        outer.section(&RawSection { id: 4, data: &inner.finish() });
        outer.section(&RawSection { id: 1, data: &module });
        outer.finish()
    }

    #[test]
    fn nothing_but_code_and_the_names_of_functions_is_left() {
        let stripped = strip(&sample(0)).expect("a component");
        assert_eq!(customs(&stripped), [NAMES, NAMES]);
        wasmparser::Validator::new().validate_all(&stripped).expect("valid");
        let named = Parser::new(0).parse_all(&stripped).filter_map(Result::ok).any(|payload| match payload {
            Payload::CustomSection(section) => matches!(section.as_known(), KnownCustom::Name(_)),
            _ => false,
        });
        assert!(named);
        // What has no custom sections is what it was.
        assert_eq!(strip(&stripped).expect("a component"), stripped);
    }

    #[test]
    fn names_without_end_are_left_out() {
        assert_eq!(customs(&strip(&sample(NAMES_BYTES_MAX)).expect("a component")).len(), 4);
        assert_eq!(customs(&strip(&sample(NAMES_BYTES_MAX + 1)).expect("a component")).len(), 2);
    }

    #[test]
    fn what_breaks_off_is_an_error() {
        let whole = sample(0);
        for length in 0..whole.len() {
            // Between two sections at the top, what is left is a component, too.
            let is_whole = Parser::new(0).parse_all(&whole[..length]).all(|payload| payload.is_ok());
            assert_eq!(strip(&whole[..length]).is_some(), is_whole, "{length} bytes");
        }
    }
}
