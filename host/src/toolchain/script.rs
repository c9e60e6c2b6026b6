//! A language without a compiler: a component without code, which carries its source and names the runtime that runs it.

use std::fmt;

use super::Builder;
use super::Bundle;
use super::OnEvent;
use super::Support;
use super::ToolchainError;
use super::embed_with_packages;
use super::javascript_packages;
use super::manifest;
use crate::digest::Digest;
use crate::language::Language;
use crate::source_problem::SourceProblem;
use crate::store::Migration;

pub(super) const SUPPORT: Support = Support { build, write_sdk: None, tool: None };

/// A source that a language runtime is about to look at.
#[derive(Debug, Clone, Copy)]
pub struct ScriptSource<'a> {
    /// The name of the runtime.
    pub runtime: &'a str,
    /// Its digest.
    pub digest: &'a Digest,
    /// The file, for messages.
    pub file: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Looks for mistakes in a source without running it, as the runtime's `check` does.
#[derive(Clone, Copy)]
pub struct CheckSource<'a>(pub &'a dyn Fn(ScriptSource<'_>) -> Result<(), SourceProblem>);

impl fmt::Debug for CheckSource<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CheckSource")
    }
}

fn build(builder: &mut Builder<'_>, migration: &Migration, _: OnEvent<'_>) -> Result<Vec<u8>, ToolchainError> {
    let source = builder.store.text_source(migration)?;
    check_decided(migration.language, &migration.file, &source.text)?;
    component(builder, migration, &source.text, None)
}

/// The component that carries a text and the packages that it imports, after the runtime looked at them.
pub(super) fn component(
    builder: &Builder<'_>,
    migration: &Migration,
    text: &str,
    bundle: Option<&Bundle>,
) -> Result<Vec<u8>, ToolchainError> {
    let mut manifest = manifest(migration, &builder.options);
    manifest.packages = bundle.map(|bundle| bundle.packages.clone()).unwrap_or_default();
    let runtime = super::runtime(migration.language, &builder.options).unwrap_or_default();
    let Some(digest) = &manifest.runtime_digest else {
        return Err(super::no_runtime(migration.language));
    };
    if let Some(CheckSource(check)) = builder.options.check_source {
        let file = migration.file.as_str();
        let look = |text: &str| check(ScriptSource { runtime, digest, file, text });
        let checked = match bundle {
            None => look(text),
            Some(bundle) => look(&format!("{}{text}", bundle.modules)).map_err(|problem| {
                // A runtime from before there were packages finds a mistake in everything that has some.
                match look(&javascript_packages::probe()) {
                    Err(SourceProblem::Mistake(_)) => SourceProblem::Unchecked {
                        reason: format!("the runtime {runtime} {digest:.12} knows no packages"),
                        hint: super::no_runtime(migration.language).hint().unwrap_or_default(),
                    },
                    _ => problem,
                }
            }),
        };
        checked.map_err(|problem| ToolchainError::Source { file: file.to_owned(), problem })?;
    }
    let mut component = wasm_encoder::Component::new().finish();
    embed_with_packages(&mut component, &manifest, Some(text), bundle.map(|bundle| bundle.modules.as_str()))?;
    Ok(component)
}

/// Refuses a text that still has the placeholder of a new migration's downgrade: it would count as done and undo nothing.
///
/// # Errors
/// [`ToolchainError::Undecided`].
pub(super) fn check_decided(language: Language, file: &str, text: &str) -> Result<(), ToolchainError> {
    let Some(template) = &language.profile().template else { return Ok(()) };
    let placeholder = template.undecided.lines().map(str::trim).find(|line| !line.is_empty());
    let found = text.lines().position(|line| placeholder.is_some_and(|placeholder| line.trim() == placeholder));
    match found {
        Some(index) => Err(ToolchainError::Undecided {
            language,
            file: file.to_owned(),
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
        }),
        None => Ok(()),
    }
}
