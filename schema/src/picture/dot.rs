//! A graph for the programs of Graphviz.

use std::fmt::Write as _;

use super::Column;
use super::Picture;

/// The text of a digraph, with an edge for each foreign key from column to column.
#[must_use]
pub fn dot(picture: &Picture) -> String {
    let mut text = String::from(
        "digraph schema {\n  graph [rankdir=RL, nodesep=0.4, ranksep=1];\n  node [shape=plain, fontname=\"Helvetica\", fontsize=11];\n  \
         edge [arrowhead=normal, arrowtail=crow, dir=both, color=\"#5b6675\"];\n",
    );
    for (number, table) in picture.drawn() {
        let _ = writeln!(text, "  t{number} [label=<");
        text.push_str("    <table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\">\n");
        let label = escaped(&picture.label(&table.schema, &table.name));
        let _ = writeln!(text, "      <tr><td bgcolor=\"#e8edf3\"><b>{label}</b></td></tr>");
        for (place, column) in table.columns.iter().enumerate() {
            let _ = writeln!(text, "      <tr><td align=\"left\" port=\"c{place}\">{}</td></tr>", row(column));
        }
        text.push_str("    </table>>];\n");
    }
    for reference in &picture.references {
        let end = |table: &(String, String), column: Option<&String>| {
            let number = picture.place(&table.0, &table.1)?;
            let columns = &picture.tables.get(number)?.columns;
            let place = columns.iter().position(|known| Some(&known.name) == column);
            Some(format!("t{number}{}", place.map_or_else(String::new, |place| format!(":c{place}"))))
        };
        let from = end(&reference.from, reference.columns.first());
        if let (Some(from), Some(to)) = (from, end(&reference.to, reference.to_columns.first())) {
            let _ = writeln!(text, "  {from} -> {to} [tooltip={}];", string(&reference.name));
        }
    }
    text.push_str("}\n");
    text
}

fn row(column: &Column) -> String {
    let name = escaped(&column.name);
    let name = if column.primary { format!("<u>{name}</u>") } else { name };
    let data_type = escaped(&column.data_type);
    let data_type = if column.not_null { data_type } else { format!("{data_type}?") };
    format!("{name} <font color=\"#5b6675\">{data_type}</font>")
}

/// A string of DOT; a backslash stays what it is.
fn string(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('\\', "\\\\"))
}

/// Text inside of XML, in which control characters cannot stand (XML 1.0, "Characters").
pub(super) fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => all.push('\u{fffd}'),
            letter => all.push(letter),
        }
    }
    all
}
