//! From the facts of a database to what is drawn.

use std::collections::BTreeMap;

use super::Column;
use super::Picture;
use super::Reference;
use super::Table;
use crate::catalog::Catalog;
use crate::catalog::constraint::Constraint;
use crate::catalog::constraint::ConstraintType;
use crate::fact::Fact;
use crate::fact::FactId;
use crate::fact::Payload;

impl Picture {
    /// What a database has to be drawn: tables with their columns and foreign keys. Partitions are there without
    /// columns.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let mut tables: BTreeMap<(String, String), Table> = BTreeMap::new();
        for fact in catalog.facts() {
            if let (Some(kind), Some(key)) = (kind_of(&fact.payload), table_of(&fact.id)) {
                let (schema, name) = key.clone();
                let columns = match &fact.payload {
                    Payload::View(view) => view_columns(&view.columns),
                    Payload::MaterializedView(view) => view_columns(&view.columns),
                    _ => Vec::new(),
                };
                tables.insert(key, Table { schema, name, kind: kind.to_owned(), columns });
            }
        }
        for (table, parent) in partitions(catalog) {
            if let Some(table) = tables.get_mut(&table) {
                table.kind = format!("partition of {parent}");
            }
        }
        let mut places: BTreeMap<(String, String), Vec<(i32, Column)>> = BTreeMap::new();
        for fact in catalog.facts() {
            if let (Payload::Column(column), Some(key), Some(name)) =
                (&fact.payload, table_of(&fact.id), fact.id.path.last())
            {
                let (name, data_type) = (name.clone(), column.data_type.clone());
                let column =
                    (column.position, Column { name, data_type, not_null: column.not_null, ..Column::default() });
                places.entry(key).or_default().push(column);
            }
        }
        for (key, mut columns) in places {
            columns.sort_by_key(|(position, _)| *position);
            if let Some(table) = tables.get_mut(&key).filter(|table| !table.is_part()) {
                table.columns = columns.into_iter().map(|(_, column)| column).collect();
            }
        }
        let mut references = Vec::new();
        for fact in catalog.facts() {
            if let (Payload::Constraint(constraint), Some(key)) = (&fact.payload, table_of(&fact.id))
                && let Some(table) = tables.get_mut(&key).filter(|table| !table.is_part())
            {
                mark(table, constraint);
                references.extend(reference(fact, constraint, key, table));
            }
        }
        // Whether rows are unique by the columns of a foreign key is known when all constraints are.
        let uniques: Vec<((String, String), Vec<String>)> = catalog.facts().filter_map(unique_columns).collect();
        for reference in &mut references {
            reference.unique = uniques.iter().any(|(table, columns)| {
                *table == reference.from && columns.iter().all(|column| reference.columns.contains(column))
            });
        }
        references.sort_by(|one, other| (&one.from, &one.name).cmp(&(&other.from, &other.name)));
        Self { tables: tables.into_values().collect(), references }
    }
}

fn kind_of(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Table(table) if table.foreign.is_some() => Some("foreign table"),
        Payload::Table(table) if table.partition_key.is_some() => Some("partitioned table"),
        Payload::Table(table) if table.unlogged => Some("unlogged table"),
        Payload::Table(_) => Some("table"),
        Payload::View(_) => Some("view"),
        Payload::MaterializedView(_) => Some("materialized view"),
        _ => None,
    }
}

/// Schema and name of the table that a fact is, or is a part of.
fn table_of(id: &FactId) -> Option<(String, String)> {
    match id.path.as_slice() {
        [schema, name, ..] => Some((schema.clone(), name.clone())),
        _ => None,
    }
}

/// Each partition with the name of its table.
fn partitions(catalog: &Catalog) -> impl Iterator<Item = ((String, String), String)> {
    catalog.facts().filter_map(|fact| match &fact.payload {
        Payload::Inheritance(inheritance) if inheritance.bound.is_some() => {
            Some((table_of(&fact.id)?, inheritance.parent.join(".")))
        }
        _ => None,
    })
}

fn view_columns(columns: &[(String, String)]) -> Vec<Column> {
    let column = |(name, data_type): &(String, String)| Column {
        name: name.clone(),
        data_type: data_type.clone(),
        ..Column::default()
    };
    columns.iter().map(column).collect()
}

fn mark(table: &mut Table, constraint: &Constraint) {
    for column in &mut table.columns {
        let is_in = constraint.columns.contains(&column.name);
        column.primary |= is_in && constraint.constraint_type == ConstraintType::PrimaryKey;
        column.unique |= is_in && constraint.columns.len() == 1 && constraint.constraint_type == ConstraintType::Unique;
    }
}

fn reference(fact: &Fact, constraint: &Constraint, from: (String, String), table: &Table) -> Option<Reference> {
    let [schema, name] = constraint.references.as_deref()? else { return None };
    let can_be_null = |column: &&Column| constraint.columns.contains(&column.name) && !column.not_null;
    Some(Reference {
        name: fact.id.path.last().cloned().unwrap_or_default(),
        from,
        columns: constraint.columns.clone(),
        to: (schema.clone(), name.clone()),
        to_columns: constraint.referenced_columns.clone(),
        optional: table.columns.iter().any(|column| can_be_null(&column)),
        unique: false,
    })
}

/// The table and columns of a constraint that lets no two rows be alike.
fn unique_columns(fact: &Fact) -> Option<((String, String), Vec<String>)> {
    match &fact.payload {
        Payload::Constraint(constraint)
            if matches!(constraint.constraint_type, ConstraintType::PrimaryKey | ConstraintType::Unique) =>
        {
            Some((table_of(&fact.id)?, constraint.columns.clone()))
        }
        _ => None,
    }
}
