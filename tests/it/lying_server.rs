//! A server that does not keep to the protocol: whatever it sends, host says so and ends with an ordinary error.

use std::io::Read as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::net::TcpStream;

use crate::harness::Output;
use crate::harness::TestProject;

/// One message.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short message");
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// A message that says to be as long as that.
fn saying(kind: u8, length: u32, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// What an honest server says up to the first ReadyForQuery.
fn login() -> Vec<u8> {
    [
        message(b'R', &0_u32.to_be_bytes()),
        message(b'S', b"server_version\x0015.1\0"),
        message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2]),
        message(b'Z', b"I"),
    ]
    .concat()
}

/// Runs `host current` against a server that sends the first text before and the second one after the log-in; the second one
/// again and again where it says so, until nobody listens any more.
fn current(first: Vec<u8>, second: Vec<u8>, for_ever: bool) -> Output {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (first, second) = (first.clone(), second.clone());
            std::thread::spawn(move || serve(stream, &first, &second, for_ever));
        }
    });
    let project = TestProject::new();
    project.host(&["--url", &format!("postgres://u@127.0.0.1:{port}/d?sslmode=disable"), "current"])
}

fn serve(mut stream: TcpStream, first: &[u8], second: &[u8], for_ever: bool) {
    let mut buffer = [0; 4096];
    if stream.read(&mut buffer).is_err() || stream.write_all(first).is_err() || stream.read(&mut buffer).is_err() {
        return;
    }
    while stream.write_all(second).is_ok() && for_ever {}
    // Nothing more comes, and the connection stays.
    let _ = stream.read(&mut buffer);
}

fn is_an_ordinary_error(what: &str, output: &Output) {
    assert!(output.code == 1, "{what}: {}", output.stable());
    assert!(!output.stderr.contains("panicked") && output.stderr.contains("error: "), "{what}: {}", output.stable());
    assert!(output.stderr.lines().count() < 6 && output.stderr.len() < 2000, "{what}: {}", output.stable());
}

#[test]
fn malformed_messages_before_the_log_in() {
    for kind in [b'R', b'K', b'Z', b'S', b'E', b'N', b'T', b'D'] {
        for length in 0..4 {
            is_an_ordinary_error(
                &format!("{} of {length}", char::from(kind)),
                &current(saying(kind, length, &[0; 8]), Vec::new(), false),
            );
        }
        for body in [&b""[..], &[0], &[0, 0, 0], &[0xff; 7]] {
            let text = [message(kind, body), message(b'Z', b"I")].concat();
            let output = current(text, message(b'Z', b"?"), false);
            is_an_ordinary_error(&format!("{} with {body:?}", char::from(kind)), &output);
        }
    }
}

#[test]
fn malformed_messages_in_an_answer() {
    for (what, text) in [
        ("a row that is too short", message(b'D', &[0])),
        ("a row with less than it says", message(b'D', &[0, 3, 0, 0, 0, 200, 1])),
        ("a row with a length below zero", message(b'D', &[0, 1, 0x80, 0, 0, 0])),
        ("columns that are too short", message(b'T', &[0, 9, b'a', 0])),
        ("columns without an end of their name", message(b'T', &[0, 1, b'a', b'b'])),
        ("an end without its words", message(b'C', b"")),
        ("an end that is no text", message(b'C', &[0xff, 0xfe, 0])),
        ("an error without an end", message(b'E', b"SERROR")),
        ("a state that nobody knows", message(b'Z', b"?")),
        ("a length that is too short", saying(b'D', 1, &[0; 4])),
        ("a message that nobody knows", message(b'?', &[0; 4])),
    ] {
        let output = current(login(), [text, message(b'Z', b"I")].concat(), false);
        is_an_ordinary_error(what, &output);
    }
}

#[test]
fn rows_without_end() {
    let columns = message(b'T', &[&[0, 1][..], b"a\0", &[0; 18]].concat());
    let row = message(b'D', &[&[0, 1, 0, 0, 4, 0][..], &[b'x'; 1024]].concat());
    let many = row.repeat(200);
    let output = current([login(), columns].concat(), many, true);
    is_an_ordinary_error("rows", &output);
    assert!(output.stderr.contains("rows or 128 MiB in answer to a statement of host"), "{}", output.stable());
}
