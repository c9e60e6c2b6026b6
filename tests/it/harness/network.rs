//! A network between host and server that can be cut.

use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

/// Passes on what comes to a port of its own, until it is dropped.
pub(crate) struct Network {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    socket: PathBuf,
    connections: Mutex<Vec<Arc<Connection>>>,
    has_ended: AtomicBool,
}

struct Connection {
    client: TcpStream,
    server: UnixStream,
    is_silent: AtomicBool,
}

impl Network {
    /// One before the server whose socket lies in this folder.
    pub(crate) fn before(socket_folder: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            socket: PathBuf::from(socket_folder).join(".s.PGSQL.5432"),
            connections: Mutex::default(),
            has_ended: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || for_thread.accept(&listener));
        Self { port, shared }
    }

    /// The url of a database behind it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://host@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Ends all connections that there are, which both sides learn. Gives their number.
    pub(crate) fn cut(&self) -> usize {
        let connections = self.shared.take();
        connections.iter().for_each(|connection| connection.end());
        connections.len()
    }

    /// Swallows from now on what is said on the connections that there are, of which nobody learns. Gives their number.
    pub(crate) fn swallow(&self) -> usize {
        let connections = self.shared.take();
        connections.iter().for_each(|connection| connection.is_silent.store(true, Ordering::SeqCst));
        connections.len()
    }
}

impl Shared {
    fn take(&self) -> Vec<Arc<Connection>> {
        std::mem::take(&mut self.connections.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn accept(&self, listener: &TcpListener) {
        while let Ok((client, _)) = listener.accept() {
            if self.has_ended.load(Ordering::SeqCst) {
                return;
            }
            client.set_nodelay(true).expect("an option");
            // Without a server the client is hung up on.
            let Ok(server) = UnixStream::connect(&self.socket) else { continue };
            let connection = Arc::new(Connection { client, server, is_silent: AtomicBool::new(false) });
            self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&connection));
            let other = Arc::clone(&connection);
            std::thread::spawn(move || connection.pass_on(true));
            std::thread::spawn(move || other.pass_on(false));
        }
    }
}

impl Connection {
    fn pass_on(&self, from_client: bool) {
        let mut bytes = [0; 16 << 10];
        loop {
            let read = if from_client { (&self.client).read(&mut bytes) } else { (&self.server).read(&mut bytes) };
            let Some(bytes) = read.ok().and_then(|length| bytes.get(..length)).filter(|bytes| !bytes.is_empty()) else {
                if !self.is_silent.load(Ordering::SeqCst) {
                    self.end();
                }
                return;
            };
            if self.is_silent.load(Ordering::SeqCst) {
                continue;
            }
            let written = if from_client { (&self.server).write_all(bytes) } else { (&self.client).write_all(bytes) };
            if written.is_err() {
                return self.end();
            }
        }
    }

    fn end(&self) {
        // The other side may have ended it before.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the thread that listens.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}
