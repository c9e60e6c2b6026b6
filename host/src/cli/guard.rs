//! What may destroy data asks first: in a protected environment for its name, and where a database or a cluster goes for a yes.

use clap::Args;

use super::failure::Failure;
use super::report::terminal;
use super::report::terminal::Line;
use super::settings::Settings;
use super::target::Target;
use crate::config::Downgrade;
use crate::db::Location;
use crate::plan::PreparedPlan;
use crate::project::Project;
use crate::revision::RevisionId;

/// The kind of these failures.
const KIND: &str = "protected";

/// The consent of whoever wrote the command.
#[derive(Debug, Args)]
pub(super) struct Consent {
    /// Confirm for the protected environment NAME what may destroy data there
    #[arg(long, value_name = "NAME")]
    yes_on: Option<String>,
}

impl Consent {
    /// Whether there is one; [`check`] says whether it is for the right environment.
    pub(super) fn is_given(&self) -> bool {
        self.yes_on.is_some()
    }
}

/// Something that may destroy data.
#[derive(Clone, Copy)]
pub(super) enum Deed {
    Downgrade,
    Stamp,
    Repair,
    DropDatabase,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Downgrade => "a downgrade",
            Self::Stamp => "a stamp",
            Self::Repair => "a repair",
            Self::DropDatabase => "dropping the database",
        }
    }

    /// Whether it takes away what `downgrade = "never"` keeps.
    fn is_for_downgrades(self) -> bool {
        matches!(self, Self::Downgrade | Self::DropDatabase)
    }
}

/// A protected environment that has to be named before anything happens.
pub(super) struct Question {
    environment: String,
    database: String,
}

/// Whether a deed may go on, before anything is asked of the database: yes, or after an answer. Otherwise it is refused.
///
/// What is protected is the environment that was chosen, and the database of each environment that is protected, however this
/// command came to it.
pub(super) fn check(
    settings: &Settings,
    project: &Project,
    target: &Target,
    deed: Deed,
    consent: &Consent,
) -> Result<Option<Question>, Failure> {
    check_places(settings, project, &target.locations(), deed, consent)
}

/// The same for the development cluster, which is nowhere before it runs.
pub(super) fn check_cluster(
    settings: &Settings,
    project: &Project,
    deed: Deed,
    consent: &Consent,
) -> Result<Option<Question>, Failure> {
    check_places(settings, project, &[], deed, consent)
}

fn check_places(
    settings: &Settings,
    project: &Project,
    places: &[&Location],
    deed: Deed,
    consent: &Consent,
) -> Result<Option<Question>, Failure> {
    let chosen = &project.environment().name;
    let mut names = vec![chosen.clone()];
    names.extend(settings.environments_of(project, places)?.into_iter().filter(|name| name != chosen));
    let environments: Vec<_> = names.iter().filter_map(|name| project.config().environment(name).ok()).collect();
    let database = places.first().map_or_else(|| "the development cluster".to_owned(), ToString::to_string);
    let whose = |name: &str| match name == chosen {
        true => format!("environment {name}"),
        false => format!("environment {name}, whose database {database} is"),
    };
    if deed.is_for_downgrades()
        && let Some(never) = environments.iter().find(|environment| environment.downgrade == Downgrade::Never)
    {
        return Err(Failure::new(
            KIND,
            format!("{} is not allowed in {}", deed.name(), whose(&never.name)),
            "host.toml says downgrade = \"never\" there; write a migration that goes forward instead",
        ));
    }
    let protected = environments.iter().find(|environment| environment.protect);
    let expected = protected.map_or(chosen, |environment| &environment.name);
    match (&consent.yes_on, protected) {
        (Some(name), _) if name == expected => Ok(None),
        (Some(name), _) => Err(Failure::usage(
            format!("--yes-on {name} is for another environment: the database {database} is that of {expected}"),
            "check -e, --url and the variables, then name the environment that is meant",
        )),
        (None, None) => Ok(None),
        (None, Some(environment)) if settings.report().can_ask() => {
            Ok(Some(Question { environment: environment.name.clone(), database }))
        }
        (None, Some(environment)) => Err(Failure::new(
            KIND,
            format!("{} needs a confirmation in the protected {}", deed.name(), whose(&environment.name)),
            format!("add --yes-on {} if that is the database that is meant: {database}", environment.name),
        )),
    }
}

impl Question {
    /// The database in question.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// Shows what is at stake, and asks for the name of the environment.
    pub(super) fn ask(&self, settings: &Settings, stakes: Vec<Line>) -> Result<(), Failure> {
        ask(settings, stakes, &self.environment, &format!("the environment {} is protected", self.environment))
    }
}

/// Asks for a yes where nothing is protected and something goes for good. `--yes` stands for it.
pub(super) fn ask_for_yes(settings: &Settings, stakes: Vec<Line>, option_was_given: bool) -> Result<(), Failure> {
    if option_was_given {
        return Ok(());
    }
    if !settings.report().can_ask() {
        let what = stakes.first().map(Line::text).unwrap_or_default();
        return Err(Failure::new(
            "not-confirmed",
            format!("{what}, which needs a confirmation"),
            "add --yes if that is meant",
        ));
    }
    ask(settings, stakes, "yes", "this cannot be undone")
}

fn ask(settings: &Settings, stakes: Vec<Line>, expected: &str, why: &str) -> Result<(), Failure> {
    terminal::print_error(&stakes, false, settings.report().secrets());
    let answer = terminal::ask(&format!("{why}; type {expected} to go on: "), settings.report().secrets());
    if answer.as_deref() == Some(expected) {
        return Ok(());
    }
    Err(Failure::new(
        "not-confirmed",
        "not confirmed; nothing was changed",
        format!("type {expected} in full to go on"),
    ))
}

/// What a downgrade takes away, for whoever has to agree: its steps, and what the text of each one drops.
pub(super) fn downgrade_lines(project: &Project, plan: &PreparedPlan, database: &str) -> Vec<Line> {
    let count = u64::try_from(plan.steps.len()).unwrap_or(u64::MAX);
    let steps = super::report::text::count(count, "migration");
    let mut lines = vec![Line::new(format!("This downgrade takes back {steps} on {database}:"))];
    for step in &plan.steps {
        let message = if step.message.is_empty() { String::new() } else { format!(", {}", step.message) };
        lines.push(Line::indented(2, format!("{}{message}", step.revision)));
        lines.extend(taken_away(project, &step.revision).into_iter().map(|line| Line::indented(4, line)));
    }
    lines.extend(plan.notes.iter().map(|note| Line::new(format!("This downgrade {note}"))));
    lines
}

/// What the downgrade of one migration takes away, as far as its text shows.
fn taken_away(project: &Project, revision: &RevisionId) -> Vec<String> {
    let Some(component) = project.migration(revision).and_then(|migration| project.source().component(migration).ok())
    else {
        return vec!["it is not built, so what it drops is not known".to_owned()];
    };
    let range = component.manifest.sections.as_ref().map(|sections| sections.downgrade().unwrap_or_default());
    let (Some(source), Some(range)) = (component.source(), range) else {
        return vec!["it is compiled, so what it drops is not shown".to_owned()];
    };
    let dropped = crate::sql::dropped(source.get(range).unwrap_or_default());
    if dropped.is_empty() {
        return vec!["its text drops nothing by name".to_owned()];
    }
    dropped.into_iter().map(|object| format!("drops {object}")).collect()
}
