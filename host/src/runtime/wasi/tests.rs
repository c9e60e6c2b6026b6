//! What of WASI a component may import, and that it is inert.

use super::super::imports::ImportError;
use super::super::imports::check;
use super::*;

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("valid text")
}

#[test]
fn every_interface_stands_once_with_functions_that_stand_once() {
    for (index, (interface, functions)) in PROVIDED.iter().enumerate() {
        assert!(PROVIDED[..index].iter().all(|(other, _)| other < interface), "{interface} is not in order");
        for (position, function) in functions.iter().enumerate() {
            assert!(!functions[..position].contains(function), "{interface} {function}");
        }
    }
}

#[test]
fn what_reaches_outside_or_is_not_known_is_refused_by_name() {
    let network = "a migration has no network; build it without";
    let other = "a migration gets host:migration/{types, sql, env} and an inert subset of WASI 0.2, nothing else";
    let newer = "build it for WASI 0.2, with the target wasm32-wasip2 for example";
    for (import, hint) in [
        ("wasi:sockets/tcp@0.2.3", network),
        ("wasi:sockets/udp-create-socket@0.2.0", network),
        ("wasi:sockets/instance-network@0.2.0", network),
        ("wasi:sockets/ip-name-lookup@0.3.0", network),
        ("wasi:http/outgoing-handler@0.2.0", network),
        ("wasi:http/types@0.2.8", network),
        ("wasi:keyvalue/store@0.2.0-draft2", other),
        ("wasi:blobstore/blobstore@0.2.0-draft", other),
        ("wasi:config/runtime@0.2.0-draft", other),
        ("wasi:clocks/timezone@0.2.3", other),
        ("wasi:cli/run@0.2.0", other),
        ("wasi:cli/environment@0.1.0", other),
        ("wasi:cli/environment@0.20.0", other),
        ("wasi:cli/environment", other),
        ("wasi:cli/environment@0.3.0", newer),
        ("wasi:filesystem/types@0.3.0-rc-2025-09-16", newer),
        ("shop:warehouse/stock@1.0.0", other),
        ("env", other),
        ("wasi_snapshot_preview1", other),
    ] {
        let text = format!("(component (import \"{import}\" (instance)))");
        let error = check(&component(&text), "migration", "migration-guest").expect_err(import);
        assert_eq!(error, ImportError::NotProvided { import: import.to_owned() });
        assert_eq!(error.hint(), hint, "{import}");
    }
    // An import of another kind than an interface, too.
    let error = check(&component("(component (import \"stock\" (func)))"), "migration", "migration-guest");
    assert_eq!(error, Err(ImportError::NotProvided { import: "stock".to_owned() }));
}

#[test]
fn a_function_that_wasi_does_not_have_is_named() {
    for (function, known) in [("get-environment", true), ("set-environment", false), ("", true)] {
        let export = if function.is_empty() { String::new() } else { format!("(export \"{function}\" (func))") };
        let text = format!(
            "(component (import \"wasi:cli/environment@0.2.6\" (instance {export})) (instance $i) \
             (export \"host:migration/migration@0.1.0\" (instance $i)))"
        );
        let result = check(&component(&text), "migration", "migration-guest").map_err(|error| error.to_string());
        let expected = if known {
            Ok(())
        } else {
            Err("it imports the function 'set-environment' of wasi:cli/environment@0.2.6, which this host does not provide"
                .to_owned())
        };
        assert_eq!(result, expected);
    }
}
