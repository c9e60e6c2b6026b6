//! What is drawn: less than a catalog has.

use std::collections::BTreeSet;

use serde::Serialize;

/// Tables and the foreign keys between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Sorted by schema and name.
    pub tables: Vec<Table>,
    /// Sorted by table and name.
    pub references: Vec<Reference>,
}

/// A table or a view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `table`, `view`, `partition of public.events` and the like.
    pub kind: String,
    /// In their order.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as `format_type` writes it.
    pub data_type: String,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// Whether it is a part of the primary key.
    pub primary: bool,
    /// Whether it is unique by itself.
    pub unique: bool,
}

/// A foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The name of the constraint.
    pub name: String,
    /// Schema and name of the table that has it.
    pub from: (String, String),
    /// Its columns.
    pub columns: Vec<String>,
    /// Schema and name of the table that it refers to.
    pub to: (String, String),
    /// The columns there.
    pub to_columns: Vec<String>,
    /// Whether a row may refer to none.
    pub optional: bool,
    /// Whether two rows cannot refer to the same one.
    pub unique: bool,
}

impl Table {
    /// Whether it only shows, or is a part of, what other tables have: a view or a partition. Drawings leave it out.
    pub(super) fn is_part(&self) -> bool {
        self.kind.ends_with("view") || self.kind.starts_with("partition ")
    }
}

impl Picture {
    /// What drawings show, with the numbers of all tables.
    pub(super) fn drawn(&self) -> impl Iterator<Item = (usize, &Table)> {
        self.tables.iter().enumerate().filter(|(_, table)| !table.is_part())
    }

    /// The schemas that have tables, sorted.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.tables.iter().map(|table| table.schema.as_str()).collect();
        names.into_iter()
    }

    /// The place of a table in the list.
    pub(super) fn place(&self, schema: &str, name: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.schema == schema && table.name == name)
    }

    pub(super) fn references_from<'a>(&'a self, table: &Table) -> impl Iterator<Item = &'a Reference> {
        let from = (table.schema.clone(), table.name.clone());
        self.references.iter().filter(move |reference| reference.from == from)
    }

    /// What a table is called: with its schema where there are several.
    pub(super) fn label(&self, schema: &str, name: &str) -> String {
        let has_several = self.tables.iter().any(|table| table.schema != schema);
        if has_several { format!("{schema}.{name}") } else { name.to_owned() }
    }
}
