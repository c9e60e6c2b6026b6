//! Changes of the type of a column.

use super::Context;
use super::Step;
use crate::catalog::column::Column;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;

/// Whether values of both types compare with each other without a cast.
pub(super) fn related(old: &str, new: &str) -> bool {
    let family = |name: &str| match base(name) {
        "smallint" | "integer" | "bigint" => 1,
        "text" | "character varying" | "character" => 2,
        _ => 0,
    };
    base(old) == base(new) || family(old) != 0 && family(old) == family(new)
}

/// The type without its modifier.
fn base(name: &str) -> &str {
    match name.find('(') {
        // timestamp(3) with time zone
        Some(open) if name.ends_with("time zone") => &name[..open],
        Some(open) if name.ends_with(')') => &name[..open],
        _ => name,
    }
}

/// The type under domains, and without its modifier.
fn underlying<'a>(name: &'a str, side: &'a super::Side<'_>) -> &'a str {
    let domain = crate::fact::split_name(name)
        .filter(|(_, rest)| rest.is_empty())
        .map(|(path, _)| FactId { kind: Kind::Domain, path });
    match domain.and_then(|id| side.get(&id)).map(|fact| &fact.payload) {
        Some(Payload::Domain(domain)) => underlying(&domain.base, side),
        _ => base(name),
    }
}

/// The statement that changes the type. `again` is set where a type of the same name is another one now.
pub(super) fn change(old: &Column, new: &Column, again: Option<&[String]>, cx: &Context<'_>) -> Step {
    let name = cx.id.last();
    let collation = new.collation.as_ref().map_or_else(String::new, |collation| format!(" COLLATE {collation}"));
    let using = if new.generated.is_some() {
        String::new()
    } else if again.is_some() && new.data_type == "text" {
        format!(" USING {name}::text")
    } else if again.is_some() {
        format!(" USING {name}::text::{}", new.data_type)
    } else {
        using(&old.data_type, &new.data_type, cx).map_or_else(String::new, |cast| format!(" USING {name}{cast}"))
    };
    let sql = format!("ALTER TABLE {} ALTER COLUMN {name} TYPE {}{collation}{using}", cx.id.table(), new.data_type);
    let mut step =
        Step::new(sql).exclusive(&cx.id.path).rewrite(rewrites(&old.data_type, &new.data_type) || again.is_some());
    step.decide.extend(again.unwrap_or_default().iter().cloned());
    step
}

/// Whether the table has to be written anew. Where it is not known, it is taken to be so.
fn rewrites(old: &str, new: &str) -> bool {
    let length = |name: &str| -> Option<u32> { name.split_once('(')?.1.split(')').next()?.parse().ok() };
    match (base(old), base(new)) {
        ("character varying", "text") | ("text", "character varying") if length(new).is_none() => false,
        ("character varying", "character varying") => match (length(old), length(new)) {
            (_, None) => false,
            (Some(old), Some(new)) => new < old,
            (None, Some(_)) => true,
        },
        _ => old != new,
    }
}

/// The casts to write after the column, where PostgreSQL does not cast by itself.
pub(super) fn using(old: &str, new: &str, cx: &Context<'_>) -> Option<String> {
    let strip = |name: &str| name.strip_suffix("[]").map(str::to_owned);
    let (from, to) = (underlying(old, cx.from), underlying(new, cx.to));
    if from == to {
        return None;
    }
    let (mut element_from, mut element_to) = (from.to_owned(), to.to_owned());
    let arrays = match (strip(from), strip(to)) {
        (Some(a), Some(b)) => {
            element_from = base(&a).to_owned();
            element_to = base(&b).to_owned();
            true
        }
        (None, None) => false,
        _ => return Some(format!("::text::{new}")),
    };
    let text = |name: &str| matches!(name, "text" | "character varying" | "character");
    let pair = (element_from.clone(), element_to.clone());
    if element_from == element_to || cx.from.catalog.assignment_casts.contains(&pair) || !arrays && text(&element_to) {
        None
    } else if cx.from.catalog.explicit_casts.contains(&pair) || text(&element_from) || text(&element_to) {
        Some(format!("::{new}"))
    } else {
        Some(format!("::text::{new}"))
    }
}
