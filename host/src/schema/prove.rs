//! Drafts tried on a copy of what they change, before anybody relies on them.
//!
//! Going up must give the target, going down the source again: as facts, and as what `pg_dump` writes, where that program is there.

use std::collections::BTreeMap;

use host_schema::Catalog;
use host_schema::Change;
use host_schema::DiffOptions;
use host_schema::Plan;
use host_schema::ReadOptions;
use host_schema::Rename;
use host_schema::RenameCandidate;
use host_schema::Unmodelled;
use host_schema::diff;
use host_schema::prove::apply;
use host_schema::prove::differences;

use super::drafts::Draft;
use super::drafts::Part;
use super::drafts::parts;
use super::error::SchemaError;
use super::shadows::Shadows;
use super::shadows::close;
use crate::db::Connector;

/// How many differences are told.
const TOLD_MAX: usize = 20;

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its shadow, if it is one.
    pub database: Option<&'a str>,
    /// What that consists of.
    pub catalog: &'a Catalog,
}

/// What `pg_dump` writes of a database; none where the program is not there.
pub type Dump<'a> = &'a dyn Fn(&Connector) -> Option<String>;

/// Migrations that turn one schema into another one.
#[derive(Debug, Clone, Default)]
pub struct Proved {
    /// The migrations, in their order.
    pub drafts: Vec<Draft>,
    /// What is different, a line each.
    pub changes: Vec<Change>,
    /// What may be one thing with a new name.
    pub rename_candidates: Vec<RenameCandidate>,
    /// What is not compared.
    pub unmodelled: Vec<Unmodelled>,
    /// Whether `pg_dump` was asked as well.
    pub dumped: bool,
}

impl Proved {
    /// What could not be proved of all of them.
    pub fn unproved(&self) -> impl Iterator<Item = &str> {
        self.drafts.iter().flat_map(|draft| draft.unproved.iter().map(String::as_str))
    }
}

/// Makes migrations of the difference between two shadows, and tries them on a copy of the first one. What cannot be proved is
/// noted in the draft that it is about.
///
/// # Errors
/// [`SchemaError::Diff`] where there is no difference that can be written, [`SchemaError::Shadow`], [`SchemaError::Read`].
pub async fn drafts(
    shadows: &mut Shadows,
    from: Side<'_>,
    to: Side<'_>,
    options: &DiffOptions,
    read: &ReadOptions,
    dump: Dump<'_>,
) -> Result<Proved, SchemaError> {
    let plan = diff(from.catalog, to.catalog, options)?;
    let mut proved = Proved {
        changes: plan.changes.clone(),
        rename_candidates: plan.rename_candidates.clone(),
        unmodelled: plan.unmodelled.clone(),
        ..Proved::default()
    };
    if plan.is_empty() {
        return Ok(proved);
    }
    let Some(source) = from.database else { return Err(SchemaError::NoShadow) };
    let copy = shadows.copy(source).await?;
    let trial = Trial { shadows, copy: &copy, read };
    let mut states = vec![from.catalog.clone()];
    let mut drafts = Vec::new();
    for Part { actions, in_transaction } in parts(&plan) {
        let needs_unchecked_bodies = plan.needs_unchecked_bodies;
        let part = Plan { actions: actions.clone(), needs_unchecked_bodies, ..Plan::default() };
        let mut unproved: Vec<String> =
            trial.apply(&part).await?.map(|why| format!("upgrade: {why}")).into_iter().collect();
        let failed = !unproved.is_empty();
        states.push(trial.state().await?);
        if failed {
            unproved.push("the statements after it were not tried".to_owned());
        }
        let unchecked_bodies = [needs_unchecked_bodies, false];
        drafts.push(Draft { up: actions, in_transaction, unproved, unchecked_bodies, ..Draft::default() });
        if failed {
            break;
        }
    }
    let is_whole = drafts.iter().all(|draft| draft.unproved.is_empty());
    if let Some(last) = drafts.last_mut().filter(|_| is_whole) {
        let reached = states.last().unwrap_or(from.catalog);
        last.unproved.extend(told("the upgrade leaves", differences(reached, to.catalog)?));
        let dumps =
            (dump(&trial.connector()), to.database.and_then(|database| dump(&trial.shadows.connector(database))));
        if let (Some(is), Some(wanted)) = dumps {
            proved.dumped = true;
            last.unproved.extend(told("pg_dump after the upgrade", dump_differences(&is, &wanted)));
        }
    }
    if !is_whole {
        // Statements that were not tried still belong into the file.
        let tried: usize = drafts.iter().map(|draft| draft.up.len()).sum();
        let rest: Vec<_> = plan.actions.iter().skip(tried).cloned().collect();
        if let Some(last) = drafts.last_mut() {
            last.up.extend(rest);
        }
        if let Some(last) = states.last_mut() {
            last.clone_from(to.catalog);
        }
    }
    for (index, draft) in drafts.iter_mut().enumerate().rev() {
        let back = diff_back(&states[index + 1], &states[index], options)?;
        draft.unchecked_bodies[1] = back.needs_unchecked_bodies;
        draft.down = back.actions.clone();
        if !is_whole {
            continue;
        }
        match trial.apply(&back).await? {
            Some(why) => draft.unproved.push(format!("downgrade: {why}")),
            None => {
                let state = trial.state().await?;
                draft.unproved.extend(told("the downgrade leaves", differences(&state, &states[index])?));
            }
        }
    }
    if is_whole
        && let Some(first) = drafts.first_mut()
        && let (Some(is), Some(wanted)) = (dump(&trial.connector()), dump(&trial.shadows.connector(source)))
    {
        first.unproved.extend(told("pg_dump after the downgrade", dump_differences(&is, &wanted)));
    }
    shadows.drop(&copy).await?;
    for draft in &mut drafts {
        draft.unproved.extend(draft.refusal().map(|why| format!("host build would refuse it: {why}")));
    }
    proved.drafts = drafts;
    Ok(proved)
}

/// A copy of the source on which statements are tried.
struct Trial<'a> {
    shadows: &'a Shadows,
    copy: &'a str,
    read: &'a ReadOptions,
}

impl Trial<'_> {
    fn connector(&self) -> Connector {
        self.shadows.connector(self.copy)
    }

    /// What the server said against it, if anything.
    async fn apply(&self, plan: &Plan) -> Result<Option<String>, SchemaError> {
        let mut connection = self.connector().open_apart().await?;
        let applied = apply(&mut connection, plan).await;
        close(connection).await;
        Ok(applied.err().map(|error| error.to_string()))
    }

    async fn state(&self) -> Result<Catalog, SchemaError> {
        self.shadows.read(self.copy, self.read).await
    }
}

/// The way back, with the renames that fit there.
fn diff_back(from: &Catalog, to: &Catalog, options: &DiffOptions) -> Result<Plan, SchemaError> {
    let reversed = |rename: &Rename| Rename { old: rename.new.clone(), new: rename.old.clone() };
    let mut renames = Vec::new();
    for rename in options.renames.iter().map(reversed).rev() {
        let tried = DiffOptions { online: options.online, renames: vec![rename.clone()] };
        // It belongs to another part, where it is not there.
        if diff(from, to, &tried).is_ok() {
            renames.push(rename);
        }
    }
    Ok(diff(from, to, &DiffOptions { online: options.online, renames })?)
}

/// Differences as lines for people.
fn told(what: &str, differences: Vec<String>) -> Vec<String> {
    let more = differences.len().saturating_sub(TOLD_MAX);
    let mut lines: Vec<String> =
        differences.into_iter().take(TOLD_MAX).map(|difference| format!("{what}: {difference}")).collect();
    if more > 0 {
        lines.push(format!("{what}: {more} more differences"));
    }
    lines
}

/// What only one of two dumps has. The order of statements does not count, nor that of the columns of a table, which no statement
/// can change.
fn dump_differences(is: &str, wanted: &str) -> Vec<String> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for (dump, sign) in [(is, 1), (wanted, -1)] {
        for statement in crate::sql::split(dump).unwrap_or_default() {
            *counts.entry(in_one_order(statement.text)).or_default() += sign;
        }
    }
    let line = |(statement, count): (String, i64)| {
        let sign = if count > 0 { '+' } else { '-' };
        (count != 0).then(|| format!("{sign} {}", statement.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    counts.into_iter().filter_map(line).collect()
}

/// A statement with its lines in one order where those are the columns of a table.
fn in_one_order(statement: &str) -> String {
    let lists = ["CREATE TABLE", "CREATE UNLOGGED TABLE", "CREATE FOREIGN TABLE"]
        .iter()
        .any(|start| statement.starts_with(start));
    if !lists {
        return statement.to_owned();
    }
    let mut lines: Vec<&str> = statement.lines().map(|line| line.trim().trim_end_matches(',')).collect();
    lines[1..].sort_unstable();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_columns_and_statements_is_no_difference() {
        let one = "CREATE TABLE a (\n    x integer,\n    y text\n);\nCREATE TABLE b (\n);\n";
        let other = "CREATE TABLE b (\n);\nCREATE TABLE a (\n    y text,\n    x integer\n);\n";
        assert_eq!(dump_differences(one, other), Vec::<String>::new());
        let changed = other.replace("y text", "y integer");
        assert_eq!(
            dump_differences(one, &changed),
            ["- CREATE TABLE a ( ) x integer y integer", "+ CREATE TABLE a ( ) x integer y text"]
        );
    }
}
