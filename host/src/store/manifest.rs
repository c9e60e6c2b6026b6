//! What a built component says about the migration in it, in custom sections, so that no guest code has to run for it.

use std::ops::Range;

use serde::Deserialize;
use serde::Serialize;
use wasm_encoder::ComponentSection as _;
use wasm_encoder::CustomSection;
use wasmparser::Chunk;
use wasmparser::Encoding;
use wasmparser::Parser;
use wasmparser::Payload;

use super::Metadata;
use super::short;
use crate::digest::Digest;
use crate::language::Language;

/// The custom section that holds a [`Manifest`] as JSON.
pub const MANIFEST_SECTION: &str = "host:migration";

/// The custom section that holds the source of a migration in a language without a compiler.
pub const SOURCE_SECTION: &str = "host:source";

/// The custom section that holds the packages that such a source imports, as its runtime takes them: text, which stands before the
/// source when it runs.
pub const PACKAGES_SECTION: &str = "host:packages";

/// The version of [`Manifest`] that this host writes and reads.
pub const MANIFEST_FORMAT: u32 = 1;

/// The largest [`MANIFEST_SECTION`], in bytes: far more than metadata needs, far less than would hurt.
pub const MANIFEST_BYTES_MAX: usize = 1024 * 1024;

/// What a component carries besides its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// The version of this format, [`MANIFEST_FORMAT`].
    pub format: u32,
    /// What the migration says about itself.
    pub metadata: Metadata,
    /// The digest of its source, without the metadata.
    pub source_digest: Digest,
    /// The digest of the lock file that it was built with, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_digest: Option<Digest>,
    /// What it was written in.
    pub language: Language,
    /// The file or folder it was built from, relative to the project's folder.
    #[serde(deserialize_with = "short::name")]
    pub file: String,
    /// The runtime that runs the source in [`SOURCE_SECTION`] (`sql`), or none when the component itself exports the
    /// migration.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "short::optional_name")]
    pub runtime: Option<String>,
    /// The digest of the component of that runtime for which it was built. None for any of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_digest: Option<Digest>,
    /// Where in the source the two directions are, for a runtime that needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sections: Option<ScriptSections>,
    /// The packages that the source imports, with their versions; what they are is in [`PACKAGES_SECTION`].
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "short::names")]
    pub packages: Vec<String>,
    /// The version of the host that built it.
    #[serde(deserialize_with = "short::name")]
    pub built_with: String,
}

/// Where in a source its two directions are, in bytes: first and one past the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptSections {
    /// The upgrade.
    pub upgrade: [usize; 2],
    /// The downgrade, or none if there is no way back.
    pub downgrade: Option<[usize; 2]>,
}

/// Why a `.wasm` file is not a component with a migration.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is WebAssembly, but a core module.
    #[error("it is a core module, not a component")]
    CoreModule,
    /// It is not WebAssembly at all.
    #[error("it is not WebAssembly")]
    NotWasm,
    /// It breaks off, or is WebAssembly of a kind that this host does not know.
    #[error("byte {offset}: {message}")]
    Invalid {
        /// Where.
        offset: usize,
        /// What the parser said.
        message: String,
    },
    /// A section is there twice.
    #[error("it has several sections '{section}'")]
    Repeated {
        /// Its name.
        section: &'static str,
    },
    /// A section that has to be there is not.
    #[error("it has no section '{section}'")]
    Missing {
        /// Its name.
        section: &'static str,
    },
    /// The metadata section is too large.
    #[error("its section '{MANIFEST_SECTION}' has {bytes} bytes, more than {MANIFEST_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Another version of this format.
    #[error("its section '{MANIFEST_SECTION}' has format {format}, not {MANIFEST_FORMAT}")]
    Format {
        /// The format.
        format: u32,
    },
    /// The metadata section is not what it should be.
    #[error("its section '{MANIFEST_SECTION}' cannot be read")]
    Json(#[source] serde_json::Error),
    /// The source is not UTF-8, or a direction lies outside of it.
    #[error("its sections '{MANIFEST_SECTION}' and '{SOURCE_SECTION}' do not fit together")]
    Source,
    /// The packages are not UTF-8, or there is no source in JavaScript that imports them.
    #[error("its section '{PACKAGES_SECTION}' cannot be read")]
    Packages,
    /// The text says something else than the metadata section does.
    #[error("its section '{MANIFEST_SECTION}' says something else than the text in '{SOURCE_SECTION}'")]
    OtherText,
}

/// The sections of one component.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) manifest: Option<Manifest>,
    /// The bytes of the source: UTF-8, with both directions inside.
    pub(super) source: Option<Range<usize>>,
    /// The bytes of the packages: UTF-8, and only beside a source in JavaScript.
    pub(super) packages: Option<Range<usize>>,
    /// Where these sections are as a whole, first one first.
    pub(super) sections: Vec<Range<usize>>,
}

impl ManifestError {
    /// What the user should do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::CoreModule => {
                "make it a component with `wasm-tools component new`, or put its source into a folder and run `host build`"
            }
            Self::Format { .. } => "run `host build` with this version of host",
            Self::TooLarge { .. } => "shorten its metadata, then build it again",
            _ => "build it again",
        }
        .to_owned())
    }
}

impl ScriptSections {
    /// The bytes of the upgrade.
    pub fn upgrade(&self) -> Range<usize> {
        self.upgrade[0]..self.upgrade[1]
    }

    /// The bytes of the downgrade.
    pub fn downgrade(&self) -> Option<Range<usize>> {
        self.downgrade.map(|[start, end]| start..end)
    }
}

/// Appends what a component should carry to its bytes.
///
/// # Errors
/// [`ManifestError::TooLarge`], as a reader would say, and [`ManifestError::Json`], which is not known to happen.
pub fn add_manifest(component: &mut Vec<u8>, manifest: &Manifest, source: Option<&str>) -> Result<(), ManifestError> {
    let json = serde_json::to_vec(manifest).map_err(ManifestError::Json)?;
    if json.len() > MANIFEST_BYTES_MAX {
        return Err(ManifestError::TooLarge { bytes: json.len() });
    }
    let mut append = |name: &str, data: &[u8]| {
        CustomSection { name: name.into(), data: data.into() }.append_to_component(component);
    };
    append(MANIFEST_SECTION, &json);
    if let Some(source) = source {
        append(SOURCE_SECTION, source.as_bytes());
    }
    Ok(())
}

/// Appends the packages that the source of a component imports.
pub fn add_packages(component: &mut Vec<u8>, packages: &str) {
    CustomSection { name: PACKAGES_SECTION.into(), data: packages.as_bytes().into() }.append_to_component(component);
}

/// What a component says about the migration in it, or none if it says nothing. Looks only at the sections at the top;
/// whether the code in it is valid is for the runtime to find out.
///
/// # Errors
/// [`ManifestError`] when it is no component, or what it says cannot be read.
pub fn read_manifest(component: &[u8]) -> Result<Option<Manifest>, ManifestError> {
    Ok(read_contents(component)?.manifest)
}

/// The source that a component carries, or none if it carries none.
///
/// # Errors
/// As [`read_manifest`].
pub fn read_source(component: &[u8]) -> Result<Option<&str>, ManifestError> {
    let range = read_contents(component)?.source;
    Ok(range.and_then(|range| component.get(range)).and_then(|bytes| str::from_utf8(bytes).ok()))
}

/// The component without the sections of an earlier build.
///
/// # Errors
/// As [`read_manifest`].
pub fn without_sections(component: &[u8]) -> Result<Vec<u8>, ManifestError> {
    let mut rest = Vec::with_capacity(component.len());
    let mut copied = 0;
    custom_sections(component, |name, section, _| {
        if [MANIFEST_SECTION, SOURCE_SECTION, PACKAGES_SECTION].contains(&name) {
            rest.extend_from_slice(&component[copied..section.start]);
            copied = section.end;
        }
        Ok(())
    })?;
    rest.extend_from_slice(&component[copied..]);
    Ok(rest)
}

pub(super) fn read_contents(component: &[u8]) -> Result<Contents, ManifestError> {
    let (mut json, mut source, mut packages) = (None, None, None);
    let mut sections = Vec::new();
    custom_sections(component, |name, whole, data| {
        let (section, place) = match name {
            MANIFEST_SECTION => (MANIFEST_SECTION, &mut json),
            SOURCE_SECTION => (SOURCE_SECTION, &mut source),
            PACKAGES_SECTION => (PACKAGES_SECTION, &mut packages),
            _ => return Ok(()),
        };
        sections.push(whole);
        match place.replace(data) {
            Some(_) => Err(ManifestError::Repeated { section }),
            None => Ok(()),
        }
    })?;
    let manifest = json.map(|range| parse(&component[range])).transpose()?;
    if let Some(manifest) = &manifest {
        check_source(manifest, source.clone().map(|range| &component[range]))?;
    }
    if let Some(range) = packages.clone() {
        // Before a source of any other language they would be a part of it.
        let runtime = manifest.as_ref().and_then(|manifest| manifest.runtime.as_deref());
        let fits = runtime.is_some() && runtime == Language::JavaScript.runtime();
        if !fits || str::from_utf8(&component[range]).is_err() {
            return Err(ManifestError::Packages);
        }
    }
    Ok(Contents { manifest, source, packages, sections })
}

fn parse(json: &[u8]) -> Result<Manifest, ManifestError> {
    // Read first and alone: the rest may be different in another format.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }

    if json.len() > MANIFEST_BYTES_MAX {
        return Err(ManifestError::TooLarge { bytes: json.len() });
    }
    // It quotes words that it does not know.
    let unreadable =
        |error: serde_json::Error| ManifestError::Json(serde::de::Error::custom(short::problem(error.to_string())));
    let Format { format } = serde_json::from_slice(json).map_err(unreadable)?;
    if format != MANIFEST_FORMAT {
        return Err(ManifestError::Format { format });
    }
    serde_json::from_slice(json).map_err(unreadable)
}

fn check_source(manifest: &Manifest, source: Option<&[u8]>) -> Result<(), ManifestError> {
    let source = match source {
        Some(source) => str::from_utf8(source).map_err(|_| ManifestError::Source)?,
        None if manifest.runtime.is_some() => return Err(ManifestError::Missing { section: SOURCE_SECTION }),
        None => "",
    };
    let Some(sections) = manifest.sections else { return Ok(()) };
    let fits = |range: Range<usize>| source.get(range).is_some();
    if fits(sections.upgrade()) && sections.downgrade().is_none_or(fits) { Ok(()) } else { Err(ManifestError::Source) }
}

/// Calls `visit` for each custom section at the top of a component: name, bytes of the whole section, bytes of its data.
fn custom_sections(
    component: &[u8],
    mut visit: impl FnMut(&str, Range<usize>, Range<usize>) -> Result<(), ManifestError>,
) -> Result<(), ManifestError> {
    let invalid = |error: wasmparser::BinaryReaderError| ManifestError::Invalid {
        offset: error.offset(),
        message: error.message().lines().map(str::trim).collect::<Vec<_>>().join(" "),
    };
    if !component.starts_with(b"\0asm") {
        return Err(ManifestError::NotWasm);
    }
    let mut parser = Parser::new(0);
    let mut offset = 0;
    loop {
        let rest = component.get(offset..).unwrap_or_default();
        let (consumed, payload) = match parser.parse(rest, true).map_err(invalid)? {
            Chunk::Parsed { consumed, payload } => (consumed, payload),
            Chunk::NeedMoreData(_) => return Err(truncated(offset)),
        };
        let start = offset;
        offset += consumed;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => return Err(ManifestError::CoreModule),
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                if unchecked_range.end > component.len() {
                    return Err(truncated(start));
                }
                offset = unchecked_range.end;
            }
            Payload::CustomSection(section) => {
                let data = section.data_offset();
                visit(section.name(), start..offset, data..data + section.data().len())?;
            }
            Payload::End(_) => return Ok(()),
            _ => {}
        }
    }
}

fn truncated(offset: usize) -> ManifestError {
    ManifestError::Invalid { offset, message: "the file ends inside a section".to_owned() }
}

#[cfg(test)]
mod tests;
