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
    if again.is_none() && rounds(&old.data_type, &new.data_type) {
        step = step.loss(format!("rounds the values of {}", cx.id));
    }
    step.decide.extend(again.unwrap_or_default().iter().cloned());
    step
}

/// The numbers in the modifier of a type: `numeric(10,2)` has 10 and 2.
fn modifier(name: &str) -> Vec<u32> {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inside, _)| inside);
    inside.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

/// The base of a type of date and time without its precision, and how many digits of a second it has.
fn time(name: &str) -> Option<(String, u32)> {
    // timestamp(3) with time zone
    let word = match (name.find('('), name.find(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &name[..open], &name[close + 1..]),
        _ => name.to_owned(),
    };
    let is_time = ["timestamp", "time", "interval"].iter().any(|kind| word.split(' ').next() == Some(kind));
    is_time.then(|| (word, modifier(name).first().copied().unwrap_or(6)))
}

/// Whether the table has to be written anew. Where it is not known, it is taken to be so.
///
/// PostgreSQL leaves the rows alone where all values of the old type are values of the new one as they are stored (`varchar`,
/// `numeric`, `bit varying` and the types of date and time have support functions that say so; `cidr` is stored as `inet` is).
fn rewrites(old: &str, new: &str) -> bool {
    let (from, to) = (modifier(old), modifier(new));
    match (base(old), base(new)) {
        ("character varying", "text") | ("text", "character varying") if to.is_empty() => false,
        ("character varying", "character varying") | ("bit varying", "bit varying") => {
            !to.is_empty() && (from.is_empty() || to < from)
        }
        ("numeric", "numeric") => !match (from.as_slice(), to.as_slice()) {
            (_, []) => true,
            ([digits, scale @ ..], [wanted, wanted_scale @ ..]) => {
                wanted >= digits && scale.first().unwrap_or(&0) == wanted_scale.first().unwrap_or(&0)
            }
            ([], _) => false,
        },
        ("cidr", "inet") => false,
        _ => match (time(old), time(new)) {
            (Some((kind, digits)), Some((wanted, wanted_digits))) => kind != wanted || wanted_digits < digits,
            _ => old != new,
        },
    }
}

/// Whether values of the old type may lose digits, which is no error of the server.
fn rounds(old: &str, new: &str) -> bool {
    let scale = |name: &str| match modifier(name).as_slice() {
        [] => None,
        [_] => Some(0),
        [_, scale, ..] => Some(*scale),
    };
    let is_whole = |name: &str| matches!(name, "smallint" | "integer" | "bigint");
    match (base(old), base(new)) {
        ("numeric", "numeric") => match (scale(old), scale(new)) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(from), Some(to)) => to < from,
        },
        ("numeric", to) if is_whole(to) => scale(old) != Some(0),
        ("numeric" | "double precision", "real") | ("numeric", "double precision") => true,
        ("double precision" | "real", to) => is_whole(to) || to == "numeric" && scale(new).is_some(),
        (from, "date") => from.starts_with("timestamp"),
        (from, to) if from.starts_with("timestamp") && !to.starts_with("timestamp") => to.starts_with("time"),
        _ => match (time(old), time(new)) {
            (Some((_, from)), Some((_, to))) => to < from,
            _ => false,
        },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_type_leaves_the_rows_alone() {
        for (old, new) in [
            ("character varying(10)", "character varying(20)"),
            ("character varying(10)", "text"),
            ("character varying", "text"),
            ("numeric(8,2)", "numeric(10,2)"),
            ("numeric(8)", "numeric(10)"),
            ("numeric(8,2)", "numeric"),
            ("bit varying(3)", "bit varying(4)"),
            ("timestamp(3) without time zone", "timestamp without time zone"),
            ("time(0) with time zone", "time(6) with time zone"),
            ("interval(2)", "interval"),
            ("cidr", "inet"),
        ] {
            assert!(!rewrites(old, new) && !rounds(old, new), "{old} {new}");
            assert!(rewrites(new, old) || old == "character varying" || old == "cidr", "{new} {old}");
        }
    }

    #[test]
    fn what_is_stored_otherwise_is_written_anew() {
        for (old, new) in [
            ("integer", "bigint"),
            ("numeric(8,2)", "numeric(10,3)"),
            ("timestamp without time zone", "timestamp with time zone"),
            ("character(3)", "character(4)"),
            ("inet", "cidr"),
            ("integer[]", "bigint[]"),
        ] {
            assert!(rewrites(old, new) && !rounds(old, new), "{old} {new}");
        }
    }

    #[test]
    fn digits_that_go_are_a_loss() {
        for (old, new) in [
            ("numeric(8,3)", "numeric(8,2)"),
            ("numeric", "numeric(10,2)"),
            ("numeric(8,2)", "integer"),
            ("numeric", "bigint"),
            ("double precision", "real"),
            ("real", "integer"),
            ("timestamp with time zone", "date"),
            ("timestamp without time zone", "time without time zone"),
            ("timestamp without time zone", "timestamp(0) without time zone"),
        ] {
            assert!(rounds(old, new), "{old} {new}");
        }
        assert!(!rounds("numeric(8,0)", "integer") && !rounds("integer", "numeric(8,2)"));
    }
}
