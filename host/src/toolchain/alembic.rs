//! Revisions of Alembic: like every language without a compiler, with a text that has all files that a revision needs.

use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::script;
use crate::store::Migration;

pub(super) const SUPPORT: Support = Support { build, ..script::SUPPORT };

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    let text = builder.store.alembic_document(migration)?;
    script::component(builder, migration, &text, None)
}
