//! Two catalogs compared: what becomes of each fact, in which order, and what people read about it.

mod assumed;
mod candidate;
mod carry;
mod change;
mod emit;
mod graph;
mod moved;
mod order;
mod rename;
mod special;
mod state;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
mod tokens;

use std::str::FromStr;

use crate::catalog::Catalog;
use crate::error::DiffError;
use crate::error::SyntaxError;
use crate::plan::Plan;
use crate::rules::Side;

/// How to compare.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// Take the forms that lock less on tables that exist already.
    pub online: bool,
    /// Things that keep their content under a new name.
    pub renames: Vec<Rename>,
}

/// A table, column or other object that keeps its content under a new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The parts of the old name: schema, object, and a column or the like.
    pub old: Vec<String>,
    /// The parts of the new name; as many.
    pub new: Vec<String>,
}

impl FromStr for Rename {
    type Err = SyntaxError;

    /// `schema.table=schema.table` or `schema.table.column=schema.table.column`; parts may be quoted as in SQL.
    /// The new name may be its last part alone.
    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        let wrong = || SyntaxError { text: text.to_owned(), expected: "a rename (schema.old=schema.new)" };
        let (old, rest) = crate::fact::split_name(text).ok_or_else(wrong)?;
        let rest = rest.strip_prefix('=').ok_or_else(wrong)?;
        let (mut new, rest) = crate::fact::split_name(rest).ok_or_else(wrong)?;
        if new.len() == 1 && old.len() > 1 {
            new = old[..old.len() - 1].iter().cloned().chain(new).collect();
        }
        if !rest.is_empty() || old.len() != new.len() {
            return Err(wrong());
        }
        Ok(Self { old, new })
    }
}

/// What turns `from` into `to`. Pure.
///
/// # Errors
///
/// A rename that names nothing, a difference for which PostgreSQL has no statements, or a bug in the rules (a cycle).
pub fn diff(from: &Catalog, to: &Catalog, options: &DiffOptions) -> Result<Plan, DiffError> {
    let mut source = std::borrow::Cow::Borrowed(from);
    let renamed = if options.renames.is_empty() {
        rename::Renamed::default()
    } else {
        rename::apply(source.to_mut(), to, &options.renames)?
    };
    let (from, to) = assumed::privileges(&source, to);
    let (from, to) = (Side::new(&from), Side::new(&to));
    let mut plan = plan(&from, &to, options.online)?;
    plan.actions.splice(0..0, renamed.actions);
    plan.changes = renamed.changes;
    plan.changes.extend(change::changes(&from, &to));
    plan.rename_candidates = candidate::candidates(&from, &to);
    plan.unmodelled = from.catalog.unmodelled.iter().chain(&to.catalog.unmodelled).cloned().collect();
    plan.unmodelled.sort();
    plan.unmodelled.dedup();
    Ok(plan)
}

/// The statements. Where altering something would have to come both before and after something else, it is dropped and
/// made again.
fn plan(from: &Side<'_>, to: &Side<'_>, online: bool) -> Result<Plan, DiffError> {
    let mut again = Vec::new();
    loop {
        let states = state::states(from, to, &again, online);
        let mut graph = graph::Graph::new(from, to, &states);
        match order::order(&mut graph) {
            Ok(order) => return Ok(emit::emit(&graph, &order, from, to, &states, online)),
            Err(cycle) => {
                let before = again.len();
                again.extend(cycle.iter().filter(|node| state::can_be_made_again(node)).map(|(_, id)| id.clone()));
                if again.len() == before {
                    let cycle =
                        cycle.iter().map(|(operation, id)| format!("{operation:?} {id}").to_lowercase()).collect();
                    return Err(DiffError::Cycle(cycle));
                }
            }
        }
    }
}
