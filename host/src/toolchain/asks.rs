//! What migrations in SQL need beyond what they ask for, written into their metadata.

use super::ToolchainError;
use crate::grant::Classes;
use crate::grant::Grant;
use crate::grant::TimeLimits;
use crate::language::Language;
use crate::sql::sections;
use crate::store::Migration;
use crate::store::Store;

/// A migration that asks for more than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedAsks {
    /// The migration as it was.
    pub migration: Migration,
    /// All that it asks for now.
    pub asks: Classes,
}

/// Lets each migration in SQL ask for all classes that its statements need, in its own file. What it asks for already stays, and so
/// does every other byte. `time_limits` are those that will be in force when it runs.
///
/// What code in a compiled language sends is known only when it runs. A file that cannot be read is left for the build to tell.
///
/// # Errors
/// Those of reading and writing the files.
pub fn fix_asks(
    store: &Store,
    migrations: &[Migration],
    time_limits: TimeLimits,
) -> Result<Vec<FixedAsks>, ToolchainError> {
    let mut fixed = Vec::new();
    for migration in migrations.iter().filter(|migration| migration.language == Language::Sql) {
        let source = store.text_source(migration)?;
        let Ok(found) = sections(&source.text) else { continue };
        let grant = Grant::of_asks(migration.metadata.asks).within(time_limits);
        let parts: Vec<_> = std::iter::once(found.upgrade).chain(found.downgrade).collect();
        let missing = crate::sql::missing_classes(&source.text, &parts, &grant);
        if missing.is_empty() {
            continue;
        }
        store.add_asks(migration, missing)?;
        fixed.push(FixedAsks { migration: migration.clone(), asks: migration.metadata.asks.union(missing) });
    }
    Ok(fixed)
}
