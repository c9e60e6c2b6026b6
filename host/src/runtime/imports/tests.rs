//! What is read of a component before it is compiled, and what is refused.

use super::*;

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("valid text")
}

#[test]
fn a_component_for_another_world_is_refused() {
    let bytes = component("(component)");
    let error = check(&bytes, "migration", "migration-guest").expect_err("no exports");
    assert_eq!(
        error.to_string(),
        "it does not export host:migration/migration@0.1.0, so it is not built for the world migration-guest"
    );
}

#[test]
fn imports_are_judged_by_name_and_version() {
    let cases = [
        ("host:migration/sql@0.1.7", None),
        (
            "host:migration/sql@0.2.0",
            Some("it imports host:migration/sql@0.2.0, but this host provides version 0.1.0 of that contract"),
        ),
        ("host:migration/bulk@0.1.0", None),
        ("host:migration/transforms@0.1.0", None),
        ("host:migration/more@0.1.0", Some("it imports host:migration/more@0.1.0, which this host does not provide")),
        ("wasi:cli/environment@0.2.9", None),
    ];
    for (import, expected) in cases {
        let bytes = component(&format!(
            "(component (import \"{import}\" (instance)) (instance $i) (export \"host:migration/migration@0.1.0\" (instance $i)))"
        ));
        let result = check(&bytes, "migration", "migration-guest").err().map(|error| error.to_string());
        assert_eq!(result.as_deref(), expected, "{import}");
    }
}

#[test]
fn a_function_of_a_newer_contract_is_named() {
    let cases = [
        (r#"(export "execute" (func))"#, None),
        (r#"(export "[static]statement.explain" (func))"#, Some("[static]statement.explain")),
        (r#"(export "execute" (func)) (export "listen" (func))"#, Some("listen")),
        (r#"(export "a-new-type" (type (sub resource)))"#, None),
    ];
    for (declarations, expected) in cases {
        // The import before makes a type that the index has to count.
        let bytes = component(&format!(
            "(component (import \"a\" (type (sub resource))) \
             (import \"host:migration/sql@0.1.9\" (instance {declarations})) \
             (instance $i) (export \"host:migration/migration@0.1.0\" (instance $i)))"
        ));
        let interfaces = interfaces(&bytes).expect("a component");
        let mut functions = interfaces.functions.iter().flat_map(|(_, functions)| functions.iter());
        let unknown = functions.find(|function| *function != "execute");
        assert_eq!(unknown.map(String::as_str), expected, "{declarations}");
    }
}

#[test]
fn rubbish_and_core_modules_are_no_components() {
    for bytes in [b"".to_vec(), b"\0asm".to_vec(), b"rubbish".to_vec(), component("(module)")] {
        assert!(matches!(interfaces(&bytes), Err(ImportError::NotAComponent { .. })), "{bytes:?}");
    }
}

#[test]
fn no_more_is_held_than_a_component_may_have() {
    /// A component with sections of empty types of instances, so many of them with so many each.
    fn types(sections: usize, each: usize) -> Vec<u8> {
        let mut section = wasm_encoder::ComponentTypeSection::new();
        (0..each).for_each(|_| {
            section.instance(&wasm_encoder::InstanceType::new());
        });
        let mut component = wasm_encoder::Component::new();
        (0..sections).for_each(|_| {
            component.section(&section);
        });
        component.finish()
    }
    assert!(interfaces(&types(10, 10_000)).is_ok());
    for bytes in [types(1, ITEMS_MAX + 1), types(ITEMS_MAX + 1, 1), types(11, ITEMS_MAX / 10)] {
        let error = interfaces(&bytes).expect_err("too many").to_string();
        assert_eq!(
            error,
            "it is not a valid component: it has more than 1000000 types, imports, exports and functions"
        );
    }
}

#[test]
fn functions_of_types_count_as_well() {
    let mut type_ = wasm_encoder::InstanceType::new();
    type_.ty().function().params::<[(&str, wasm_encoder::ComponentValType); 0], _>([]).result(None);
    for number in 0..1_000 {
        type_.export(format!("f{number}"), wasm_encoder::ComponentTypeRef::Func(0));
    }
    let mut section = wasm_encoder::ComponentTypeSection::new();
    (0..1_001).for_each(|_| {
        section.instance(&type_);
    });
    let mut component = wasm_encoder::Component::new();
    component.section(&section);
    assert!(interfaces(&component.finish()).is_err());
}
