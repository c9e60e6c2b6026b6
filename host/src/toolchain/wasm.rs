//! WebAssembly that was built elsewhere: a core module or a component.

use super::Builder;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::manifest;
use super::wrap::wrap;
use crate::store::Migration;

pub(super) const SUPPORT: Support = Support { build, write_sdk: None, tool: None };

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    let (file, bytes) = builder.store.prebuilt(migration)?;
    wrap(&builder.options, &file, &bytes, &manifest(migration, &builder.options))
}
