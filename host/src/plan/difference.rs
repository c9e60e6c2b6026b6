//! What is different between two prepared plans, in words that name it. Pure.

use std::collections::BTreeSet;
use std::fmt;

use super::prepared::PlanOptions;
use super::prepared::PlanSettings;
use super::prepared::PreparedPlan;
use super::prepared::PreparedRuntime;
use super::prepared::PreparedStep;
use super::prepared::UnfinishedStep;
use crate::revision::RevisionId;

/// One thing that is different from what a plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDifference {
    /// What it is, such as `component of a1b2`.
    pub what: String,
    /// What the plan says.
    pub planned: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for PlanDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, planned, found } = self;
        write!(formatter, "{what}: {planned} in the plan, {found} now")
    }
}

/// Collects what is different.
#[derive(Default)]
struct Differences(Vec<PlanDifference>);

impl Differences {
    fn compare<T: PartialEq>(&mut self, what: impl fmt::Display, planned: &T, found: &T, shown: impl Fn(&T) -> String) {
        if planned != found {
            self.0.push(PlanDifference { what: what.to_string(), planned: shown(planned), found: shown(found) });
        }
    }
}

impl PreparedPlan {
    /// All that is different in `now`, which was made anew. The version of the host, the notes, the problems and messages do not count:
    /// they change nothing.
    pub fn differences(&self, now: &Self) -> Vec<PlanDifference> {
        // Taken apart, so that a field that is added has to be thought of here.
        let Self {
            format: _,
            host_version: _,
            direction,
            target,
            heads_before,
            heads_after,
            steps,
            notes: _,
            problems: _,
            unfinished,
            options,
            settings,
        } = self;
        let mut all = Differences::default();
        all.compare("direction", direction, &now.direction, |direction| direction.name().to_owned());
        all.compare("target", target, &now.target, Clone::clone);
        all.compare("revisions of the database", heads_before, &now.heads_before, heads);
        let revisions =
            |steps: &[PreparedStep]| -> Vec<RevisionId> { steps.iter().map(|step| step.revision.clone()).collect() };
        let (planned, found) = (revisions(steps), revisions(&now.steps));
        if planned == found {
            for (step, now) in steps.iter().zip(&now.steps) {
                compare_steps(&mut all, step, now);
            }
            all.compare("revisions after it", heads_after, &now.heads_after, heads);
        } else {
            all.compare("steps", &planned, &found, |steps| list_or(steps, "none"));
        }
        // What its statement failed with may be told in another way.
        let progress = |steps: &[UnfinishedStep]| -> Vec<_> {
            steps.iter().map(|step| (step.revision.clone(), step.direction.clone(), step.next_statement)).collect()
        };
        all.compare("unfinished steps", &progress(unfinished), &progress(&now.unfinished), |steps| {
            let shown = |(revision, direction, next): &(String, String, u32)| {
                format!("{direction} {revision} at statement {next}")
            };
            if steps.is_empty() { "none".to_owned() } else { steps.iter().map(shown).collect::<Vec<_>>().join(", ") }
        });
        compare_options(&mut all, options, &now.options);
        compare_settings(&mut all, settings, &now.settings);
        all.0
    }
}

fn compare_steps(all: &mut Differences, planned: &PreparedStep, now: &PreparedStep) {
    let PreparedStep {
        revision,
        direction,
        message: _,
        from,
        to,
        heads_before,
        heads_after,
        source_digest,
        component_digest,
        runtime,
        transactional,
        permissions,
    } = planned;
    let list = |revisions: &Vec<RevisionId>| list_or(revisions, "base");
    all.compare(format_args!("direction of {revision}"), direction, &now.direction, |it| it.name().to_owned());
    all.compare(format_args!("revisions before {revision}"), from, &now.from, list);
    all.compare(format_args!("revisions after {revision}"), to, &now.to, list);
    all.compare(format_args!("version rows before {revision}"), heads_before, &now.heads_before, heads);
    all.compare(format_args!("version rows after {revision}"), heads_after, &now.heads_after, heads);
    all.compare(format_args!("source of {revision}"), source_digest, &now.source_digest, ToString::to_string);
    all.compare(format_args!("component of {revision}"), component_digest, &now.component_digest, |digest| {
        digest.map_or_else(|| "not built".to_owned(), |digest| digest.to_string())
    });
    all.compare(format_args!("language runtime of {revision}"), runtime, &now.runtime, |runtime| match runtime {
        None => "none".to_owned(),
        Some(PreparedRuntime { name, digest: None }) => format!("{name} (not there)"),
        Some(PreparedRuntime { name, digest: Some(digest) }) => format!("{name} {digest}"),
    });
    all.compare(format_args!("transaction of {revision}"), transactional, &now.transactional, |transactional| {
        if *transactional { "its own" } else { "none" }.to_owned()
    });
    all.compare(format_args!("permissions of {revision}"), permissions, &now.permissions, ToString::to_string);
}

fn compare_options(all: &mut Differences, planned: &PlanOptions, now: &PlanOptions) {
    let PlanOptions { args, lock_timeout_milliseconds: _, statement_timeout_milliseconds: _ } = planned;
    all.compare("arguments of the run", args, &now.args, |args| {
        let shown = |(key, value): &(String, String)| format!("{key}={value}");
        if args.is_empty() { "none".to_owned() } else { args.iter().map(shown).collect::<Vec<_>>().join(" ") }
    });
}

fn compare_settings(all: &mut Differences, planned: &PlanSettings, now: &PlanSettings) {
    let PlanSettings {
        environment,
        role,
        version_table,
        log_table,
        journal_table,
        lock_timeout_milliseconds,
        statement_timeout_milliseconds,
        limits,
    } = planned;
    let milliseconds = |number: &u64| format!("{number} ms");
    all.compare("environment", environment, &now.environment, Clone::clone);
    all.compare("role", role, &now.role, |role| role.clone().unwrap_or_else(|| "none".to_owned()));
    all.compare("version table", version_table, &now.version_table, Clone::clone);
    all.compare("log table", log_table, &now.log_table, Clone::clone);
    all.compare("journal table", journal_table, &now.journal_table, Clone::clone);
    all.compare("lock timeout", lock_timeout_milliseconds, &now.lock_timeout_milliseconds, milliseconds);
    all.compare("statement timeout", statement_timeout_milliseconds, &now.statement_timeout_milliseconds, milliseconds);
    let keys: BTreeSet<&String> = limits.keys().chain(now.limits.keys()).collect();
    for key in keys {
        all.compare(format_args!("limit {key}"), &limits.get(key), &now.limits.get(key), |limit| {
            limit.map_or_else(|| "none".to_owned(), |limit| (*limit).clone())
        });
    }
}

fn list_or<'a>(revisions: impl IntoIterator<Item = &'a RevisionId>, empty: &str) -> String {
    let texts: Vec<&str> = revisions.into_iter().map(RevisionId::as_str).collect();
    if texts.is_empty() { empty.to_owned() } else { texts.join(", ") }
}

fn heads(revisions: &BTreeSet<RevisionId>) -> String {
    list_or(revisions, "base")
}
