//! Lets language runtimes look at the sources that a build is about to put into components.

use std::cell::RefCell;

use super::settings::Settings;
use crate::config::Limits;
use crate::execute::ScriptChecker;
use crate::project::Project;
use crate::runtime::Source;
use crate::source_problem::SourceProblem;
use crate::toolchain::ScriptSource;

/// The checks of one build. A sandbox is only made when there is something to look at.
pub(super) struct SourceChecks<'a> {
    settings: &'a Settings,
    limits: Limits,
    checker: RefCell<Option<ScriptChecker>>,
}

impl<'a> SourceChecks<'a> {
    pub(super) fn new(settings: &'a Settings, project: &Project) -> Self {
        Self { settings, limits: project.environment().limits.clone(), checker: RefCell::default() }
    }

    /// Looks at one source.
    pub(super) fn check(&self, script: ScriptSource<'_>) -> Result<(), SourceProblem> {
        let mut checker = self.checker.borrow_mut();
        if checker.is_none() {
            let compiler = super::worker::compiler(self.settings).map_err(|failure| SourceProblem::Unchecked {
                reason: failure.message().to_string(),
                hint: failure.hint().map(|hint| hint.to_string()).unwrap_or_default(),
            })?;
            *checker = Some(ScriptChecker::new(compiler, &self.limits));
        }
        let Some(checker) = checker.as_mut() else { return Ok(()) };
        let source = Source { file: script.file.to_owned(), text: script.text.to_owned() };
        checker.check(script.runtime, script.digest, &source)
    }
}
