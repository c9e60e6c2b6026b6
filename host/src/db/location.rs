//! Which database a connection goes to.

use std::fmt;

/// A database as one names it: who, where, which. Without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The user who logs in.
    pub user: String,
    /// The server.
    pub server: Server,
    /// Its port. A Unix socket has it in its name.
    pub port: u16,
    /// The database.
    pub database: String,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    /// By a name or an address.
    Host(String),
    /// By a Unix socket in this folder.
    Socket(String),
}

impl Location {
    /// Whether both are one database, as far as their urls say: whoever the user is. This machine has several names, and a
    /// name that leads to another one is not known here.
    pub fn is_same_database(&self, other: &Self) -> bool {
        self.database == other.database && self.port == other.port && self.server.is_same(&other.server)
    }
}

impl Server {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Host(one), Self::Host(other)) => {
                let (one, other) = (plain(one), plain(other));
                one == other || (is_this_machine(&one) && is_this_machine(&other))
            }
            (Self::Socket(one), Self::Socket(other)) => one.trim_end_matches('/') == other.trim_end_matches('/'),
            // A server listens on both, as it comes.
            (Self::Host(host), Self::Socket(_)) | (Self::Socket(_), Self::Host(host)) => is_this_machine(&plain(host)),
        }
    }
}

fn plain(host: &str) -> String {
    host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

/// `user@server:port/database`, with the folder of a socket as the server.
impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, server, port, database } = self;
        let (Server::Host(server) | Server::Socket(server)) = server;
        write!(formatter, "{user}@{server}:{port}/{database}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::connector::Connector;
    use super::*;

    fn location(url: &str) -> Location {
        Connector::new(url, "test").expect("a url").location()
    }

    #[test]
    fn one_database_has_several_urls() {
        let same = |one: &str, other: &str| location(one).is_same_database(&location(other));
        for (one, other) in [
            ("postgres://a:x@db.example/shop", "postgres://b@DB.example.:5432/shop?sslmode=disable"),
            ("postgres://a@localhost/shop", "postgres://a@127.0.0.1/shop"),
            ("postgres://a@[::1]/shop", "postgres://a@localhost/shop"),
            ("postgres://a@localhost/shop", "postgres://a@x/shop?host=/var/run/postgresql"),
            ("postgres://a@x/shop?host=/var/run/postgresql/", "postgres://a@%2Fvar%2Frun%2Fpostgresql/shop"),
            ("postgres://a@db.example/shop", "postgres:///?host=db.example&user=b&dbname=shop&port=5432"),
        ] {
            assert!(same(one, other) && same(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("postgres://a@db.example/shop", "postgres://a@db.example/shops"),
            ("postgres://a@db.example/shop", "postgres://a@db.example:5433/shop"),
            ("postgres://a@db.example/shop", "postgres://a@localhost/shop"),
            ("postgres://a@x/shop?host=/one", "postgres://a@x/shop?host=/other"),
        ] {
            assert!(!same(one, other) && !same(other, one), "{one} {other}");
        }
    }

    #[test]
    fn it_is_written_without_the_password() {
        for (url, expected) in [
            ("postgres://me:secret@db.example/shop", "me@db.example:5432/shop"),
            (
                "postgres://me@localhost/shop?host=/var/run/postgresql&password=secret",
                "me@/var/run/postgresql:5432/shop",
            ),
            ("postgres://me@db.example", "me@db.example:5432/me"),
        ] {
            assert_eq!(location(url).to_string(), expected);
        }
    }
}
