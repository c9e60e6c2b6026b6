//! The packages that `[javascript] dependencies` lists, for the migrations of one build. They are fetched when the first migration
//! is built that imports one.

use std::cell::RefCell;
use std::rc::Rc;

use super::failure::Failure;
use super::failure::with_causes;
use super::folders;
use super::folders::Missing;
use super::settings::Settings;
use crate::project::Project;
use crate::toolchain::Bundle;
use crate::toolchain::JavaScriptPackages;
use crate::toolchain::JavaScriptPackagesError;
use crate::toolchain::PackageImport;
use crate::toolchain::PackageStep;
use crate::toolchain::ProcessEnvironment;
use crate::toolchain::WorkFolder;

/// Where and with what the packages of a project are bundled.
pub(super) struct PackageWork<'a> {
    settings: &'a Settings,
    packages: &'a JavaScriptPackages,
    environment: &'a ProcessEnvironment,
    folder: RefCell<Option<Rc<WorkFolder>>>,
}

impl<'a> PackageWork<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        packages: &'a JavaScriptPackages,
        environment: &'a ProcessEnvironment,
    ) -> Self {
        Self { settings, packages, environment, folder: RefCell::default() }
    }

    /// Bundles what a migration imports, and shows what takes time.
    pub(super) fn bundle(&self, imports: &[PackageImport]) -> Result<Bundle, JavaScriptPackagesError> {
        let work = self.folder()?;
        let report = self.settings.report();
        let mut status = report.status();
        self.packages.bundle(imports, &work, self.environment, &mut |step| {
            if step == PackageStep::Fetching && !report.is_json() {
                status.clear();
                let listed: Vec<String> = self.packages.listed().collect();
                report.progress(&format!("Fetching {} with npm", listed.join(", ")));
            }
            status.show(&step.to_string());
        })
    }

    /// The folder, in which no other build works until this one is done.
    fn folder(&self) -> Result<Rc<WorkFolder>, JavaScriptPackagesError> {
        let mut known = self.folder.borrow_mut();
        if let Some(known) = known.as_ref() {
            return Ok(Rc::clone(known));
        }
        let project = self.settings.project_folder().ok();
        let folder = folders::javascript(project.as_deref(), Missing::Make)
            .map_err(|no_folder| JavaScriptPackagesError::NoFolder(no_folder.reason()))?;
        let report = self.settings.report();
        let on_wait = || {
            if !report.is_json() {
                report.progress("Waiting for another host that bundles packages");
            }
        };
        let path = folder.path.clone();
        let folder = WorkFolder::take(folder.dir, folder.path, on_wait)
            .map_err(|source| JavaScriptPackagesError::Files { folder: path, source })?;
        Ok(Rc::clone(known.insert(Rc::new(folder))))
    }
}

/// The packages that a project lists, if it lists any.
pub(super) fn listed(project: &Project) -> Result<Option<JavaScriptPackages>, Failure> {
    JavaScriptPackages::new(project.config().javascript_dependencies())
        .map_err(|error| Failure::new("javascript-packages", with_causes(&error), error.hint()))
}
