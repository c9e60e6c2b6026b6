//! Puts into a component what host wants to know about its migration, and what a runtime is to run.

use super::BuildOptions;
use super::ToolchainError;
use crate::language::Language;
use crate::store::MANIFEST_FORMAT;
use crate::store::Manifest;
use crate::store::ManifestError;
use crate::store::Migration;
use crate::store::StoreError;
use crate::store::add_manifest;
use crate::store::add_packages;

/// The name of the runtime that runs the sources of a language in this project.
pub(super) fn runtime<'a>(language: Language, options: &BuildOptions<'a>) -> Option<&'a str> {
    options.python.filter(|_| matches!(language, Language::Python | Language::Alembic)).or(language.runtime())
}

/// What the component of a migration says about it.
pub(super) fn manifest(migration: &Migration, options: &BuildOptions<'_>) -> Manifest {
    let runtime = runtime(migration.language, options);
    Manifest {
        format: MANIFEST_FORMAT,
        metadata: migration.metadata.clone(),
        source_digest: migration.source_digest,
        lock_digest: migration.lock_digest,
        language: migration.language,
        file: migration.file.clone(),
        runtime: runtime.map(str::to_owned),
        runtime_digest: runtime.and_then(|name| options.runtimes.get(name)?.first().copied()),
        sections: None,
        packages: Vec::new(),
        built_with: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Puts what the host wants to know into a component.
pub(super) fn embed(component: &mut Vec<u8>, manifest: &Manifest, source: Option<&str>) -> Result<(), ToolchainError> {
    embed_with_packages(component, manifest, source, None)
}

/// The same with the packages that the source imports.
pub(super) fn embed_with_packages(
    component: &mut Vec<u8>,
    manifest: &Manifest,
    source: Option<&str>,
    packages: Option<&str>,
) -> Result<(), ToolchainError> {
    let file = || manifest.file.clone();
    let added = add_manifest(component, manifest, source);
    packages.into_iter().for_each(|packages| add_packages(component, packages));
    added.map_err(|error| match error {
        ManifestError::TooLarge { bytes } => ToolchainError::LargeMetadata { file: file(), bytes },
        source => StoreError::Corrupt { file: file(), source }.into(),
    })
}
