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
    let other = "a migration gets host:migration/{types, sql, bulk, transforms, env} and an inert subset of WASI 0.2, nothing else";
    let newer = "build it for WASI 0.2, with the target wasm32-wasip2 for example";
    for (import, hint) in [
        ("wasi:sockets/tcp@0.3.0", network),
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

#[tokio::test]
async fn no_socket_is_made_and_the_operator_is_told() {
    use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
    use wasmtime_wasi::p2::bindings::sockets::network::IpAddressFamily;
    use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket::Host as Tcp;
    use wasmtime_wasi::p2::bindings::sockets::udp_create_socket::Host as Udp;

    let limits = crate::host_functions::GuestLimits {
        guest_time: Duration::from_secs(1),
        migration_time: None,
        memory_bytes: 1 << 20,
        open_handles: 10,
        call_bytes: 1 << 20,
        statements: 1,
        log_lines: 10,
        log_bytes: 1 << 10,
    };
    let (events, mut said) = Events::new(&limits);
    let run = crate::host_functions::no_run();
    let session = crate::db::GuestSession::Offline(crate::db::OfflineSession::default());
    let interrupt = crate::host_functions::Interrupt::default();
    let mut state = GuestState::new(session, run, limits, interrupt, context(0, 0, &events), events);
    let refused = [
        Tcp::create_tcp_socket(&mut state, IpAddressFamily::Ipv4).err(),
        Udp::create_udp_socket(&mut state, IpAddressFamily::Ipv6).await.err(),
    ];
    for error in refused {
        let code = error.expect("no socket").downcast().expect("a code");
        assert_eq!(code, ErrorCode::AccessDenied);
        let told = said.try_recv().expect("a line");
        let crate::host_functions::GuestEvent::Log { level: Level::Warn, message } = told else { panic!("{told:?}") };
        assert!(message.ends_with("migrations have no network"), "{message}");
    }
}
