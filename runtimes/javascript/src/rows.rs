//! Results as lists of objects. All rows of one result have one shape, which is made once for all results with these columns.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use rquickjs::{Object, Result, Value as Js, qjs};

use crate::bindings::host::migration::sql::ResultSet;
use crate::bindings::host::migration::types::Column;
use crate::classes::Classes;
use crate::decode::Owned;

/// How many shapes are kept.
const SHAPES_MAX: usize = 64;

/// What rows with the same columns have in common.
struct Shape<'js> {
    columns: Vec<Column>,
    names: Vec<qjs::JSAtom>,
    /// Whether the names tell the values apart, in the order of the columns.
    is_plain: bool,
    prototype: Object<'js>,
    listed: Js<'js>,
}

/// The shapes that were made.
#[derive(Default)]
pub(crate) struct Shapes<'js>(RefCell<Vec<Rc<Shape<'js>>>>);

impl<'js> Shapes<'js> {
    /// A list of rows, with the columns as a property that is not enumerable.
    pub(crate) fn rows(&self, classes: &Classes<'js>, result: ResultSet) -> Result<Js<'js>> {
        let mut rows = self.begin(classes, result.columns, u32::try_from(result.rows.len()).unwrap_or_default())?;
        for cells in result.rows {
            let cells = cells.into_iter().map(|cell| classes.decode(cell)).collect::<Result<Vec<_>>>()?;
            rows.push(classes, cells.into_iter())?;
        }
        rows.finish(classes)
    }

    /// Begins such a list, of about so many rows.
    pub(crate) fn begin(&self, classes: &Classes<'js>, columns: Vec<Column>, count: u32) -> Result<List<'js>> {
        let capacity = usize::try_from(count).unwrap_or_default();
        Ok(List { shape: self.shape(classes, columns)?, rows: Vec::with_capacity(capacity) })
    }

    fn shape(&self, classes: &Classes<'js>, columns: Vec<Column>) -> Result<Rc<Shape<'js>>> {
        if let Some(known) = self.0.borrow().iter().find(|shape| shape.columns == columns) {
            return Ok(Rc::clone(known));
        }
        let is_plain = are_plain(&columns);
        let listed = list(classes, &columns)?;
        let prototype: Object<'js> = classes.shape.call((listed.clone(), is_plain))?;
        // SAFETY: the names are read during the call; the atoms live as long as the engine.
        let atom = |column: &Column| unsafe {
            let name = &column.name;
            qjs::JS_NewAtomLen(classes.ctx.as_raw().as_ptr(), name.as_ptr().cast(), name.len() as qjs::size_t)
        };
        let names = columns.iter().map(atom).collect();
        let shape = Rc::new(Shape { columns, names, is_plain, prototype, listed });
        let mut known = self.0.borrow_mut();
        if known.len() == SHAPES_MAX {
            known.remove(0);
        }
        known.push(Rc::clone(&shape));
        Ok(shape)
    }
}

/// A list of rows that is being made.
pub(crate) struct List<'js> {
    shape: Rc<Shape<'js>>,
    rows: Vec<qjs::JSValue>,
}

impl<'js> List<'js> {
    /// Appends a row with these cells.
    pub(crate) fn push(&mut self, classes: &Classes<'js>, cells: impl Iterator<Item = Owned>) -> Result<()> {
        let shape = &self.shape;
        let row = classes.object(shape.prototype.as_value().as_raw())?;
        if shape.is_plain {
            for (name, cell) in shape.names.iter().zip(cells) {
                classes.define(&row, *name, cell)?;
            }
        } else {
            let mut values = Vec::with_capacity(shape.names.len());
            for (name, cell) in shape.names.iter().zip(cells) {
                let value = cell.into_value(&classes.ctx);
                values.push(kept(&value));
                classes.define(&row, *name, owned(value)?)?;
            }
            classes.define_as(&row, classes.values, classes.list(values)?, 0)?;
        }
        self.rows.push(row.give());
        Ok(())
    }

    /// The list.
    pub(crate) fn finish(self, classes: &Classes<'js>) -> Result<Js<'js>> {
        let rows = classes.list(self.rows)?;
        classes.define_as(&rows, classes.fields.columns, owned(self.shape.listed.clone())?, 0)?;
        Ok(rows.into_value(&classes.ctx))
    }
}

/// Columns as the SDK shows them.
pub(crate) fn list<'js>(classes: &Classes<'js>, columns: &[Column]) -> Result<Js<'js>> {
    let list = rquickjs::Array::new(classes.ctx.clone())?;
    for (place, column) in columns.iter().enumerate() {
        let object = Object::new(classes.ctx.clone())?;
        object.set("name", column.name.as_str())?;
        object.set("typeOid", column.type_oid)?;
        object.set("typeName", column.type_name.as_str())?;
        object.set("tableOid", column.table_oid)?;
        object.set("attnum", column.attnum)?;
        list.set(place, object)?;
    }
    Ok(list.into_value())
}

/// Whether each name is there once, and none is a number: those stand first in an object, whatever their order is.
fn are_plain(columns: &[Column]) -> bool {
    let mut seen = HashSet::new();
    columns.iter().all(|column| {
        let is_index = column.name.bytes().all(|byte| byte.is_ascii_digit()) && !column.name.is_empty();
        !is_index && seen.insert(column.name.as_str())
    })
}

/// One more reference to a value.
fn kept(value: &Js<'_>) -> qjs::JSValue {
    let copy = value.clone();
    let raw = copy.as_raw();
    std::mem::forget(copy);
    raw
}

fn owned(value: Js<'_>) -> Result<Owned> {
    let raw = value.as_raw();
    std::mem::forget(value);
    // SAFETY: the reference of the value that was forgotten goes to the new one.
    unsafe { Owned::take(raw) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<Column> {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            type_oid: 23,
            type_name: "int4".to_owned(),
            table_oid: 0,
            attnum: 0,
        };
        names.iter().map(column).collect()
    }

    #[test]
    fn names_that_do_not_tell_values_apart_are_found() {
        assert!(are_plain(&named(&["id", "name", "?column?", ""])));
        assert!(!are_plain(&named(&["id", "id"])));
        assert!(!are_plain(&named(&["b", "1"])));
    }
}
