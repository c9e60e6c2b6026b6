//! A proxy between host and server that does harm at one message.

use std::io::BufReader;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Pid;
use rustix::process::Signal;

use super::server::FaultServer;
use super::wire;

/// How long a message is held back. Longer than a round trip, shorter than any limit.
const DELAY: Duration = Duration::from_millis(300);

/// After this time the server learns that a client that it cannot hear is gone, as it would from its keepalives.
const KEEPALIVES: Duration = Duration::from_millis(1500);

/// How long a message may be on its way to the proxy on a busy machine.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// How often something is looked at that is waited for.
const POLL: Duration = Duration::from_millis(5);

/// How long the server is away after it was stopped.
const AWAY: Duration = Duration::from_millis(300);

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Host,
    Server,
}

/// When the harm is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// The message does not arrive.
    Before,
    /// The message arrives.
    After,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    /// The connection is cut, and both sides see it.
    Cut,
    /// Only the host sees it; the server learns it later.
    CutHost,
    /// Everything is swallowed from now on, in both directions. Nobody is told.
    Drop,
    /// The message is late.
    Delay,
    /// `kill -9` of the host.
    KillHost,
    /// `pg_ctl stop -m immediate`; a little later the server starts again.
    StopServer,
    /// The same, and it does not start again.
    StopServerForGood,
}

/// A harm at a message of the first connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) harm: Harm,
    pub(super) sender: Sender,
    /// Counted for each sender, from 0.
    pub(super) number: usize,
    pub(super) moment: Moment,
}

/// The proxy. It listens until it is dropped.
pub(super) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    fault: Option<Fault>,
    server: &'static FaultServer,
    /// The messages of host and server on the first connection.
    messages: Mutex<[Vec<Vec<u8>>; 2]>,
    fired: AtomicBool,
    over: AtomicBool,
    silent: AtomicBool,
    /// Whether what the server says no longer reaches the host.
    muted: AtomicBool,
    ended: AtomicBool,
    host: Mutex<Option<Pid>>,
    host_known: Condvar,
}

/// One of the connections that the proxy passes on.
struct Connection {
    shared: Arc<Shared>,
    is_first: bool,
    client: TcpStream,
    server: UnixStream,
}

impl Proxy {
    pub(super) fn start(server: &'static FaultServer, fault: Option<Fault>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            fault,
            server,
            messages: Mutex::default(),
            fired: AtomicBool::new(false),
            over: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            muted: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            host: Mutex::default(),
            host_known: Condvar::new(),
        });
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &for_thread));
        Self { port, shared }
    }

    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://host@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Says which process is the host.
    pub(super) fn host_is(&self, pid: Pid) {
        *self.shared.host.lock().expect("a lock") = Some(pid);
        self.shared.host_known.notify_all();
    }

    /// Whether the harm was done. Waits a moment for it, and until it is done whole.
    pub(super) fn fired(&self) -> bool {
        let began = Instant::now();
        let shared = &self.shared;
        // The last message of a host that has ended may still be on its way to the proxy.
        while !shared.fired.load(Ordering::SeqCst) && began.elapsed() < ON_ITS_WAY {
            std::thread::sleep(POLL);
        }
        let fired = shared.fired.load(Ordering::SeqCst);
        while fired && !shared.over.load(Ordering::SeqCst) {
            std::thread::sleep(POLL);
        }
        fired
    }

    /// The messages of host and server on the first connection.
    pub(super) fn messages(&self) -> [Vec<Vec<u8>>; 2] {
        self.shared.messages.lock().expect("a lock").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut is_first = true;
    while let Ok((client, _)) = listener.accept() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        client.set_nodelay(true).expect("an option");
        // Without a server the client is hung up on, as one that listens no more does.
        let Ok(server) = UnixStream::connect(socket(shared.server.socket_folder())) else { continue };
        for sender in [Sender::Host, Sender::Server] {
            let connection = Connection {
                shared: Arc::clone(shared),
                is_first,
                client: client.try_clone().expect("a socket"),
                server: server.try_clone().expect("a socket"),
            };
            std::thread::spawn(move || connection.pass_on(sender));
        }
        is_first = false;
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

impl Connection {
    fn pass_on(&self, sender: Sender) {
        let mut number = 0;
        let mut from_client = BufReader::new(&self.client);
        let mut from_server = BufReader::new(&self.server);
        while let Some(message) = match sender {
            Sender::Host => wire::read(&mut from_client, number == 0),
            Sender::Server => wire::read(&mut from_server, false),
        } {
            let harm = self.note(sender, number, &message);
            number += 1;
            let arrives = |moment| harm.is_none_or(|(_, when)| when == moment);
            match harm {
                Some((harm, when)) if when == Moment::Before || harm == Harm::Delay => self.do_harm(harm),
                _ => {}
            }
            let delayed = matches!(harm, Some((Harm::Delay, _)));
            if sender == Sender::Host && matches!(harm, Some((_, Moment::After))) && !delayed {
                // The answer is lost for sure: it could overtake what is done next.
                self.shared.muted.store(true, Ordering::SeqCst);
            }
            let is_muted = sender == Sender::Server && self.is_first && self.shared.muted.load(Ordering::SeqCst);
            if (delayed || arrives(Moment::After)) && !self.is_silent() && !is_muted {
                // The other side may be gone.
                let _ = match sender {
                    Sender::Host => (&self.server).write_all(&message),
                    Sender::Server => (&self.client).write_all(&message),
                };
            }
            if let Some((harm, Moment::After)) = harm
                && !delayed
            {
                self.do_harm(harm);
            }
        }
        match sender {
            // The server is told that the host is gone: at once, or when its keepalives were not answered.
            Sender::Host => {
                if self.is_silent() {
                    std::thread::sleep(KEEPALIVES);
                }
                let _ = self.server.shutdown(Shutdown::Both);
            }
            Sender::Server if !self.is_silent() => {
                let _ = self.client.shutdown(Shutdown::Both);
            }
            Sender::Server => {}
        }
    }

    fn is_silent(&self) -> bool {
        self.is_first && self.shared.silent.load(Ordering::SeqCst)
    }

    /// Counts a message, and says what is to be done at it.
    fn note(&self, sender: Sender, number: usize, message: &[u8]) -> Option<(Harm, Moment)> {
        if !self.is_first {
            return None;
        }
        let index = if sender == Sender::Host { 0 } else { 1 };
        self.shared.messages.lock().expect("a lock")[index].push(message.to_vec());
        let fault = self.shared.fault.filter(|fault| fault.sender == sender && fault.number == number)?;
        Some((fault.harm, fault.moment))
    }

    fn do_harm(&self, harm: Harm) {
        self.shared.fired.store(true, Ordering::SeqCst);
        match harm {
            Harm::Cut => {
                let _ = self.client.shutdown(Shutdown::Both);
                let _ = self.server.shutdown(Shutdown::Both);
            }
            Harm::CutHost => {
                self.shared.silent.store(true, Ordering::SeqCst);
                let _ = self.client.shutdown(Shutdown::Both);
            }
            Harm::Drop => self.shared.silent.store(true, Ordering::SeqCst),
            Harm::Delay => std::thread::sleep(DELAY),
            Harm::KillHost => {
                let guard = self.shared.host.lock().expect("a lock");
                let host = self.shared.host_known.wait_while(guard, |host| host.is_none()).expect("a lock");
                rustix::process::kill_process(host.expect("it is known"), Signal::KILL).expect("a process to kill");
            }
            Harm::StopServerForGood => self.shared.server.stop_immediately(),
            Harm::StopServer => {
                self.shared.server.stop_immediately();
                let server = self.shared.server;
                std::thread::spawn(move || {
                    std::thread::sleep(AWAY);
                    server.start();
                });
            }
        }
        self.shared.over.store(true, Ordering::SeqCst);
    }
}
