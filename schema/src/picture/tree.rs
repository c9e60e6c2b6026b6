//! A tree for a terminal.

use super::Column;
use super::Picture;
use super::Reference;
use super::Table;

/// Schemas, their tables, and the columns of each, a line for each of them.
#[must_use]
pub fn tree(picture: &Picture) -> String {
    let mut text = String::new();
    for schema in picture.schemas() {
        text.push_str(schema);
        text.push('\n');
        let tables: Vec<&Table> = picture.tables.iter().filter(|table| table.schema == schema).collect();
        for (place, table) in tables.iter().enumerate() {
            let last = place + 1 == tables.len();
            branch(&mut text, "", last, &heading(table));
            let lines = lines(picture, table);
            for (place, line) in lines.iter().enumerate() {
                branch(&mut text, if last { "    " } else { "│   " }, place + 1 == lines.len(), line);
            }
        }
    }
    text
}

fn branch(text: &mut String, before: &str, last: bool, line: &str) {
    text.push_str(before);
    text.push_str(if last { "└── " } else { "├── " });
    text.push_str(line.trim_end());
    text.push('\n');
}

fn heading(table: &Table) -> String {
    if table.kind == "table" { table.name.clone() } else { format!("{} ({})", table.name, table.kind) }
}

fn lines(picture: &Picture, table: &Table) -> Vec<String> {
    let names = table.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0);
    let types = table.columns.iter().map(|column| column.data_type.chars().count()).max().unwrap_or(0);
    let references: Vec<&Reference> = picture.references_from(table).collect();
    let mut lines: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let mut notes = notes(column);
            let alone = references.iter().filter(|reference| reference.columns == [column.name.as_str()]);
            notes.extend(alone.map(|reference| format!("→ {}", target(table, reference))));
            format!("{:names$}  {:types$}  {}", column.name, column.data_type, notes.join(", "))
        })
        .collect();
    let composite = references.iter().filter(|reference| reference.columns.len() != 1);
    lines.extend(
        composite.map(|reference| format!("({}) → {}", reference.columns.join(", "), target(table, reference))),
    );
    lines
}

fn notes(column: &Column) -> Vec<String> {
    let notes =
        [(column.primary, "primary key"), (column.unique, "unique"), (column.not_null && !column.primary, "not null")];
    notes.into_iter().filter(|(is, _)| *is).map(|(_, note)| note.to_owned()).collect()
}

/// The table that is referenced, with its schema where that is another one, and the columns.
fn target(from: &Table, reference: &Reference) -> String {
    let (schema, name) = &reference.to;
    let table = if *schema == from.schema { name.clone() } else { format!("{schema}.{name}") };
    format!("{table} ({})", reference.to_columns.join(", "))
}
