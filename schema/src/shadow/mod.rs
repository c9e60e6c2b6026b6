//! Shadow databases: made to load a schema into them or to try statements, and dropped afterwards.
//!
//! A shadow is known by its name, which has the time of its making. While it is in use the session that made it holds an
//! advisory lock, which the server gives back when that session ends, however it ends. So what a killed run left behind is a
//! database of such a name whose lock nobody holds, and [`ShadowServer::sweep`] drops it.
//!
//! A kept shadow is a template: it is found by the digest of what it was made of, and is made again only when that changes.

mod error;
mod kept;
mod name;
mod server;

pub use error::ShadowError;
pub use kept::KEPT_MAX;
pub use kept::KeptKey;
pub use name::is_shadow;
pub use server::Made;
pub use server::ServerFacts;
pub use server::ShadowServer;

/// The template that every server has and that nobody changes (PostgreSQL manual, "Template Databases").
pub const EMPTY_TEMPLATE: &str = "template0";

/// Ends a session, so that its database can be copied, renamed or dropped.
pub async fn close(connection: sqlx::postgres::PgConnection) {
    // It ends either way.
    let _ = sqlx::Connection::close(connection).await;
}
