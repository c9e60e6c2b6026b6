//! Counts round trips, and makes them take their time: a client sends something and waits for an answer.

use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Result;

/// The name of a server's socket in its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// A socket that passes one session on to the server.
pub(crate) struct Proxy {
    session: JoinHandle<std::io::Result<Vec<String>>>,
}

/// A round trip is what lies between bytes of the client and the next bytes of the server. What the client sends in
/// several pieces without waiting counts once, and a farewell that nobody answers does not count.
#[derive(Default)]
struct Counter {
    asked: Option<String>,
    round_trips: Vec<String>,
}

impl Proxy {
    /// Listens where a client looks for a server of the first folder, and passes on to that of the second.
    pub(crate) fn listen(folder: &Path, server: &Path) -> Result<Self> {
        Self::listen_far_away(folder, server, Duration::ZERO)
    }

    /// The same as if the server were so far away: each way takes so long.
    pub(crate) fn listen_far_away(folder: &Path, server: &Path, way: Duration) -> Result<Self> {
        let (own, server) = (folder.join(SOCKET), server.join(SOCKET));
        // Of an earlier proxy.
        let _ = std::fs::remove_file(&own);
        let listener = UnixListener::bind(own)?;
        let session = std::thread::spawn(move || pass_on(&listener.accept()?.0, &UnixStream::connect(server)?, way));
        Ok(Self { session })
    }

    /// What each round trip of the session began with, once the session has ended: the letter of the first message, or
    /// `start-up`, which has none.
    pub(crate) fn round_trips(self) -> Result<Vec<String>> {
        Ok(self.session.join().map_err(|_| "the proxy failed")??)
    }
}

fn pass_on(client: &UnixStream, server: &UnixStream, way: Duration) -> std::io::Result<Vec<String>> {
    let counter = Mutex::new(Counter::default());
    let counting = || counter.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            copy(client, server, way, |bytes| {
                // All messages but the first begin with a letter (PostgreSQL manual, "Message Formats").
                let first = if bytes[0] == 0 { "start-up".to_owned() } else { char::from(bytes[0]).to_string() };
                counting().asked.get_or_insert(first);
            })
        });
        let answered = copy(server, client, way, |_| {
            let mut counter = counting();
            let asked = counter.asked.take();
            counter.round_trips.extend(asked);
        });
        let asked = asking.join().unwrap_or(Ok(()));
        answered.and(asked)
    })?;
    Ok(std::mem::take(&mut counting().round_trips))
}

/// Copies until the end; `see` sees the bytes before they are passed on, each after so long a way.
fn copy(mut from: &UnixStream, mut to: &UnixStream, way: Duration, mut see: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            // The other side may have gone first.
            let _ = to.shutdown(Shutdown::Write);
            return Ok(());
        }
        see(&buffer[..length]);
        if !way.is_zero() {
            std::thread::sleep(way);
        }
        to.write_all(&buffer[..length])?;
    }
}
