//! Messages of PostgreSQL's protocol, version 3 (PostgreSQL manual, "Message Formats").

use std::io::Read;

/// What ends a step, in a simple query; the next step may begin behind it.
const COMMIT: &[u8] = b"; SET TRANSACTION READ ONLY; COMMIT";

/// Whether a message ends a step.
pub(super) fn commits(message: &[u8]) -> bool {
    message.windows(COMMIT.len()).any(|part| part == COMMIT)
}

/// The letter of the server's `ReadyForQuery`.
pub(super) const READY: u8 = b'Z';

/// The letter of the host's `Sync`, which ends the messages of one statement.
pub(super) const SYNC: u8 = b'S';

/// Reads the next message with its header; none when the other side has ended.
///
/// Only the first message of a client has no letter: the host does not ask for encryption here.
pub(super) fn read(from: &mut impl Read, is_startup: bool) -> Option<Vec<u8>> {
    let mut bytes = vec![0; if is_startup { 4 } else { 5 }];
    from.read_exact(&mut bytes).ok()?;
    let length_at = bytes.len() - 4;
    let length = u32::from_be_bytes(bytes[length_at..].try_into().expect("four bytes"));
    // The length counts itself, and not the letter.
    let body = usize::try_from(length).expect("a length").checked_sub(4)?;
    let header = bytes.len();
    bytes.resize(header + body, 0);
    from.read_exact(&mut bytes[header..]).ok()?;
    Some(bytes)
}
