//! Each migration up, down and up again on a shadow: what it takes back must be what it did.
//!
//! Tables get rows on the way (`rows`), because much that works on empty tables does not work on filled ones. A row that was made up
//! may be refused by a migration that would never meet such a one; then the step is tried without, and that is a note.

use std::collections::BTreeMap;

use host_schema::Catalog;
use host_schema::ReadOptions;
use host_schema::load::Text;
use host_schema::prove::differences;
use host_schema::seed::Counts;

use super::error::SchemaError;
use super::error::with_causes;
use super::migrations;
use super::rows;
use super::shadows::Shadows;
use crate::execute::Options;
use crate::execute::RunError;
use crate::execute::Runner;
use crate::execute::Silent;
use crate::plan::Direction;
use crate::project::Project;
use crate::revision::RevisionId;
use crate::sql::classify;
use crate::sql::split;

/// How many differences of one migration are told.
const TOLD_MAX: usize = 10;

/// What came of one migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The revision.
    pub revision: RevisionId,
    /// Its file.
    pub file: String,
    /// What is wrong, a line each; nothing where it went up, down and up.
    pub problems: Vec<String>,
    /// What a reader should know, a line each.
    pub notes: Vec<String>,
    /// Whether it cannot be taken back, as it says itself.
    pub irreversible: bool,
}

/// What is verified, and with what.
pub struct Verification<'a> {
    /// The project.
    pub project: &'a Project,
    /// How migrations run.
    pub options: &'a Options,
    /// How schemas are read.
    pub read: &'a ReadOptions,
    /// Statements that bring rows, by the revision after which they run.
    pub seeds: &'a BTreeMap<RevisionId, Text>,
}

/// Tries revisions in their order; those that they need are only applied. Each is told to `told` when it is done. Ends with
/// the first that cannot be applied, because no other can be then.
///
/// # Errors
/// [`SchemaError`] where the shadow is lost; what a migration does wrong is none.
pub async fn verify(
    shadows: &mut Shadows,
    verification: &Verification<'_>,
    revisions: &[RevisionId],
    told: &mut dyn FnMut(&Verified),
) -> Result<(), SchemaError> {
    let graph = verification.project.graph();
    let needed = graph.implied(revisions);
    let order: Vec<RevisionId> = graph
        .topological()
        .into_iter()
        .filter(|revision| needed.contains(&revision.id))
        .map(|revision| revision.id.clone())
        .collect();
    let database = shadows.empty().await?;
    let runner = migrations::runner(shadows, verification.project, &database, verification.options).await?;
    let mut trial = Trial {
        shadows,
        verification,
        database,
        runner,
        made_up: Vec::new(),
        taken_back: Vec::new(),
        applied: Vec::new(),
    };
    for revision in order {
        let goes_on = if revisions.contains(&revision) {
            let verified = trial.revision(&revision).await?;
            told(&verified);
            trial.applied.contains(&revision)
        } else {
            match trial.step(Direction::Upgrade, &revision).await? {
                Ok(_) => true,
                Err(error) => return Err(error.into()),
            }
        };
        if !goes_on {
            break;
        }
    }
    let Trial { runner, database, .. } = trial;
    runner.close().await;
    shadows.drop(&database).await
}

/// The shadow on which migrations are tried.
struct Trial<'a> {
    shadows: &'a Shadows,
    verification: &'a Verification<'a>,
    database: String,
    runner: Runner<'a>,
    /// The tables in which there are only rows that were made up.
    made_up: Vec<String>,
    /// Those of which they were taken back since the rows were counted.
    taken_back: Vec<String>,
    applied: Vec<RevisionId>,
}

impl Trial<'_> {
    async fn revision(&mut self, revision: &RevisionId) -> Result<Verified, SchemaError> {
        let migration = self.verification.project.migration(revision);
        let mut verified = Verified {
            revision: revision.clone(),
            file: migration.map(|migration| migration.file.clone()).unwrap_or_default(),
            problems: Vec::new(),
            notes: Vec::new(),
            irreversible: false,
        };
        let before = self.state().await?;
        let filled = self.fill().await?;
        if self.went(&mut verified, Direction::Upgrade, revision).await? {
            let after = self.state().await?;
            self.count(&mut verified, Direction::Upgrade, &filled).await?;
            self.there_and_back(&mut verified, revision, &before, &after).await?;
        }
        if let Some(seeds) = self.verification.seeds.get(revision).filter(|_| self.applied.contains(revision))
            && let Err(error) = rows::run(self.shadows, &self.database, seeds).await
        {
            verified.problems.push(format!("the rows of seeds/ cannot be loaded: {error}"));
        }
        Ok(verified)
    }

    /// Down and up again, from where it went up.
    async fn there_and_back(
        &mut self,
        verified: &mut Verified,
        revision: &RevisionId,
        before: &Catalog,
        after: &Catalog,
    ) -> Result<(), SchemaError> {
        let filled = self.fill().await?;
        if !self.went(verified, Direction::Downgrade, revision).await? {
            return Ok(());
        }
        self.compare(verified, "after the downgrade", before).await?;
        self.count(verified, Direction::Downgrade, &filled).await?;
        let filled = self.fill().await?;
        if !self.went(verified, Direction::Upgrade, revision).await? {
            return Ok(());
        }
        self.compare(verified, "after the second upgrade", after).await?;
        self.count(verified, Direction::Upgrade, &filled).await
    }

    /// Whether the step could be made, if need be without the rows that were made up.
    async fn went(
        &mut self,
        verified: &mut Verified,
        direction: Direction,
        revision: &RevisionId,
    ) -> Result<bool, SchemaError> {
        let name = direction.name();
        let error = match self.step(direction, revision).await? {
            Ok(steps) if steps == [revision.clone()] || steps.is_empty() => return Ok(true),
            Ok(steps) => {
                let others: Vec<_> = steps.iter().filter(|step| *step != revision).map(ToString::to_string).collect();
                verified.problems.push(format!("the {name} also ran {}", others.join(", ")));
                return Ok(false);
            }
            Err(error) => error,
        };
        if is_irreversible(&error) {
            verified.irreversible = true;
            return Ok(false);
        }
        if !self.made_up.is_empty() && self.take_rows_back().await? && self.step(direction, revision).await?.is_ok() {
            let note = format!("the {name} fails where tables have rows: {}", words(&error));
            if !verified.notes.contains(&note) {
                verified.notes.push(note);
            }
            return Ok(true);
        }
        verified.problems.push(format!("the {name} fails: {}", words(&error)));
        Ok(false)
    }

    /// Runs one step. Gives which revisions it ran.
    async fn step(
        &mut self,
        direction: Direction,
        revision: &RevisionId,
    ) -> Result<Result<Vec<RevisionId>, RunError>, SchemaError> {
        let target = match direction {
            Direction::Upgrade => revision.to_string(),
            Direction::Downgrade => self.below(revision),
        };
        let ran = self.runner.run(direction, &target, &mut Silent).await;
        Ok(ran.map(|report| {
            let steps: Vec<RevisionId> = report.plan.steps.iter().map(|step| step.revision.clone()).collect();
            self.applied.retain(|applied| !steps.contains(applied));
            if direction == Direction::Upgrade {
                self.applied.extend(steps.iter().cloned());
            }
            steps
        }))
    }

    /// The target of the downgrade that takes back this revision alone: one step down on its branch, so that no other branch goes with
    /// it. From a merge there are several ways down, which all take back the same.
    fn below(&self, revision: &RevisionId) -> String {
        let parents = self.verification.project.graph().get(revision.as_str()).map(|found| found.revises.clone());
        match parents.unwrap_or_default().as_slice() {
            [first, _, ..] => format!("{revision}@{first}"),
            _ => format!("{revision}@-1"),
        }
    }

    async fn state(&self) -> Result<Catalog, SchemaError> {
        self.shadows.read(&self.database, self.verification.read).await
    }

    async fn compare(&self, verified: &mut Verified, when: &str, wanted: &Catalog) -> Result<(), SchemaError> {
        // From what should be to what is: a line with a plus is there too much.
        let found = differences(wanted, &self.state().await?)?;
        let more = found.len().saturating_sub(TOLD_MAX);
        verified.problems.extend(found.into_iter().take(TOLD_MAX).map(|line| format!("{when}: {line}")));
        if more > 0 {
            verified.problems.push(format!("{when}: {more} more differences"));
        }
        Ok(())
    }

    /// Puts rows into empty tables, and gives how many each table has.
    async fn fill(&mut self) -> Result<Counts, SchemaError> {
        self.taken_back.clear();
        let own = &self.verification.read.own_tables;
        let before = rows::counts(self.shadows, &self.database, own).await?;
        let after = rows::fill(self.shadows, &self.database, own).await?;
        self.made_up.retain(|table| after.contains_key(table));
        let filled = after.iter().filter(|(table, count)| **count > 0 && before.get(*table) == Some(&0));
        for (table, _) in filled {
            if !self.made_up.contains(table) {
                self.made_up.push(table.clone());
            }
        }
        Ok(after)
    }

    /// Whether rows that were made up are gone now.
    async fn take_rows_back(&mut self) -> Result<bool, SchemaError> {
        self.taken_back = std::mem::take(&mut self.made_up);
        rows::empty(self.shadows, &self.database, &self.taken_back).await
    }

    /// Compares the number of rows with what it was.
    async fn count(&self, verified: &mut Verified, direction: Direction, before: &Counts) -> Result<(), SchemaError> {
        let after = rows::counts(self.shadows, &self.database, &self.verification.read.own_tables).await?;
        // A table that was made anew in between is another one.
        let mut before = before.clone();
        before.retain(|table, _| !self.taken_back.contains(table));
        let lost = rows::lost_rows(&before, &after);
        for line in lost {
            let text = format!("the {} loses rows of {line}", direction.name());
            let lines = if self.says_so(&verified.revision) { &mut verified.notes } else { &mut verified.problems };
            // The second upgrade does what the first one did, perhaps to another number of rows.
            let what = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
            if !lines.iter().any(|told| what(told) == what(&text)) {
                lines.push(text);
            }
        }
        Ok(())
    }

    /// Whether the text of a migration says that it removes rows, or cannot be read by host: then it is noted and no more.
    fn says_so(&self, revision: &RevisionId) -> bool {
        let project = self.verification.project;
        let component = project.migration(revision).and_then(|migration| project.source().component(migration).ok());
        let Some(component) = component.filter(|component| component.manifest.sections.is_some()) else { return true };
        let statements = component.source().map(split).and_then(Result::ok).unwrap_or_default();
        statements.iter().any(|statement| {
            let command = classify(statement.text).map(|needs| needs.command.to_string()).unwrap_or_default();
            let first = command.split(' ').next().unwrap_or_default();
            matches!(first, "DELETE" | "TRUNCATE" | "MERGE" | "DO" | "CALL" | "WITH")
        })
    }
}

fn is_irreversible(error: &RunError) -> bool {
    let problems = error.problems();
    error.kind() == "irreversible"
        || (!problems.is_empty() && problems.iter().all(|problem| problem.kind() == "irreversible"))
}

/// What the error says, in one line, with what the server said.
fn words(error: &RunError) -> String {
    with_causes(error).split_whitespace().collect::<Vec<_>>().join(" ")
}
