//! The shadow databases of one command.
//!
//! Whatever is made is dropped when the command ends, also by a signal: [`Shadows::end`], or [`drop_made`] where the work was given
//! up in the middle. What a killed command leaves, the next one drops.

use host_schema::Catalog;
use host_schema::ReadOptions;
use host_schema::load::Text;
use host_schema::load::load;
use host_schema::shadow::EMPTY_TEMPLATE;
use host_schema::shadow::KeptKey;
use host_schema::shadow::Made;
use host_schema::shadow::ServerFacts;
use host_schema::shadow::ShadowServer;

use super::error::SchemaError;
use crate::db::Connection;
use crate::db::Connector;
use crate::digest::Digest;

/// What everything that is kept is made of besides its own inputs: another version may make it otherwise.
const VERSION: &str = concat!("host ", env!("CARGO_PKG_VERSION"), " shadow 1");

/// Where shadows are made.
#[derive(Clone)]
pub struct ShadowPlace {
    /// Opens connections to any database of the server.
    pub connector: Connector,
    /// What names the server, for people.
    pub source: String,
    /// The database that new ones are copies of.
    pub template: String,
    /// The same for all commands of one project, as hexadecimal digits; nothing is kept without it.
    pub project: Option<String>,
}

impl ShadowPlace {
    /// A place where shadows begin empty.
    pub fn new(connector: Connector, source: &str) -> Self {
        Self { connector, source: source.to_owned(), template: EMPTY_TEMPLATE.to_owned(), project: None }
    }
}

/// The shadow databases of one command.
pub struct Shadows {
    place: ShadowPlace,
    server: ShadowServer,
}

impl Shadows {
    /// Connects to the server, and drops what killed commands left there. `made` gets to know what is made.
    ///
    /// # Errors
    /// [`SchemaError::Database`] where there is no server, [`SchemaError::Shadow`].
    pub async fn begin(place: ShadowPlace, made: Made) -> Result<Self, SchemaError> {
        let connection = place.connector.open_apart().await?;
        let mut server = ShadowServer::new(connection, made).await?;
        server.sweep().await?;
        Ok(Self { place, server })
    }

    /// What is known of the server.
    pub fn server(&self) -> &ServerFacts {
        self.server.facts()
    }

    /// Opens connections to one of its databases.
    pub fn connector(&self, database: &str) -> Connector {
        self.place.connector.clone().for_database(database)
    }

    /// Makes an empty shadow.
    ///
    /// # Errors
    /// [`SchemaError::Shadow`].
    pub async fn empty(&mut self) -> Result<String, SchemaError> {
        Ok(self.server.create(&self.place.template).await?)
    }

    /// Makes a copy of a shadow, to which nobody is connected.
    ///
    /// # Errors
    /// [`SchemaError::Shadow`].
    pub async fn copy(&mut self, of: &str) -> Result<String, SchemaError> {
        Ok(self.server.create(of).await?)
    }

    /// Drops a shadow that is not needed any more. One that is kept stays.
    ///
    /// # Errors
    /// [`SchemaError::Shadow`].
    pub async fn drop(&mut self, database: &str) -> Result<(), SchemaError> {
        Ok(self.server.drop(database).await?)
    }

    /// Reads the schema of a shadow.
    ///
    /// # Errors
    /// [`SchemaError::Read`].
    pub async fn read(&self, database: &str, options: &ReadOptions) -> Result<Catalog, SchemaError> {
        let mut connection = self.connector(database).open_apart().await?;
        let read = host_schema::read(&mut connection, options).await;
        close(connection).await;
        read.map_err(|source| SchemaError::Read { of: "the shadow database".to_owned(), source })
    }

    /// A shadow with what texts say, kept for the next time where there is a project.
    ///
    /// # Errors
    /// [`SchemaError::Load`] with the place in a text, [`SchemaError::Shadow`].
    pub async fn of_texts(&mut self, texts: &[Text]) -> Result<String, SchemaError> {
        let parts = texts.iter().flat_map(|text| {
            let statements = text.statements.iter().map(|statement| statement.sql.as_str());
            std::iter::once(text.name.as_str()).chain(statements)
        });
        let key = self.key(parts);
        if let Some(kept) = self.kept(key.as_ref()).await? {
            return Ok(kept);
        }
        let database = self.empty().await?;
        let mut connection = self.connector(&database).open_apart().await?;
        let loaded = load(&mut connection, texts).await;
        close(connection).await;
        loaded?;
        self.keep(database, key.as_ref()).await
    }

    /// The key of a shadow that is made of these parts, and of what else decides what it becomes.
    pub(super) fn key<'a>(&self, parts: impl Iterator<Item = &'a str>) -> Option<KeptKey> {
        let project = self.place.project.as_deref()?;
        let mut all = String::new();
        let facts = self.server.facts();
        let version = facts.version.to_string();
        let first = [VERSION, version.as_str(), facts.user.as_str(), self.place.template.as_str()];
        // With their lengths, so that no other parts come to the same text.
        let mut add = |part: &str| all.push_str(&format!("{}:{part}", part.len()));
        first.into_iter().for_each(&mut add);
        parts.for_each(&mut add);
        Some(KeptKey::new(&Digest::of(all.as_bytes()).to_string(), project))
    }

    /// The kept shadow of a key.
    pub(super) async fn kept(&mut self, key: Option<&KeptKey>) -> Result<Option<String>, SchemaError> {
        let Some(key) = key else { return Ok(None) };
        Ok(self.server.kept(key).await?)
    }

    /// Keeps a shadow, to which nobody is connected, where there is a key. Gives its name.
    pub(super) async fn keep(&mut self, database: String, key: Option<&KeptKey>) -> Result<String, SchemaError> {
        let Some(key) = key else { return Ok(database) };
        Ok(self.server.keep(&database, key).await?)
    }

    /// Drops what was made and is not kept.
    ///
    /// # Errors
    /// [`SchemaError::Shadow`] for the first that cannot be dropped.
    pub async fn end(mut self) -> Result<(), SchemaError> {
        let dropped = self.server.drop_all().await;
        self.server.close().await;
        Ok(dropped?)
    }
}

/// Drops what was made by work that was given up.
///
/// # Errors
/// [`SchemaError::Database`] and [`SchemaError::Shadow`].
pub async fn drop_made(place: &ShadowPlace, made: Made) -> Result<(), SchemaError> {
    if made.names().is_empty() {
        return Ok(());
    }
    let connection = place.connector.open_apart().await?;
    let mut server = ShadowServer::new(connection, made).await?;
    server.drop_given_up().await?;
    server.close().await;
    Ok(())
}

/// Ends a session and waits until the server knows: nobody may be connected to what is copied or kept.
pub(super) async fn close(connection: Connection) {
    host_schema::shadow::close(connection).await;
}
