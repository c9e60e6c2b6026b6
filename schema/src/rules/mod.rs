//! What is done about each kind of fact: one file for each kind, with how it is made, changed and dropped, what that
//! locks, and what it loses.

mod aggregate;
mod cast;
mod collation;
mod column;
mod column_type;
mod comment;
mod constraint;
mod context;
mod default;
mod extension;
mod foreign;
mod function;
mod index;
mod inheritance;
mod online;
mod operator;
mod owner;
mod policy;
pub(crate) mod privilege;
mod publication;
mod rule;
mod schema;
mod sequence;
mod statistics;
mod step;
mod subscription;
mod table;
mod text_search;
mod trigger;
mod types;
mod view;

pub(crate) use context::Context;
pub(crate) use context::Side;
pub(crate) use context::States;
pub(crate) use step::Step;

use crate::fact::FactId;

/// The statements for one kind.
pub(crate) trait Rules: Sized {
    /// How COMMENT ON, ALTER … OWNER TO and DROP name it, e.g. `TABLE shop.orders`.
    fn address(&self, id: &FactId) -> String;

    /// Names that nothing else of the same namespace may have at the same time.
    fn namespaces(&self, _id: &FactId) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Makes it.
    fn create(&self, cx: &Context<'_>) -> Vec<Step>;

    /// Drops it.
    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("DROP {}", self.address(cx.id)))]
    }

    /// Turns it into `new`.
    fn alter(&self, _new: &Self, _cx: &Context<'_>) -> Alteration {
        Alteration::Replace
    }
}

/// How something becomes what the target has.
#[derive(Debug)]
pub(crate) enum Alteration {
    /// By statements.
    Steps(Vec<Step>),
    /// By statements that what depends on it must not see: it is dropped before and made again.
    Disturbing(Vec<Step>, Disturbance),
    /// By dropping it and making it again.
    Replace,
}

/// Which dependents stand in the way of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// Of the type of a column; `related` if both types compare with each other, so that foreign keys may stay.
    ColumnType {
        /// See above.
        related: bool,
    },
}

/// Whether a column is dropped from its table alone, because tables below keep it.
pub(crate) fn drops_only(column: &FactId, from: &Side<'_>, states: &States) -> bool {
    let table = FactId::new(crate::fact::Kind::Table, column.path.iter().take(2).cloned());
    from.dependents(&table)
        .iter()
        .filter(|fact| fact.id.kind == crate::fact::Kind::Inheritance && !states.dropped.contains(&fact.id))
        .any(|below| {
            let own =
                FactId::new(crate::fact::Kind::Column, below.id.path[..2].iter().chain(column.path.last()).cloned());
            !states.dropped.contains(&own) && from.get(&own).is_some()
        })
}

/// The names that relations share.
fn relation(id: &FactId) -> Vec<(&'static str, String)> {
    let name = id.table();
    vec![("relation", name.clone()), ("type", name)]
}

/// Whether columns have a type or a collation of this kind, which is moved aside while they still need it.
pub(crate) fn is_type(kind: crate::fact::Kind) -> bool {
    use crate::fact::Kind;
    matches!(kind, Kind::Enum | Kind::Composite | Kind::Domain | Kind::Range | Kind::Collation)
}

/// The value of an old column as one of the new type.
pub(crate) fn value_as(name: &str, old: &str, new: &str, cx: &Context<'_>) -> String {
    let name = crate::render::ident(name);
    column_type::using(old, new, cx).map_or_else(|| name.clone(), |cast| format!("{name}{cast}"))
}
