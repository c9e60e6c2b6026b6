//! The migrations of a project, run on a shadow database: by the same runner, in the same sandbox, as anywhere.

use host_schema::ReadOptions;
use host_schema::shadow::KeptKey;

use super::error::SchemaError;
use super::shadows::Shadows;
use crate::config::TableName;
use crate::db::Tables;
use crate::execute::Options;
use crate::execute::Runner;
use crate::execute::Silent;
use crate::plan::Direction;
use crate::project::Project;
use crate::revision::RevisionId;

/// The schema in which a shadow has the tables of host.
const SCHEMA: &str = "public";

/// The tables of host in a shadow: there is no schema of the operator's for them.
pub(super) fn tables(project: &Project) -> Tables {
    let plain = |table: TableName| TableName { schema: None, ..table };
    let Tables { version, version_characters, log, journal, rejected } = project.tables();
    let [version, log, journal, rejected] = [version, log, journal, rejected].map(plain);
    Tables { version, version_characters, log, journal, rejected }
}

/// How a shadow with migrations in it is read: without the tables of host.
pub fn without_own_tables(project: &Project, options: ReadOptions) -> ReadOptions {
    let Tables { version, log, journal, rejected, .. } = tables(project);
    let own = [version, log, journal, rejected].map(|table| (SCHEMA.to_owned(), table.name));
    ReadOptions { own_tables: own.into(), ..options }
}

/// A shadow on which these revisions, and all before them, are applied. It is kept for the next time.
///
/// # Errors
/// [`SchemaError::Run`] where a migration fails there or is not built, [`SchemaError::Shadow`].
pub async fn applied(
    shadows: &mut Shadows,
    project: &Project,
    heads: &[RevisionId],
    options: &Options,
) -> Result<String, SchemaError> {
    let key = key(shadows, project, heads, options);
    if let Some(kept) = shadows.kept(key.as_ref()).await? {
        return Ok(kept);
    }
    let database = shadows.empty().await?;
    let targets: Vec<&str> = heads.iter().map(RevisionId::as_str).collect();
    let mut runner = runner(shadows, project, &database, options).await?;
    for target in targets {
        if let Err(error) = runner.run(Direction::Upgrade, target, &mut Silent).await {
            runner.close().await;
            return Err(error.into());
        }
    }
    runner.close().await;
    shadows.keep(database, key.as_ref()).await
}

/// A runner on a shadow.
///
/// # Errors
/// [`SchemaError::Database`].
pub(super) async fn runner<'project>(
    shadows: &Shadows,
    project: &'project Project,
    database: &str,
    options: &Options,
) -> Result<Runner<'project>, SchemaError> {
    // The role of the operator need not be there, and nothing of his can be reached.
    let connector = shadows.connector(database).with_role(None).with_restricted_role(false);
    let database = connector.connect(tables(project)).await?;
    Ok(Runner::new(project, database, options.clone()))
}

/// What the shadow of some revisions is made of: all of them with what runs, in their order.
fn key(shadows: &Shadows, project: &Project, heads: &[RevisionId], options: &Options) -> Option<KeptKey> {
    let implied = project.graph().implied(heads);
    let mut parts = vec!["migrations".to_owned()];
    for revision in project.graph().topological().into_iter().filter(|revision| implied.contains(&revision.id)) {
        let migration = project.migration(&revision.id)?;
        parts.push(revision.id.to_string());
        parts.push(migration.source_digest.to_string());
        parts.extend(migration.lock_digest.map(|digest| digest.to_string()));
        parts.push(format!("{:?} {:?}", migration.metadata.transaction, migration.metadata.asks));
    }
    parts.extend(options.args.iter().map(|(key, value)| format!("{key}={value}")));
    shadows.key(parts.iter().map(String::as_str))
}
