//! The digest of a component that was built elsewhere: computed over what runs, whatever the component says about itself.

use super::Block;
use super::Digest;
use super::Embedded;
use super::EmbeddedError;
use super::embedded::Contents;
use super::embedded::read_contents;
use super::embedded::without_sections;
use crate::sql::sections;
use crate::toolchain::Language;

/// The digest of what a component runs. Where that is a text, it is the one of the file that it was made of; otherwise that of
/// the bytes without the sections of host, which the sandbox does not read.
///
/// # Errors
/// [`EmbeddedError::OtherText`] when a text does not say what the component says.
pub(super) fn digest_of_contents(bytes: &[u8], contents: &Contents) -> Result<Digest, EmbeddedError> {
    let runtime = contents.embedded.as_ref().filter(|embedded| embedded.runtime.is_some());
    match (runtime, &contents.source) {
        (Some(embedded), Some(range)) => {
            let text = bytes.get(range.clone()).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default();
            let Some(block) = block_of(embedded, text)? else { return Ok(Digest::of(bytes)) };
            Ok(Digest::of_text_source(text, &block.range))
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
/// [`EmbeddedError::OtherText`].
pub(super) fn check_text(embedded: &Embedded, text: &str) -> Result<(), EmbeddedError> {
    if block_of(embedded, text)?.is_none() {
        // A runtime of another host: this one will not run it.
        return Ok(());
    }
    let found = sections(text).map_err(|_| EmbeddedError::OtherText)?;
    let said = embedded.sections.as_ref().ok_or(EmbeddedError::OtherText)?;
    if said.upgrade() == found.upgrade && said.downgrade() == found.downgrade {
        return Ok(());
    }
    Err(EmbeddedError::OtherText)
}

/// The metadata block of a text, or none for a runtime that this host does not have.
fn block_of(embedded: &Embedded, text: &str) -> Result<Option<Block>, EmbeddedError> {
    let language = Language::ALL.into_iter().find(|language| language.runtime() == embedded.runtime.as_deref());
    let Some(prefix) = language.and_then(Language::comment_prefix) else { return Ok(None) };
    let block = Block::find(text, prefix).ok().flatten().ok_or(EmbeddedError::OtherText)?;
    match block.metadata() {
        Ok(metadata) if metadata == embedded.metadata => Ok(Some(block)),
        _ => Err(EmbeddedError::OtherText),
    }
}
