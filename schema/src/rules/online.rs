//! The forms that lock less, on tables that exist already.

use super::Context;
use super::Step;
use crate::catalog::constraint::Constraint;
use crate::catalog::constraint::ConstraintType;
use crate::catalog::index::Index;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::plan::Boundary;
use crate::plan::LockMode;
use crate::render::ident;
use crate::render::idents;
use crate::render::qualified;

impl Step {
    /// Runs in no transaction.
    fn alone(mut self) -> Self {
        self.boundary = Boundary::Alone;
        self
    }

    /// Runs when what came before is committed, so that its locks are gone.
    fn after_commit(mut self) -> Self {
        self.boundary = Boundary::CommitBefore;
        self
    }
}

/// CREATE INDEX CONCURRENTLY under a name; none where that is not possible.
fn create_concurrently(index: &Index, id: &FactId, name: &str) -> Option<Step> {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let rest = index.definition.strip_prefix(&format!("CREATE {unique}INDEX {} ON ", id.last()))?;
    let sql = format!("CREATE {unique}INDEX CONCURRENTLY {} ON {rest}", ident(name));
    Some(Step::new(sql).alone().lock(LockMode::ShareUpdateExclusive, &index.table).scan(true))
}

fn drop_concurrently(index: &Index, name: &str) -> Step {
    Step::new(format!("DROP INDEX CONCURRENTLY {name}")).alone().lock(LockMode::ShareUpdateExclusive, &index.table)
}

/// Makes an index without stopping writers.
pub(super) fn create_index(index: &Index, cx: &Context<'_>) -> Option<Step> {
    let possible = cx.is_online_on(&index.table) && !index.partitioned && index.tablespace.is_none();
    if possible { create_concurrently(index, cx.id, cx.id.path.last()?) } else { None }
}

/// Drops an index without stopping readers and writers.
pub(super) fn drop_index(index: &Index, cx: &Context<'_>) -> Option<Step> {
    let possible = cx.is_online_on(&index.table) && !index.partitioned;
    possible.then(|| drop_concurrently(index, &cx.id.qualified()))
}

/// Builds the new index before the old one goes.
pub(super) fn replace_index(old: &Index, new: &Index, cx: &Context<'_>) -> Option<Vec<Step>> {
    let needed = !cx.from.dependents(cx.id).is_empty()
        || !cx.from.children(cx.id).is_empty()
        || !cx.to.children(cx.id).is_empty();
    if !cx.is_online_on(&new.table)
        || old.table != new.table
        || old.partitioned
        || new.partitioned
        || new.tablespace.is_some()
        || needed
    {
        return None;
    }
    let last = cx.id.path.last()?;
    let mut end = last.len().min(58);
    while !last.is_char_boundary(end) {
        end -= 1;
    }
    let next = format!("{}__new", &last[..end]);
    let next_name = qualified(&[&cx.id.path[0], &next]);
    Some(vec![
        create_concurrently(new, cx.id, &next)?,
        drop_concurrently(old, &cx.id.qualified()),
        Step::new(format!("ALTER INDEX {next_name} RENAME TO {}", ident(last)))
            .after_commit()
            .lock(LockMode::ShareUpdateExclusive, &new.table),
    ])
}

/// Adds a constraint in two steps: what reads the whole table locks little.
pub(super) fn add_constraint(constraint: &Constraint, cx: &Context<'_>) -> Option<Vec<Step>> {
    if !cx.is_online_on(&cx.id.path) || constraint.of_domain || constraint.partitioned || !constraint.validated {
        return None;
    }
    let (table, name) = (cx.id.table(), cx.id.last());
    let alter = |what: String| Step::new(format!("ALTER TABLE {table} {what}"));
    match constraint.constraint_type {
        ConstraintType::Check | ConstraintType::ForeignKey => {
            let mode = if constraint.constraint_type == ConstraintType::Check {
                LockMode::AccessExclusive
            } else {
                LockMode::ShareRowExclusive
            };
            Some(vec![
                alter(format!("ADD CONSTRAINT {name} {} NOT VALID", constraint.definition)).lock(mode, &cx.id.path),
                validate(&table, &name, &cx.id.path),
            ])
        }
        ConstraintType::PrimaryKey | ConstraintType::Unique => {
            let word = if constraint.constraint_type == ConstraintType::PrimaryKey { "PRIMARY KEY" } else { "UNIQUE" };
            let columns = format!("({})", idents(&constraint.columns));
            let rest = constraint.definition.strip_prefix(&format!("{word} {columns}"))?;
            if constraint.tablespace.is_some()
                || !constraint.options.is_empty()
                || !matches!(rest, "" | " DEFERRABLE" | " DEFERRABLE INITIALLY DEFERRED")
            {
                return None;
            }
            Some(vec![
                Step::new(format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {columns}"))
                    .alone()
                    .lock(LockMode::ShareUpdateExclusive, &cx.id.path)
                    .scan(true),
                alter(format!("ADD CONSTRAINT {name} {word} USING INDEX {name}{rest}"))
                    .after_commit()
                    .exclusive(&cx.id.path),
            ])
        }
        ConstraintType::Exclusion => None,
    }
}

fn validate(table: &str, name: &str, path: &[String]) -> Step {
    let step = Step::new(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}"));
    step.after_commit().lock(LockMode::ShareUpdateExclusive, path).scan(true)
}

/// SET NOT NULL that need not read the table, because a valid constraint says that there are no NULLs.
pub(super) fn set_not_null(cx: &Context<'_>) -> Option<Vec<Step>> {
    let below = cx.from.dependents(&FactId::new(Kind::Table, cx.id.path.iter().take(2).cloned()));
    if !cx.is_online_on(&cx.id.path) || below.iter().any(|fact| fact.id.kind == Kind::Inheritance) {
        return None;
    }
    let (table, column) = (cx.id.table(), cx.id.last());
    let last = cx.id.path.last()?;
    let mut end = last.len().min(53);
    while !last.is_char_boundary(end) {
        end -= 1;
    }
    let name = ident(&format!("{}__not_null", &last[..end]));
    let alter = |what: String| Step::new(format!("ALTER TABLE {table} {what}")).exclusive(&cx.id.path);
    Some(vec![
        alter(format!("ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID")),
        validate(&table, &name, &cx.id.path),
        alter(format!("ALTER COLUMN {column} SET NOT NULL")).after_commit(),
        alter(format!("DROP CONSTRAINT {name}")),
    ])
}
