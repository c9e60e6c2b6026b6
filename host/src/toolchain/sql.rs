//! SQL: a component without code, which carries its source and names the runtime that runs it.

use super::BuildWarning;
use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::embed;
use super::manifest;
use crate::grant::Grant;
use crate::language::Language;
use crate::sql::sections;
use crate::store::Manifest;
use crate::store::Migration;
use crate::store::ScriptSections;
use crate::store::Transaction;

pub(super) const SUPPORT: Support = Support { build, write_sdk: None, tool: None };

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    let source = builder.store.text_source(migration)?;
    let refused = |source| ToolchainError::Script { file: migration.file.clone(), source };
    crate::sql::check_whole_sql_file(&source.text).map_err(refused)?;
    let found =
        sections(&source.text).map_err(|source| ToolchainError::Sections { file: migration.file.clone(), source })?;
    if let Some(line) = found.undecided(&source.text) {
        return Err(ToolchainError::Undecided { language: Language::Sql, file: migration.file.clone(), line });
    }
    if let Some((line, what)) = found.to_decide(&source.text) {
        return Err(ToolchainError::ToDecide { file: migration.file.clone(), line, what: what.to_owned() });
    }
    let grant = Grant::of_asks(migration.metadata.asks).within(builder.options.time_limits);
    let parts: Vec<_> = std::iter::once(found.upgrade.clone()).chain(found.downgrade.clone()).collect();
    crate::sql::check_sql_file(&source.text, &parts, &grant).map_err(refused)?;
    for part in parts {
        match migration.metadata.transaction {
            Transaction::None => crate::sql::check_non_transactional_sql_file(&source.text, part, &[]),
            Transaction::PerMigration => crate::sql::check_transactional_sql_file(&source.text, part.clone())
                .and_then(|()| crate::sql::check_new_enum_values(&source.text, part)),
        }
        .map_err(refused)?;
    }
    if !migration.metadata.irreversible && found.is_silent(&source.text) {
        builder.warnings.push(BuildWarning::EmptyDowngrade);
    }
    let ends = |range: std::ops::Range<usize>| [range.start, range.end];
    let sections = ScriptSections { upgrade: ends(found.upgrade), downgrade: found.downgrade.map(ends) };
    let manifest = Manifest { sections: Some(sections), ..manifest(migration, &builder.options) };
    let mut component = wasm_encoder::Component::new().finish();
    embed(&mut component, &manifest, Some(&source.text))?;
    Ok(component)
}
