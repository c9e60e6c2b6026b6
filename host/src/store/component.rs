//! The components that were built, and whether they are what they say.
//!
//! A component in the build folder may have come with the project. So what it says about itself only tells whether it is up
//! to date; what it was made of is looked at: a text is compared with its file, a component with the one that it was made
//! of, and what a compiler made has to carry the seal of this user.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use sha2::Digest as _;
use sha2::Sha256;

use super::BUILD_FOLDER;
use super::Manifest;
use super::ManifestError;
use super::Migration;
use super::Store;
use super::StoreError;
use super::files;
use super::key::BuildSeal;
use super::key::Key;
use super::manifest::Contents;
use super::manifest::MANIFEST_SECTION;
use super::manifest::read_contents;
use super::manifest::without_sections;
use super::prebuilt::check_sections;
use super::prebuilt::check_text;
use super::prebuilt::digest_of_contents;
use super::prebuilt::digest_of_prebuilt;
use super::read::is_component_file;
use crate::digest::Digest;
use crate::language::Language;
use crate::language::Source;
use crate::revision::RevisionId;

/// The longest file of a seal, in bytes.
const SEAL_BYTES_MAX: u64 = 128;

/// A component that is up to date with the migration it was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The component.
    pub bytes: Vec<u8>,
    /// The digest of these bytes.
    pub digest: Digest,
    /// The digest of [`Component::code`].
    pub code_digest: Digest,
    /// What it says about the migration.
    pub manifest: Manifest,
    source: Option<Range<usize>>,
    packages: Option<Range<usize>>,
    sections: Vec<Range<usize>>,
}

/// The same before it is digested.
struct Fresh {
    bytes: Vec<u8>,
    manifest: Manifest,
    source: Option<Range<usize>>,
    packages: Option<Range<usize>>,
    sections: Vec<Range<usize>>,
    /// The digests of a component, and of what of it is compiled, once somebody needed them: it may be large.
    digests: OnceCell<(Digest, Digest)>,
}

/// The component of a migration that is that component itself.
///
/// # Errors
/// [`StoreError::Changed`] when it is another one than was listed, [`StoreError::Corrupt`].
pub(super) fn prebuilt_component(bytes: Vec<u8>, migration: &Migration) -> Result<Component, StoreError> {
    Fresh::prebuilt(bytes, migration).map(Fresh::digested)
}

impl Fresh {
    fn prebuilt(bytes: Vec<u8>, migration: &Migration) -> Result<Self, StoreError> {
        let corrupt = |source| StoreError::Corrupt { file: migration.file.clone(), source };
        let contents = read_contents(&bytes).map_err(corrupt)?;
        let now = digest_of_contents(&bytes, &contents).map_err(corrupt)?;
        let Contents { manifest, source, packages, sections } = contents;
        let manifest = manifest.ok_or_else(|| corrupt(ManifestError::Missing { section: MANIFEST_SECTION }))?;
        if now != migration.source_digest || manifest.metadata != migration.metadata {
            return Err(StoreError::Changed { file: migration.file.clone() });
        }
        let fresh = Self { bytes, manifest, source, packages, sections, digests: OnceCell::new() };
        if let Some(text) = fresh.script() {
            check_text(&fresh.manifest, text).map_err(corrupt)?;
        }
        Ok(fresh)
    }

    fn digests(&self) -> (Digest, Digest) {
        *self.digests.get_or_init(|| Digest::of_component(&self.bytes, &self.sections))
    }

    fn digested(self) -> Component {
        let (digest, code_digest) = self.digests();
        let Self { bytes, manifest, source, packages, sections, .. } = self;
        Component { digest, code_digest, bytes, manifest, source, packages, sections }
    }

    /// What a runtime would run, if it is one's.
    fn script(&self) -> Option<&str> {
        self.manifest.runtime.as_ref()?;
        str::from_utf8(self.bytes.get(self.source.clone()?)?).ok()
    }

    fn seal<'a>(&'a self, revision: &'a RevisionId, component: &'a Digest) -> BuildSeal<'a> {
        let Manifest { source_digest, lock_digest, .. } = &self.manifest;
        BuildSeal { revision, source: source_digest, lock: lock_digest.as_ref(), component }
    }
}

impl Component {
    /// The source of a migration in a language without a compiler.
    pub fn source(&self) -> Option<&str> {
        str::from_utf8(self.bytes.get(self.source.clone()?)?).ok()
    }

    /// The packages that the source imports, as the runtime takes them before it.
    pub fn packages(&self) -> Option<&str> {
        str::from_utf8(self.bytes.get(self.packages.clone()?)?).ok()
    }

    /// Its bytes without the sections of host, which is what is compiled: the same for all migrations that are one component,
    /// whatever their metadata say.
    pub fn code(&self) -> Cow<'_, [u8]> {
        let mut kept = kept(&self.bytes, &self.sections).filter(|part| !part.is_empty());
        match (kept.next(), kept.next()) {
            (first, None) => Cow::Borrowed(first.unwrap_or_default()),
            (Some(first), Some(second)) => {
                Cow::Owned([first, second].into_iter().chain(kept).flatten().copied().collect())
            }
            (None, Some(second)) => Cow::Borrowed(second),
        }
    }
}

impl Digest {
    /// The digest of a component, and that of what is left of it without some of its sections. Where these stand at its end,
    /// as the build puts them, no byte is digested twice.
    fn of_component(component: &[u8], sections: &[Range<usize>]) -> (Self, Self) {
        let mut parts = kept(component, sections);
        let mut whole = Sha256::new();
        let shared = parts.next().unwrap_or_default();
        whole.update(shared);
        let mut code = whole.clone();
        whole.update(&component[shared.len()..]);
        parts.for_each(|part| code.update(part));
        (Self::from_bytes(whole.finalize().into()), Self::from_bytes(code.finalize().into()))
    }
}

/// The parts of a component between sections, which do not overlap: before the first one, and behind each of them.
fn kept<'a>(component: &'a [u8], sections: &'a [Range<usize>]) -> impl Iterator<Item = &'a [u8]> {
    let starts = std::iter::once(0).chain(sections.iter().map(|section| section.end));
    let ends = sections.iter().map(|section| section.start).chain([component.len()]);
    starts.zip(ends).map(|(start, end)| &component[start..end])
}

impl Store {
    /// The component of a migration.
    ///
    /// # Errors
    /// [`StoreError::NotBuilt`], [`StoreError::Stale`] when source or metadata changed since it was built,
    /// [`StoreError::OtherSource`] when it was made of something else, [`StoreError::NotBuiltHere`] when nothing shows what it
    /// was made of, [`StoreError::Corrupt`], [`StoreError::Changed`], and those of reading it and its source.
    pub fn component(&self, migration: &Migration) -> Result<Component, StoreError> {
        self.fresh_component(migration).map(Fresh::digested)
    }

    /// Whether [`Store::component`] would find a component that is up to date. Reads it and its source.
    ///
    /// # Errors
    /// Those of reading it. A component that is missing, out of date, broken or from elsewhere is just not built.
    pub fn is_built(&self, migration: &Migration) -> Result<bool, StoreError> {
        Ok(self.built_manifest(migration)?.is_some())
    }

    /// What the component that is up to date says about itself; none where [`Store::is_built`] says no.
    ///
    /// # Errors
    /// As [`Store::is_built`].
    pub fn built_manifest(&self, migration: &Migration) -> Result<Option<Manifest>, StoreError> {
        match self.fresh_component(migration) {
            Ok(fresh) => Ok(Some(fresh.manifest)),
            Err(error) if error.is_outdated() => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The text in the build folder that a migration was made of when its source had this digest. The folder is not believed:
    /// the digest of the text is.
    pub(super) fn built_text(&self, migration: &Migration, digest: &Digest) -> Option<String> {
        let path = built_path(&migration.metadata.revision);
        let bytes = files::read_at_most(&self.root, &path, self.component_bytes_max).ok()?;
        let contents = read_contents(&bytes).ok()?;
        if digest_of_contents(&bytes, &contents).ok()? != *digest {
            return None;
        }
        let text = str::from_utf8(bytes.get(contents.source?)?).ok()?;
        match migration.language.profile().source {
            Source::Foreign { .. } => crate::alembic::Document::source_of(text).map(|(_, text)| text),
            _ => Some(text.to_owned()),
        }
    }

    /// Where the component of a migration is, relative to the project's folder.
    pub fn component_path(&self, migration: &Migration) -> String {
        // A prebuilt component that carries its metadata is used where it is.
        if migration.language == Language::Wasm && is_component_file(&migration.file) {
            migration.file.clone()
        } else {
            built_path(&migration.metadata.revision)
        }
    }

    fn fresh_component(&self, migration: &Migration) -> Result<Fresh, StoreError> {
        let (revision, file) = (migration.metadata.revision.clone(), migration.file.clone());
        let path = self.component_path(migration);
        let bytes = match files::read_at_most(&self.root, &path, self.component_bytes_max) {
            Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::NotBuilt { revision, file });
            }
            read => read?,
        };
        if path == migration.file {
            return Fresh::prebuilt(bytes, migration);
        }
        let corrupt = |source| StoreError::Corrupt { file: path.clone(), source };
        let contents = read_contents(&bytes).map_err(corrupt)?;
        let Contents { manifest, source, packages, sections } = contents;
        let manifest = manifest.ok_or_else(|| corrupt(ManifestError::Missing { section: MANIFEST_SECTION }))?;
        // Without a lock file, cargo writes one during the build.
        let same_lock = migration.lock_digest.is_none() || manifest.lock_digest == migration.lock_digest;
        if manifest.metadata != migration.metadata || manifest.source_digest != migration.source_digest || !same_lock {
            return Err(StoreError::Stale { revision, file });
        }
        let fresh = Fresh { bytes, manifest, source, packages, sections, digests: OnceCell::new() };
        self.check_origin(migration, &path, &fresh)?;
        Ok(fresh)
    }

    /// Whether a component in the build folder was made of the source as it is now.
    fn check_origin(&self, migration: &Migration, path: &str, fresh: &Fresh) -> Result<(), StoreError> {
        let other = || StoreError::OtherSource {
            revision: migration.metadata.revision.clone(),
            component: path.to_owned(),
            file: migration.file.clone(),
        };
        let changed = || StoreError::Changed { file: migration.file.clone() };
        let runs = match fresh.manifest.runtime.as_deref() {
            Some(runtime) => migration.language.is_run_by(runtime),
            None => migration.language.runtime().is_none(),
        };
        if !runs {
            return Err(other());
        }
        match migration.language.profile().source {
            Source::Text { translated: false, .. } => {
                // The text has the metadata that were listed, and so has the component.
                let source = self.text_source(migration)?;
                let same =
                    fresh.script() == Some(&source.text) && check_sections(&fresh.manifest, &source.text).is_ok();
                match (same, &fresh.packages) {
                    (false, _) => Err(other()),
                    (true, None) => Ok(()),
                    // What a bundler made of packages, only a seal can vouch for.
                    (true, Some(_)) => self.check_seal(migration, path, fresh),
                }
            }
            Source::Foreign { .. } => {
                let same = fresh.script() == Some(&self.alembic_document(migration)?);
                if same { Ok(()) } else { Err(other()) }
            }
            Source::Component => {
                let (_, prebuilt) = self.prebuilt(migration)?;
                if digest_of_prebuilt(&prebuilt) != migration.source_digest {
                    return Err(changed());
                }
                // A core module is made a component by an encoder, whose work only a seal can vouch for.
                let Ok(expected) = without_sections(&prebuilt) else { return self.check_seal(migration, path, fresh) };
                let found = without_sections(&fresh.bytes);
                if found.is_ok_and(|found| found == expected) { Ok(()) } else { Err(other()) }
            }
            Source::Text { translated: true, .. } | Source::Folder { .. } | Source::Command { .. } => {
                let now = self.reread(migration)?;
                if now.source_digest != migration.source_digest || now.metadata != migration.metadata {
                    return Err(changed());
                }
                self.check_seal(migration, path, fresh)
            }
        }
    }

    fn check_seal(&self, migration: &Migration, path: &str, fresh: &Fresh) -> Result<(), StoreError> {
        if self.trust.any {
            return Ok(());
        }
        let revision = &migration.metadata.revision;
        let seal = files::read_at_most(&self.root, &seal_path(revision), SEAL_BYTES_MAX);
        let seal = seal.ok().and_then(|seal| String::from_utf8(seal).ok()).unwrap_or_default();
        let (component, _) = fresh.digests();
        let sealed =
            self.trust.key.as_ref().is_some_and(|key| fresh.seal(revision, &component).is(key, seal.trim_end()));
        if sealed {
            return Ok(());
        }
        Err(StoreError::NotBuiltHere {
            revision: revision.clone(),
            component: path.to_owned(),
            file: migration.file.clone(),
            key: self.trust.key.is_some(),
        })
    }
}

/// The seal of a component that is about to be written, if it is one that needs a seal and there is a key.
pub(super) fn seal_of(key: Option<&Key>, revision: &RevisionId, component: &[u8]) -> Option<String> {
    let Contents { manifest, source, packages, .. } = read_contents(component).ok()?;
    let (sections, digests) = (Vec::new(), OnceCell::new());
    let fresh = Fresh { bytes: Vec::new(), manifest: manifest?, source, packages, sections, digests };
    let is_its_source = fresh.manifest.runtime.is_some() && !fresh.manifest.language.is_translated();
    if is_its_source && fresh.packages.is_none() {
        return None;
    }
    Some(fresh.seal(revision, &Digest::of(component)).of(key?))
}

pub(super) fn built_path(revision: &RevisionId) -> String {
    format!("{BUILD_FOLDER}/{revision}.wasm")
}

fn seal_path(revision: &RevisionId) -> String {
    format!("{BUILD_FOLDER}/{}", seal_name(revision))
}

pub(super) fn seal_name(revision: &RevisionId) -> String {
    format!("{revision}.seal")
}
