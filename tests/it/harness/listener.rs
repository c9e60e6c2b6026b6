//! A server that does nothing but write down what a client sends. It tells the client whatever settings it likes, after each
//! statement anew, as a migration could make the real server do.

use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::JoinHandle;

/// It listens until its one session ends.
pub(crate) struct Listener {
    folder: tempfile::TempDir,
    session: JoinHandle<Vec<String>>,
}

/// What the client believes of the session: names and values of settings that a server reports.
pub(crate) type Settings = [(&'static str, &'static str); 2];

impl Listener {
    /// `answer` gives the one value that a query has as its result; none for what has no result.
    pub(crate) fn start(settings: Settings, answer: fn(&str) -> Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the socket");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let session = std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            serve(stream, settings, answer)
        });
        Self { folder, session }
    }

    pub(crate) fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// The texts that the client sent, once it is gone.
    pub(crate) fn texts(self) -> Vec<String> {
        self.session.join().expect("a whole session")
    }
}

fn serve(stream: UnixStream, settings: Settings, answer: fn(&str) -> Option<String>) -> Vec<String> {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut writer = stream;
    let mut texts = Vec::new();
    let mut length = [0; 4];
    reader.read_exact(&mut length).expect("a start");
    body(&mut reader, length).expect("a start");
    let report = |writer: &mut UnixStream| {
        for (name, value) in settings {
            message(writer, b'S', format!("{name}\0{value}\0").as_bytes());
        }
        message(writer, b'Z', b"I");
    };
    message(&mut writer, b'R', &0_i32.to_be_bytes());
    message(&mut writer, b'S', b"server_version\x0015.0\0");
    report(&mut writer);
    let mut kind = [0; 1];
    while reader.read_exact(&mut kind).is_ok() && reader.read_exact(&mut length).is_ok() {
        let Some(body) = body(&mut reader, length) else { break };
        if kind != *b"Q" {
            continue;
        }
        let text = String::from_utf8_lossy(body.strip_suffix(b"\0").unwrap_or(&body)).into_owned();
        match answer(&text) {
            Some(value) => {
                // One column of the type text, and one row.
                message(
                    &mut writer,
                    b'T',
                    b"\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00",
                );
                let length = i32::try_from(value.len()).expect("a short value").to_be_bytes();
                message(&mut writer, b'D', &[&[0, 1][..], &length, value.as_bytes()].concat());
                message(&mut writer, b'C', b"SELECT 1\0");
            }
            None => message(&mut writer, b'C', b"DO\0"),
        }
        texts.push(text);
        report(&mut writer);
    }
    texts
}

fn body(reader: &mut impl Read, length: [u8; 4]) -> Option<Vec<u8>> {
    let mut body = vec![0; usize::try_from(i32::from_be_bytes(length) - 4).ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

fn message(writer: &mut UnixStream, kind: u8, body: &[u8]) {
    let length = i32::try_from(body.len() + 4).expect("a short message").to_be_bytes();
    // A client that is gone reads nothing more.
    let _ = writer.write_all(&[&[kind][..], &length, body].concat());
}
