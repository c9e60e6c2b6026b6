//! Looking at the plan of a transform, its source and its target before the first row: what cannot come to a good end is refused here.

use super::Isolation;
use super::plan::KeyColumn;
use super::plan::Transform;
use super::refused;
use crate::bindings::transforms::ApplyMode;
use crate::bindings::transforms::TransformPlan;
use crate::bindings::types::Column;
use crate::bindings::types::Scalar;
use crate::bindings::types::Value;
use crate::db::driver;
use crate::db::driver::text_field;
use crate::db::session::BEYOND_ASCII;
use crate::db::session::CopyTarget;
use crate::db::session::Session;
use crate::db::session::SessionError;
use crate::db::session::failed;
use crate::value;
use crate::value::TypeShape;
use crate::value::oid;

/// A table of the database.
#[derive(Debug)]
struct Table {
    number: u32,
    schema: String,
    name: String,
    /// `pg_class.relkind`.
    kind: String,
    columns: Vec<TableColumn>,
    /// The columns of each index that is unique, whole and in order, by their numbers.
    unique: Vec<Vec<i16>>,
}

#[derive(Debug)]
struct TableColumn {
    number: i16,
    name: String,
    type_oid: u32,
    is_generated: bool,
    /// Whether only the server gives it values, unless it is told otherwise (GENERATED ALWAYS AS IDENTITY).
    is_always_identity: bool,
    /// Whether a new row needs a value for it: it is NOT NULL, and has no default.
    is_required: bool,
}

impl Table {
    fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn require_unique(&self, key: &[i16], names: &[String]) -> Result<(), SessionError> {
        if self.unique.iter().any(|columns| columns == key) {
            return Ok(());
        }
        Err(refused(format!(
            "the key ({}) has no unique index in {}: it takes a valid btree index of exactly these columns in this order, without a \
             condition, so that ranges of it can be found and no row comes twice",
            names.join(", "),
            self.label()
        )))
    }
}

impl Session {
    /// Checks a plan, and gives the statements for it. Their tables and view have this number in their names; they do not exist yet.
    pub(super) async fn check_transform(
        &mut self,
        plan: &TransformPlan,
        number: u64,
        isolation: Isolation,
    ) -> Result<Transform, SessionError> {
        let described = self.describe(&plan.source, &[]).await.map(|prepared| {
            let shapes: Vec<TypeShape> = prepared.shapes();
            (prepared.columns(), shapes, prepared.parameters().len())
        });
        let (source, shapes, parameters) = self.forget_after(described).await?;
        if parameters > 0 {
            return Err(refused("the source has parameters: write the values into the query".to_owned()));
        }
        let (key_table, numbers, key) = self.key_columns(plan, &source, &shapes).await?;
        let origin = self.table(key_table).await?.ok_or_else(|| refused("the table of the key is gone".to_owned()))?;
        origin.require_unique(&numbers, &plan.key)?;
        let target = self.find_table(plan).await?;
        check_target(plan, &target, &source, &origin)?;
        if isolation == Isolation::EachBatch && plan.mode != ApplyMode::Insert {
            self.refuse_distributed(target.number, &target.label()).await?;
        }
        if self.is_own(&target) {
            return Err(refused(format!("{} belongs to host", target.label())));
        }
        let quoted =
            format!("{}.{}", value::escaped_identifier(&target.schema), value::escaped_identifier(&target.name));
        let (view, staging) = (format!("host_source_{number}"), format!("host_staging_{number}"));
        let no_columns = || refused("the target names no columns".to_owned());
        Ok(Transform {
            view: format!("pg_temp.{view}"),
            staging_name: format!("pg_temp.{staging}"),
            staging: CopyTarget::new(Some("pg_temp"), &staging, &plan.into.columns).ok_or_else(no_columns)?,
            target_label: target.label(),
            target: quoted,
            copy_target: CopyTarget::new(Some(&target.schema), &target.name, &plan.into.columns)
                .ok_or_else(no_columns)?,
            columns: plan.into.columns.clone(),
            key,
            mode: plan.mode,
            widths: widths(plan, &target),
            isolation,
            target_number: target.number,
            origin_number: origin.number,
            origin: format!(
                "{}.{}",
                value::escaped_identifier(&origin.schema),
                value::escaped_identifier(&origin.name)
            ),
            origin_columns: numbers
                .iter()
                .filter_map(|number| origin.columns.iter().find(|column| column.number == *number))
                .map(|column| column.name.clone())
                .collect(),
            long: source.iter().zip(&shapes).filter_map(|(column, shape)| measure(&column.name, shape)).collect(),
        })
    }

    /// The columns of the key: the table that they come from, their numbers there, and what else is to know of them.
    async fn key_columns(
        &mut self,
        plan: &TransformPlan,
        source: &[Column],
        shapes: &[TypeShape],
    ) -> Result<(u32, Vec<i16>, Vec<KeyColumn>), SessionError> {
        let (mut table, mut numbers, mut key) = (0, Vec::new(), Vec::new());
        for name in &plan.key {
            let mut places = source.iter().enumerate().filter(|(_, column)| column.name == *name);
            let (field, column) = match (places.next(), places.next()) {
                (Some(place), None) => place,
                (None, _) => return Err(refused(format!("the source has no column '{name}' for the key"))),
                _ => return Err(refused(format!("the source has two columns '{name}'"))),
            };
            if numbers.contains(&column.attnum) {
                return Err(refused(format!("the key names the column '{name}' twice")));
            }
            if column.table_oid == 0 || (table != 0 && column.table_oid != table) {
                return Err(refused(format!(
                    "the column '{name}' of the key is no plain column of one table: ranges are cut by an index, which a computed \
                     column or columns of several tables do not have"
                )));
            }
            let shape = shapes.get(field).cloned().unwrap_or(TypeShape::Other(column.type_oid));
            if !matches!(shape.base(), TypeShape::Simple(oid) if !matches!(*oid, oid::JSON | oid::UNKNOWN))
                && !matches!(shape.base(), TypeShape::Enum(_))
            {
                return Err(refused(format!(
                    "the column '{name}' of the key has the type {}: ranges are cut by numbers, texts, dates, times, uuids and enums",
                    column.type_name
                )));
            }
            table = column.table_oid;
            numbers.push(column.attnum);
            let type_name = self.type_name(shape.base().oid()).await?;
            key.push(KeyColumn { name: name.clone(), type_name, shape: shape.base().clone(), field });
        }
        if key.is_empty() {
            return Err(refused("the plan names no key".to_owned()));
        }
        Ok((table, numbers, key))
    }

    fn is_own(&mut self, table: &Table) -> bool {
        let tables = &self.database.tables;
        [&tables.version, &tables.log, &tables.journal, &tables.rejected]
            .iter()
            .any(|own| own.name == table.name && own.schema.as_ref().is_none_or(|schema| *schema == table.schema))
    }

    /// The table that a plan calls its target.
    async fn find_table(&mut self, plan: &TransformPlan) -> Result<Table, SessionError> {
        let quoted: Vec<String> =
            plan.into.schema.iter().chain([&plan.into.table]).map(|name| value::quote_identifier(name)).collect();
        let name = quoted.join(".");
        let mut literal = String::new();
        let text = Value::Scalar(Scalar::Text(name.clone()));
        value::write_plainly(&mut literal, &text).map_err(|error| refused(error.to_string()))?;
        self.read_as_the_guard(BEYOND_ASCII).await?;
        let sql = format!("SELECT pg_catalog.to_regclass({literal})::pg_catalog.oid");
        let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
        let number = rows.first().and_then(|row| text_field(row, 0)).and_then(|number| number.parse().ok());
        let found = match number {
            Some(number) => self.table(number).await?,
            None => None,
        };
        found.ok_or_else(|| refused(format!("there is no table {name}")))
    }

    /// What the catalogue says of a table.
    async fn table(&mut self, number: u32) -> Result<Option<Table>, SessionError> {
        let sql = format!(
            "SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n \
             ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE c.oid OPERATOR(pg_catalog.=) {number}::pg_catalog.oid"
        );
        let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let field = |index| text_field(row, index).unwrap_or_default();
        let (schema, name, kind) = (field(0), field(1), field(2));
        let sql = format!(
            "SELECT attnum, attname, atttypid, attgenerated, attidentity, attnotnull AND NOT atthasdef AND attidentity \
             OPERATOR(pg_catalog.=) ''::pg_catalog.\"char\" FROM pg_catalog.pg_attribute \
             WHERE attrelid OPERATOR(pg_catalog.=) {number}::pg_catalog.oid AND attnum OPERATOR(pg_catalog.>) 0 AND NOT attisdropped"
        );
        let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
        let columns = rows.iter().filter_map(|row| {
            Some(TableColumn {
                number: text_field(row, 0)?.parse().ok()?,
                name: text_field(row, 1)?,
                type_oid: text_field(row, 2)?.parse().ok()?,
                is_generated: text_field(row, 3).is_some_and(|kind| !kind.is_empty()),
                is_always_identity: text_field(row, 4).as_deref() == Some("a"),
                is_required: text_field(row, 5).as_deref() == Some("t"),
            })
        });
        let columns = columns.collect();
        // All in one order: a range of the key is then one stretch of the index, forwards or backwards.
        let sql = format!(
            "SELECT i.indkey, i.indnkeyatts, i.indoption FROM pg_catalog.pg_index AS i \
             JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid \
             JOIN pg_catalog.pg_am AS a ON a.oid OPERATOR(pg_catalog.=) c.relam \
             WHERE i.indrelid OPERATOR(pg_catalog.=) {number}::pg_catalog.oid AND i.indisunique AND i.indisvalid AND i.indimmediate \
             AND i.indpred IS NULL AND i.indexprs IS NULL AND a.amname OPERATOR(pg_catalog.=) 'btree'::pg_catalog.name"
        );
        let rows = driver::rows(self.connection(), sql).await.map_err(failed)?;
        let unique = rows.iter().filter_map(|row| {
            let count: usize = text_field(row, 1)?.parse().ok()?;
            let numbers = |index| -> Option<Vec<i16>> {
                text_field(row, index)?.split(' ').take(count).map(|number| number.parse().ok()).collect()
            };
            let order = numbers(2)?;
            let same = order.windows(2).all(|pair| pair.first() == pair.last()) && matches!(order.first(), Some(0 | 3));
            numbers(0).filter(|_| same)
        });
        Ok(Some(Table { number, schema, name, kind, columns, unique: unique.collect() }))
    }
}

/// Compares a plan with its target.
fn check_target(plan: &TransformPlan, target: &Table, source: &[Column], origin: &Table) -> Result<(), SessionError> {
    let label = target.label();
    if !matches!(target.kind.as_str(), "r" | "p") {
        return Err(refused(format!("{label} is no table: a view or a foreign table gets no rows by key")));
    }
    for (index, name) in plan.into.columns.iter().enumerate() {
        let column = target.column(name).ok_or_else(|| refused(format!("{label} has no column '{name}'")))?;
        if column.is_generated {
            return Err(refused(format!("the column '{name}' of {label} is generated: the server computes it")));
        }
        if plan.into.columns[..index].contains(name) {
            return Err(refused(format!("the target names the column '{name}' twice")));
        }
    }
    if plan.mode != ApplyMode::UpdateByKey && target.number == origin.number {
        return Err(refused(format!("{label} is read and gets new rows: that has no end; take another target")));
    }
    if plan.mode != ApplyMode::UpdateByKey
        && let Some(column) =
            target.columns.iter().find(|column| column.is_required && !plan.into.columns.contains(&column.name))
    {
        return Err(refused(format!(
            "the column '{}' of {label} is NOT NULL and has no default, and the plan names no value for it: every new row would \
             be refused",
            column.name
        )));
    }
    if plan.mode == ApplyMode::Insert {
        return Ok(());
    }
    let changed = |name: &&String| !plan.key.contains(name);
    if let Some(name) = plan
        .into
        .columns
        .iter()
        .filter(changed)
        .find(|name| target.column(name).is_some_and(|column| column.is_always_identity))
    {
        return Err(refused(format!(
            "the column '{name}' of {label} is GENERATED ALWAYS AS IDENTITY: it cannot be updated, leave it out of the columns"
        )));
    }
    let mut numbers = Vec::new();
    for name in &plan.key {
        let column = target.column(name).filter(|_| plan.into.columns.contains(name)).ok_or_else(|| {
            refused(format!(
                "the column '{name}' of the key is not among the columns of the target, by which rows are found"
            ))
        })?;
        let from = source.iter().find(|column| column.name == *name).map(|column| (column.type_oid, &column.type_name));
        if let Some((type_oid, type_name)) = from
            && type_oid != column.type_oid
        {
            let declared = target_type(column.type_oid);
            return Err(refused(format!(
                "the column '{name}' of the key is {type_name} in the source and {declared} in {label}: cast it in the source, or \
                 change the column"
            )));
        }
        numbers.push(column.number);
    }
    if plan.into.columns.len() == plan.key.len() {
        return Err(refused(format!(
            "the plan names no column of {label} besides the key: there is nothing to change"
        )));
    }
    target.require_unique(&numbers, &plan.key)
}

/// The columns of the target whose values have one length, with that and the name of their type, in the order of the plan.
fn widths(plan: &TransformPlan, target: &Table) -> Vec<Option<(usize, String)>> {
    let of = |name: &String| {
        let column = target.column(name)?;
        Some((value::width(column.type_oid)?, target_type(column.type_oid)))
    };
    plan.into.columns.iter().map(of).collect()
}

fn target_type(type_oid: u32) -> String {
    match value::builtin_type_name(type_oid) {
        Some(name) => name.trim_start_matches("pg_catalog.").to_owned(),
        None => "another type".to_owned(),
    }
}

/// How to measure the values of a column of the source without reading them, if they can be long.
fn measure(name: &str, shape: &TypeShape) -> Option<(String, &'static str)> {
    let function = match shape.base() {
        TypeShape::Simple(oid::TEXT | oid::VARCHAR | oid::BYTEA) => "octet_length",
        TypeShape::Simple(oid::NUMERIC | oid::JSON | oid::JSONB | oid::BPCHAR)
        | TypeShape::Array { .. }
        | TypeShape::Range { .. }
        | TypeShape::TextLike(_)
        | TypeShape::Other(_) => "pg_column_size",
        TypeShape::Simple(_) | TypeShape::Enum(_) | TypeShape::Domain { .. } => return None,
    };
    Some((value::escaped_identifier(name), function))
}
