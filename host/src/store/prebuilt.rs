//! The digest of a component that was built elsewhere: computed over what runs, whatever the component says about itself.

use super::Block;
use super::Manifest;
use super::ManifestError;
use super::Migration;
use super::StoreError;
use super::manifest::Contents;
use super::manifest::read_contents;
use super::manifest::without_sections;
use crate::alembic::Document;
use crate::digest::Digest;
use crate::language::Language;
use crate::language::Source;
use crate::sql::sections;

/// The migration in a component that carries its metadata. `file` is its name in messages.
///
/// # Errors
/// [`StoreError::Corrupt`] and [`StoreError::NoEmbedded`].
pub(super) fn migration_of(file: String, bytes: &[u8]) -> Result<Migration, StoreError> {
    let corrupt = |source| StoreError::Corrupt { file: file.clone(), source };
    let contents = read_contents(bytes).map_err(corrupt)?;
    let source_digest = digest_of_contents(bytes, &contents).map_err(corrupt)?;
    let Contents { manifest: Some(manifest), .. } = contents else { return Err(StoreError::NoEmbedded { file }) };
    Ok(Migration { metadata: manifest.metadata, file, language: Language::Wasm, source_digest, lock_digest: None })
}

/// The digest of what a component runs. Where that is a text, it is the one of the file that it was made of; otherwise that of
/// the bytes without the sections of host, which the sandbox does not read.
///
/// # Errors
/// [`ManifestError::OtherText`] when a text does not say what the component says.
pub(super) fn digest_of_contents(bytes: &[u8], contents: &Contents) -> Result<Digest, ManifestError> {
    let runtime = contents.manifest.as_ref().filter(|manifest| manifest.runtime.is_some());
    match (runtime, &contents.source) {
        (Some(manifest), Some(range)) => {
            let text = bytes.get(range.clone()).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
            if language_of(manifest) == Some(Language::Alembic) {
                return match Document::source_of(text) {
                    Some((revision, source)) if revision == manifest.metadata.revision.as_str() => {
                        Ok(Digest::of(source.as_bytes()))
                    }
                    _ => Err(ManifestError::OtherText),
                };
            }
            let Some(block) = block_of(manifest, text)? else { return Ok(Digest::of(bytes)) };
            let text = Digest::of_text_source(text, &block.range);
            // Packages run as well. Where they stand beside a source, its own digest counts, and their versions are host.toml's to say.
            let Some(packages) = contents.packages.clone() else { return Ok(text) };
            let packages = bytes.get(packages).map(Digest::of);
            Ok(Digest::of(
                format!("{text}{}", packages.map(|digest| digest.to_string()).unwrap_or_default()).as_bytes(),
            ))
        }
        _ => Ok(Digest::of(&without_sections(bytes)?)),
    }
}

/// The digest of a prebuilt component or core module that gets its metadata from elsewhere. Whether it is WebAssembly at all
/// is for the build to find out.
pub(super) fn digest_of_prebuilt(bytes: &[u8]) -> Digest {
    let digest = read_contents(bytes).and_then(|contents| digest_of_contents(bytes, &contents));
    digest.unwrap_or_else(|_| Digest::of(bytes))
}

/// Whether a text says what its component says: the metadata, and where the two directions are.
///
/// # Errors
/// [`ManifestError::OtherText`].
pub(super) fn check_text(manifest: &Manifest, text: &str) -> Result<(), ManifestError> {
    block_of(manifest, text)?;
    check_sections(manifest, text)
}

/// The same for a text whose metadata are known to be those of its component.
///
/// # Errors
/// [`ManifestError::OtherText`].
pub(super) fn check_sections(manifest: &Manifest, text: &str) -> Result<(), ManifestError> {
    let source = language_of(manifest).map(|language| &language.profile().source);
    let Some(Source::Text { sections: has_sections, .. }) = source else {
        // A runtime of another host: this one will not run it.
        return Ok(());
    };
    if !has_sections {
        return if manifest.sections.is_none() { Ok(()) } else { Err(ManifestError::OtherText) };
    }
    let found = sections(text).map_err(|_| ManifestError::OtherText)?;
    let said = manifest.sections.as_ref().ok_or(ManifestError::OtherText)?;
    if said.upgrade() == found.upgrade && said.downgrade() == found.downgrade {
        return Ok(());
    }
    Err(ManifestError::OtherText)
}

/// The language of a component that carries a text, by its runtime.
fn language_of(manifest: &Manifest) -> Option<Language> {
    let runtime = manifest.runtime.as_deref()?;
    Language::ALL.into_iter().find(|language| language.is_run_by(runtime))
}

/// The metadata block of a text, or none for a runtime that this host does not have.
fn block_of(manifest: &Manifest, text: &str) -> Result<Option<Block>, ManifestError> {
    let Some(prefix) = language_of(manifest).and_then(Language::comment_prefix) else { return Ok(None) };
    let block = Block::find(text, prefix).ok().flatten().ok_or(ManifestError::OtherText)?;
    match block.metadata() {
        Ok(metadata) if metadata == manifest.metadata => Ok(Some(block)),
        _ => Err(ManifestError::OtherText),
    }
}
