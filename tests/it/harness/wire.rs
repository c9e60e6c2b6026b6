//! The protocol of PostgreSQL, as much of it as shows what the server itself makes of a statement: the tags of its commands
//! and its notices, which drivers keep to themselves.

use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::os::unix::net::UnixStream;

/// One session.
pub(crate) struct Wire {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

/// What the server answered to one request.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The tags of the commands that were done.
    pub(crate) tags: Vec<String>,
    /// The texts of the notices.
    pub(crate) notices: Vec<String>,
    /// SQLSTATE and text of the first error.
    pub(crate) error: Option<(String, String)>,
    /// The fields of all rows.
    pub(crate) rows: Vec<Vec<String>>,
    /// `I` outside of a transaction, `T` in one, `E` in one that failed.
    pub(crate) status: char,
}

impl Wire {
    /// Connects through the server's socket as a role that needs no password.
    pub(crate) fn connect(socket_folder: &str, role: &str, database: &str) -> Self {
        let stream = UnixStream::connect(format!("{socket_folder}/.s.PGSQL.5432")).expect("a connection");
        let reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let mut wire = Self { reader, writer: stream };
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        for text in ["user", role, "database", database, ""] {
            body.extend(text.as_bytes());
            body.push(0);
        }
        let length = i32::try_from(body.len() + 4).expect("a short message");
        wire.writer.write_all(&[&length.to_be_bytes()[..], &body].concat()).expect("sent");
        let answer = wire.answer();
        assert!(answer.error.is_none(), "{answer:?}");
        wire
    }

    /// Sends a text as psql does: it may have several statements.
    pub(crate) fn simple(&mut self, sql: &str) -> Answer {
        self.send(b'Q', &[sql.as_bytes(), &[0]]);
        self.answer()
    }

    /// Sends one statement as the host does. The server refuses a text with several.
    pub(crate) fn extended(&mut self, sql: &str) -> Answer {
        self.send(b'P', &[&[0], sql.as_bytes(), &[0, 0, 0]]);
        self.send(b'B', &[&[0, 0, 0, 0, 0, 0, 0, 0]]);
        self.send(b'E', &[&[0, 0, 0, 0, 0]]);
        self.send(b'S', &[]);
        self.answer()
    }

    fn send(&mut self, kind: u8, parts: &[&[u8]]) {
        let body = parts.concat();
        let length = i32::try_from(body.len() + 4).expect("a short message");
        self.writer.write_all(&[&[kind][..], &length.to_be_bytes(), &body].concat()).expect("sent");
    }

    /// Reads up to the next ReadyForQuery.
    fn answer(&mut self) -> Answer {
        let mut answer = Answer::default();
        loop {
            let mut head = [0; 5];
            self.reader.read_exact(&mut head).expect("the server answers");
            let length = i32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; usize::try_from(length - 4).expect("a length")];
            self.reader.read_exact(&mut body).expect("a whole message");
            match head[0] {
                b'C' => answer.tags.push(text(&body)),
                b'N' => answer.notices.push(field(&body, b'M')),
                b'E' => {
                    answer.error.get_or_insert((field(&body, b'C'), field(&body, b'M')));
                }
                b'D' => answer.rows.push(row(&body)),
                // It would wait for rows.
                b'G' => self.send(b'f', &[b"no\0"]),
                b'Z' => {
                    answer.status = char::from(body[0]);
                    return answer;
                }
                _ => {}
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// One field of an error or a notice.
fn field(body: &[u8], kind: u8) -> String {
    let field = body.split(|byte| *byte == 0).find(|field| field.first() == Some(&kind));
    field.map(|field| text(&field[1..])).unwrap_or_default()
}

fn row(mut body: &[u8]) -> Vec<String> {
    let mut take = |length: usize| {
        let (taken, rest) = body.split_at(length);
        body = rest;
        taken
    };
    let fields = take(2);
    (0..i16::from_be_bytes([fields[0], fields[1]]))
        .map(|_| {
            let length = take(4);
            let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
            usize::try_from(length).map(|length| text(take(length))).unwrap_or_default()
        })
        .collect()
}
