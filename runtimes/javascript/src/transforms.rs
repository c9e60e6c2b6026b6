//! The interface `transforms` as functions of JavaScript, and a batch on its way through one of them.

use std::rc::Rc;

use rquickjs::{Ctx, Function, Object, Result, Value as Js};

use crate::bindings::host::migration::bulk::Target;
use crate::bindings::host::migration::transforms::{self, ApplyMode, TransformPlan};
use crate::bindings::host::migration::types::{Column, Error, Oid, Scalar, Tuples};
use crate::classes::{Class, Classes};
use crate::decode::Owned;
use crate::encode::what;
use crate::native::Calls;
use crate::tuples::{self, Fields, Kind};
use crate::types::Refused;

pub(crate) fn bind<'js>(ctx: &Ctx<'js>, native: &Object<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    let own = Rc::clone(calls);
    native.set("exportedAs", Function::new(ctx.clone(), move |value: Js<'js>| own.exported_as(&value))?)?;
    let own = Rc::clone(calls);
    let run = move |ctx: Ctx<'js>, pipeline: String, plan: Object<'js>| {
        let plan = plan_of(&plan)?;
        own.count(&ctx, transforms::run_transform(&pipeline, &plan))
    };
    native.set("runTransform", Function::new(ctx.clone(), run)?)?;
    let own = Rc::clone(calls);
    let read = move |ctx: Ctx<'js>, columns: Vec<Object<'js>>| {
        let columns = columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        let batch = own.batch.replace(Tuples { rows: 0, data: Vec::new() });
        own.tuples(&ctx, columns, &batch)
    };
    native.set("batchRows", Function::new(ctx.clone(), read)?)?;
    let own = Rc::clone(calls);
    let write = move |ctx: Ctx<'js>, columns: Vec<Object<'js>>, rows: Js<'js>| -> Result<()> {
        let columns = columns.iter().map(target_column).collect::<Result<Vec<_>>>()?;
        let written = own.classes(&ctx)?.write_rows(&columns, &rows);
        let written = written.map_err(|why| own.threw(&ctx, Error::BadParams(why)))?;
        own.batch.replace(written);
        Ok(())
    };
    native.set("batchMade", Function::new(ctx.clone(), write)?)
}

fn plan_of(plan: &Object<'_>) -> Result<TransformPlan> {
    let into = Target { schema: plan.get("schema")?, table: plan.get("into")?, columns: plan.get("columns")? };
    let mode = match plan.get::<_, String>("mode")?.as_str() {
        "insert" => ApplyMode::Insert,
        "upsert" => ApplyMode::Upsert,
        // The SDK has checked it.
        _ => ApplyMode::UpdateByKey,
    };
    Ok(TransformPlan {
        source: plan.get("source")?,
        key: plan.get("key")?,
        into,
        mode,
        batch_rows: number(plan, "batchRows")?,
        batch_bytes: number(plan, "batchBytes")?,
        parallelism: number(plan, "parallelism")?,
        commit_per_batch: plan.get("commitPerBatch")?,
    })
}

/// A number that the SDK has checked to be whole; one that is too large is refused by the host.
fn number(plan: &Object<'_>, name: &str) -> Result<u32> {
    plan.get::<_, f64>(name).map(|number| number as u32)
}

/// A column as `rows::list` shows it, with its type as the SDK found it: `kind` is that of text for enums.
fn column(column: &Object<'_>) -> Result<(Column, Kind)> {
    let kind = Kind::of(column.get::<_, Oid>("kind")?);
    let column = Column {
        name: column.get("name")?,
        type_oid: column.get("typeOid")?,
        type_name: column.get("typeName")?,
        table_oid: column.get("tableOid")?,
        attnum: column.get("attnum")?,
    };
    Ok((column, kind))
}

fn target_column(column: &Object<'_>) -> Result<(String, Kind)> {
    Ok((column.get("name")?, Kind::of(column.get::<_, Oid>("kind")?)))
}

impl<'js> Calls<'js> {
    /// The name under which the migration exports a value.
    fn exported_as(&self, value: &Js<'js>) -> Option<String> {
        let exports = self.exports.get()?;
        exports.props::<String, Js<'js>>().flatten().find(|(_, exported)| exported == value).map(|(name, _)| name)
    }

    /// The rows of a batch, as those of a result.
    fn tuples(&self, ctx: &Ctx<'js>, columns: Vec<(Column, Kind)>, batch: &Tuples) -> Result<Js<'js>> {
        let classes = self.classes(ctx)?;
        let (columns, kinds): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let mut fields = Fields::new(&batch.data);
        let broken = |row: u32, column: usize| {
            let (row, column) = (row + 1, column + 1);
            self.threw(
                ctx,
                Error::Conversion(format!("column {column} of row {row} of the batch has not the form of its type")),
            )
        };
        let mut rows = self.shapes.begin(classes, columns, batch.rows)?;
        for number in 0..batch.rows {
            if fields.row() != Some(kinds.len()) {
                return Err(broken(number, 0));
            }
            let mut cells = Vec::with_capacity(kinds.len());
            for (place, kind) in kinds.iter().enumerate() {
                let field = fields.next().ok_or_else(|| broken(number, place))?;
                let cell = match field {
                    None => classes.decode_scalar(Scalar::Null)?,
                    Some(field) => classes.decode_field(*kind, field)?.ok_or_else(|| broken(number, place))?,
                };
                cells.push(cell);
            }
            rows.push(classes, cells.into_iter())?;
        }
        rows.finish(classes)
    }
}

impl<'js> Classes<'js> {
    /// A field of a type; nothing where it does not have the form of that type.
    fn decode_field(&self, kind: Kind, field: &[u8]) -> Result<Option<Owned>> {
        // Most of a table is text, which needs no copy on the way.
        if kind == Kind::Text {
            return std::str::from_utf8(field).ok().map(|text| self.text(text)).transpose();
        }
        tuples::scalar(kind, field).map(|scalar| self.decode_scalar(scalar)).transpose()
    }

    /// Rows of values as rows of columns.
    fn write_rows(&self, columns: &[(String, Kind)], rows: &Js<'js>) -> std::result::Result<Tuples, Refused> {
        let broken = |error: rquickjs::Error| error.to_string();
        let rows = rows.as_array().ok_or("rows are given as a list of lists")?;
        let count = u16::try_from(columns.len()).map_err(|_| "there are too many columns")?;
        let mut data = Vec::new();
        for (place, row) in rows.iter::<Js<'js>>().enumerate() {
            let (number, row) = (place + 1, row.map_err(broken)?);
            let Some(row) = row.as_array() else {
                return Err(format!(
                    "row {number} is {}: give back each row as a list, such as [id, phone]",
                    what(&row)
                ));
            };
            if row.len() != columns.len() {
                return Err(format!("row {number} has {} values for {} columns", row.len(), columns.len()));
            }
            data.extend(count.to_be_bytes());
            for (value, (name, kind)) in row.iter::<Js<'js>>().zip(columns) {
                let written = value.map_err(broken).and_then(|value| self.write_field(*kind, &value, &mut data));
                written.map_err(|why| format!("column {name} of row {number}: {why}"))?;
            }
        }
        let rows = u32::try_from(rows.len()).map_err(|_| "there are too many rows")?;
        Ok(Tuples { rows, data })
    }

    fn write_field(&self, kind: Kind, value: &Js<'js>, data: &mut Vec<u8>) -> std::result::Result<(), Refused> {
        let is_compound =
            value.is_array() || value.as_object().and_then(|object| self.of(object)) == Some(Class::Range);
        if is_compound {
            return Err("lists and ranges have no form here: write a column of text, and let SQL convert it".to_owned());
        }
        tuples::field(kind, self.encode_scalar(value)?, data)
    }
}
