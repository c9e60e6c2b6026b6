//! Operations become statements.

use super::graph::Graph;
use super::graph::Operation;
use super::order::Ordered;
use crate::catalog::types::Range;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::plan::Action;
use crate::plan::Boundary;
use crate::plan::Lock;
use crate::plan::Plan;
use crate::render::ident;
use crate::render::literal;
use crate::render::one_line;
use crate::render::qualified;
use crate::rules::Alteration;
use crate::rules::Context;
use crate::rules::Side;
use crate::rules::States;
use crate::rules::Step;

/// The statements in their order.
pub(super) fn emit(
    graph: &Graph<'_>,
    order: &Ordered,
    from: &Side<'_>,
    to: &Side<'_>,
    states: &States,
    online: bool,
) -> Plan {
    let mut plan = Plan::default();
    let mut added_values: Vec<String> = Vec::new();
    for node in &order.nodes {
        let (operation, id) = node;
        let carried: Vec<&Fact> = order.carried.get(node).into_iter().flatten().filter_map(|id| to.get(id)).collect();
        let aside = graph.is_aside(id).then(|| aside_name(id));
        let cx = Context { id, from, to, states, carried: &carried, online, aside };
        let (old, new) = (from.get(id).map(|fact| &fact.payload), to.get(id).map(|fact| &fact.payload));
        let steps = match (operation, old, new) {
            (Operation::Aside, Some(old), _) => {
                let mut steps = vec![aside_step(id, old)];
                if let Payload::Range(range) = old {
                    steps.extend(range_steps(id, range));
                }
                if id.kind == Kind::Table {
                    steps.extend(super::moved::aside_steps(id, &aside_name(id), from));
                }
                steps
            }
            (Operation::Move, _, _) => super::moved::steps(&cx),
            (Operation::Drop, Some(old), _) => old.drop(&cx),
            (Operation::Create, _, Some(new)) => new.create(&cx),
            (Operation::Alter, Some(old), Some(new)) => match old.alter(new, &cx) {
                Alteration::Steps(steps) | Alteration::Disturbing(steps, _) => steps,
                Alteration::Replace => Vec::new(),
            },
            _ => Vec::new(),
        };
        let body = matches!(new, Some(Payload::Function(function)) if function.body.is_some());
        if body && *operation != Operation::Drop && !steps.is_empty() {
            plan.needs_unchecked_bodies = true;
        }
        for step in steps {
            let mut action = action(step, graph.root(id), states);
            // A value can be used when what added it is committed.
            if !body && id.kind != Kind::Enum && added_values.iter().any(|value| action.sql.contains(value)) {
                action.boundary = Boundary::CommitBefore;
                added_values.clear();
            }
            plan.actions.push(action);
        }
        if let (Operation::Alter, Some(Payload::Enum(old)), Some(Payload::Enum(new))) = (operation, old, new) {
            added_values
                .extend(new.values.iter().filter(|value| !old.values.contains(value)).map(|value| literal(value)));
        }
    }
    plan
}

fn action(step: Step, object: &FactId, states: &States) -> Action {
    let lock = match step.lock {
        Some((mode, table)) if !states.creates_relation(&table) => Lock { mode, table: Some(table.join(".")) },
        _ => Lock::default(),
    };
    let existing = lock.table.is_some();
    Action {
        sql: step.sql,
        object: one_line(&object.to_string()),
        boundary: step.boundary,
        lock,
        rewrite: step.rewrite && existing,
        scan: step.scan && existing,
        loss: step.loss.as_deref().map(one_line),
        decide: step.decide.iter().map(|text| one_line(text)).collect(),
    }
}

/// What belongs to a range type and is named after it: its multirange, and the functions that make values.
fn range_steps(id: &FactId, range: &Range) -> Vec<Step> {
    let mut steps = Vec::new();
    let name = id.qualified();
    let next = ident(&aside_last(id));
    for arguments in
        range.subtype().map_or_else(Vec::new, |of| vec![format!("{of}, {of}"), format!("{of}, {of}, text")])
    {
        steps.push(Step::new(format!("ALTER FUNCTION {name}({arguments}) RENAME TO {next}")));
    }
    if let Some(multirange) = range.multirange() {
        let next = ident(&aside_last_of(&range_part(multirange)));
        steps.push(Step::new(format!("ALTER TYPE {multirange} RENAME TO {next}")));
        steps.push(Step::new(format!("ALTER FUNCTION {multirange}() RENAME TO {next}")));
    }
    steps
}

/// The last part of a name in SQL.
fn range_part(name: &str) -> String {
    crate::fact::split_name(name).and_then(|(mut parts, _)| parts.pop()).unwrap_or_default()
}

/// The name of an old type while the new one is there, too.
fn aside_last(id: &FactId) -> String {
    aside_last_of(id.path.last().map_or("", String::as_str))
}

fn aside_last_of(name: &str) -> String {
    let mut end = name.len().min(58);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}__old", &name[..end])
}

fn aside_name(id: &FactId) -> String {
    let mut path = id.path.clone();
    path.pop();
    path.push(aside_last(id));
    qualified(&path)
}

fn aside_step(id: &FactId, payload: &Payload) -> Step {
    Step::new(format!("ALTER {} RENAME TO {}", payload.address(id), ident(&aside_last(id))))
}
