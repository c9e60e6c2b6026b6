//! Shadows that are kept as templates, found by the digest of what they were made of.

use super::error::ShadowError;
use super::name::KEPT_PREFIX;
use super::server::ShadowServer;
use super::server::execute;
use super::server::rows;
use super::server::server_words;
use super::server::text;
use crate::quote::quote_identifier;
use crate::quote::quote_text;

/// How many are kept for one project: those of its migrations and of its models, and of one change before.
pub const KEPT_MAX: usize = 4;

/// How many are kept for all projects of one user on one server.
const KEPT_IN_ALL_MAX: usize = 24;

/// Days without use after which one is dropped, whatever project it belongs to.
const UNUSED_DAYS: u32 = 14;

/// Minutes after its last use in which one is never dropped: another run may be about to copy it.
const IN_USE_MINUTES: u32 = 5;

const DUPLICATE: &str = "42P04";

/// By what a kept shadow is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    digest: String,
    project: String,
}

impl KeptKey {
    /// `digest` covers all that the shadow is made of, as hexadecimal digits, of which the first 32 count; `project` is the same for
    /// all that belong together.
    pub fn new(digest: &str, project: &str) -> Self {
        let plain =
            |text: &str| text.chars().filter(char::is_ascii_hexdigit).take(32).collect::<String>().to_ascii_lowercase();
        Self { digest: plain(digest), project: plain(project) }
    }

    fn database(&self) -> String {
        format!("{KEPT_PREFIX}{}", self.digest)
    }
}

impl ShadowServer {
    /// The kept shadow with this key, if it is there and belongs to this user.
    ///
    /// # Errors
    /// [`ShadowError::Statement`].
    pub async fn kept(&mut self, key: &KeptKey) -> Result<Option<String>, ShadowError> {
        let database = key.database();
        let sql = format!(
            "SELECT d.datname::pg_catalog.text FROM pg_catalog.pg_database AS d WHERE {} AND d.datname OPERATOR(pg_catalog.=) {}",
            Self::kept_condition(),
            quote_text(&database)
        );
        if rows(&mut self.connection, "look for a kept shadow database", &sql).await?.is_empty() {
            return Ok(None);
        }
        self.note_use(key).await?;
        Ok(Some(database))
    }

    /// Keeps a shadow under this key, and drops those that are too many. Nobody may be connected to it. Gives its name from now on;
    /// where another run was faster, that of the other one's.
    ///
    /// # Errors
    /// [`ShadowError::Statement`].
    pub async fn keep(&mut self, shadow: &str, key: &KeptKey) -> Result<String, ShadowError> {
        let database = key.database();
        let sql = format!("ALTER DATABASE {} RENAME TO {}", quote_identifier(shadow), quote_identifier(&database));
        match execute(&mut self.connection, "keep a shadow database", &sql).await {
            Ok(()) => self.forget(shadow).await,
            Err(error) if server_words(&error).is_some_and(|(code, _)| code == DUPLICATE) => self.drop(shadow).await?,
            Err(error) => return Err(error),
        }
        self.note_use(key).await?;
        self.drop_unused(key).await?;
        Ok(database)
    }

    /// Writes down when it was used and by whom, as the comment of the database.
    async fn note_use(&mut self, key: &KeptKey) -> Result<(), ShadowError> {
        let sql = format!(
            "DO $do$ BEGIN EXECUTE pg_catalog.format('COMMENT ON DATABASE %I IS %L', {}, 'host: project {}, used ' \
             OPERATOR(pg_catalog.||) pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')); END $do$",
            quote_text(&key.database()),
            key.project
        );
        match execute(&mut self.connection, "note the use of a shadow database", &sql).await {
            // Two runs note it at the same time.
            Err(error) if server_words(&error).is_some() => Ok(()),
            result => result,
        }
    }

    async fn comment(&mut self, database: &str) -> Result<Option<String>, ShadowError> {
        let sql = format!(
            "SELECT pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database AS d \
             WHERE d.datname OPERATOR(pg_catalog.=) {}",
            quote_text(database)
        );
        let found = rows(&mut self.connection, "look at a kept shadow database", &sql).await?;
        Ok(found.first().map(|row| text(row, 0)))
    }

    async fn drop_unused(&mut self, key: &KeptKey) -> Result<(), ShadowError> {
        let sql = format!(
            "SELECT d.datname::pg_catalog.text, c.comment, \
             pg_catalog.to_char((pg_catalog.now() OPERATOR(pg_catalog.-) '{UNUSED_DAYS} days'::pg_catalog.interval) AT TIME ZONE 'UTC', \
             'YYYY-MM-DD HH24:MI:SS.US'), \
             pg_catalog.to_char((pg_catalog.now() OPERATOR(pg_catalog.-) '{IN_USE_MINUTES} minutes'::pg_catalog.interval) AT TIME ZONE 'UTC', \
             'YYYY-MM-DD HH24:MI:SS.US') \
             FROM pg_catalog.pg_database AS d, \
             LATERAL (SELECT pg_catalog.shobj_description(d.oid, 'pg_database') AS comment) AS c \
             WHERE {} AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity AS a WHERE a.datid OPERATOR(pg_catalog.=) d.oid)",
            Self::kept_condition()
        );
        let found = rows(&mut self.connection, "look for kept shadow databases", &sql).await?;
        let in_use_since = found.first().map_or_else(String::new, |row| text(row, 3));
        let found: Vec<_> = found.iter().map(|row| (text(row, 0), text(row, 1), text(row, 2))).collect();
        for (database, comment) in superfluous(&found, &in_use_since, key) {
            if self.comment(&database).await?.as_ref() != Some(&comment) {
                // Somebody has come for it meanwhile.
                continue;
            }
            match self.drop_unused_one(&database).await {
                // Somebody uses it again.
                Ok(()) | Err(ShadowError::NotDropped { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// When it was used, of the comment of a kept shadow.
fn used(comment: &str) -> &str {
    comment.rsplit_once("used ").map_or("", |(_, at)| at)
}

/// Which are to go, of names with their comments and the time before which one is unused: those that nobody used for long, and of
/// the project's own all but the last, and what is too much in all. Never the one that was just kept, nor one that was used since
/// that time. With their comments.
fn superfluous(found: &[(String, String, String)], in_use_since: &str, key: &KeptKey) -> Vec<(String, String)> {
    let current = key.database();
    let own = format!("host: project {},", key.project);
    let mut of_project: Vec<_> = found
        .iter()
        .filter(|(database, comment, _)| *database != current && comment.starts_with(&own))
        .map(|(database, comment, _)| (used(comment).to_owned(), database.clone()))
        .collect();
    of_project.sort();
    let keep = KEPT_MAX - 1;
    let too_many = of_project.len().saturating_sub(keep);
    let mut superfluous: Vec<String> = of_project.into_iter().take(too_many).map(|(_, database)| database).collect();
    for (database, comment, unused_before) in found {
        if *database != current && used(comment) < unused_before.as_str() && !superfluous.contains(database) {
            superfluous.push(database.clone());
        }
    }
    let mut left: Vec<_> = found
        .iter()
        .filter(|(database, ..)| *database != current && !superfluous.contains(database))
        .map(|(database, comment, _)| (used(comment).to_owned(), database.clone()))
        .collect();
    left.sort();
    let too_many = (left.len() + 1).saturating_sub(KEPT_IN_ALL_MAX);
    superfluous.extend(left.into_iter().take(too_many).map(|(_, database)| database));
    let comment = |database: &String| found.iter().find(|(known, ..)| known == database).map(|(_, comment, _)| comment);
    let with_comment = superfluous.iter().filter_map(|database| Some((database.clone(), comment(database)?.clone())));
    with_comment.filter(|(_, comment)| used(comment) < in_use_since).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_of_a_project_and_what_others_still_use() {
        let key = KeptKey::new("ff", "aa");
        let row = |database: &str, project: &str, used: &str| {
            (database.to_owned(), format!("host: project {project}, used {used}"), "2026-06-01 00:00:00.0".to_owned())
        };
        let found = [
            row("host_kept_ff", "aa", "2020-01-01 00:00:00.0"),
            row("host_kept_01", "aa", "2026-06-02 00:00:00.1"),
            row("host_kept_02", "aa", "2026-06-02 00:00:00.2"),
            row("host_kept_03", "aa", "2026-06-02 00:00:00.3"),
            row("host_kept_04", "aa", "2026-06-02 00:00:00.4"),
            row("host_kept_05", "bb", "2026-06-02 00:00:00.0"),
            row("host_kept_06", "bb", "2026-05-02 00:00:00.0"),
        ];
        let names = |since: &str| -> Vec<String> {
            superfluous(&found, since, &key).into_iter().map(|(database, _)| database).collect()
        };
        assert_eq!(names("2026-06-03 00:00:00.0"), ["host_kept_01", "host_kept_06"]);
        assert_eq!(names("2026-06-02 00:00:00.1"), ["host_kept_06"], "another run may be about to copy it");
    }

    #[test]
    fn a_key_has_nothing_but_digits() {
        let key = KeptKey::new("AB'; DROP--12", "xyz-0f");
        assert_eq!((key.database().as_str(), key.project.as_str()), ("host_kept_abd12", "0f"));
    }
}
