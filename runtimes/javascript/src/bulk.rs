//! The interface `bulk` as functions of JavaScript: cursors, and rows written by COPY.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Class, Ctx, Function, JsLifetime, Object, Result, TypedArray, Value as Js};

use crate::bindings::host::migration::bulk;
use crate::bindings::host::migration::sql::ResultSet;
use crate::bindings::host::migration::types::{Column, Error, Tuples};
use crate::native::{Calls, handle, text};
use crate::rows;

/// A cursor, until it is closed.
struct CursorHandle(RefCell<Option<OpenCursor>>);

struct OpenCursor {
    cursor: bulk::Cursor,
    columns: Vec<Column>,
}

/// What writes rows, until it is closed.
struct CopyInHandle(RefCell<Option<bulk::CopyInWriter>>);

handle!(CursorHandle);
handle!(CopyInHandle);

fn closed(what: &str) -> Error {
    Error::Misuse(format!("the {what} is closed"))
}

impl CursorHandle {
    fn with<T>(
        &self,
        work: impl FnOnce(&OpenCursor) -> std::result::Result<T, Error>,
    ) -> std::result::Result<T, Error> {
        self.0.borrow().as_ref().map_or_else(|| Err(closed("cursor")), work)
    }
}

impl CopyInHandle {
    fn with<T>(
        &self,
        work: impl FnOnce(&bulk::CopyInWriter) -> std::result::Result<T, Error>,
    ) -> std::result::Result<T, Error> {
        self.0.borrow().as_ref().map_or_else(|| Err(closed("copy")), work)
    }
}

pub(crate) fn bind<'js>(ctx: &Ctx<'js>, native: &Object<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    bind_cursors(ctx, native, calls)?;
    bind_copies(ctx, native, calls)
}

fn bind_cursors<'js>(ctx: &Ctx<'js>, native: &Object<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    type Handle<'js> = Class<'js, CursorHandle>;
    let own = Rc::clone(calls);
    let open = move |ctx: Ctx<'js>, statement: Js<'js>, values: Js<'js>| {
        let (statement, values) = (text(&ctx, &statement)?, own.values(&ctx, &values)?);
        let cursor = bulk::open_cursor(&statement, &values).map_err(|error| own.threw(&ctx, error))?;
        let columns = cursor.columns();
        Class::instance(ctx, CursorHandle(RefCell::new(Some(OpenCursor { cursor, columns }))))
    };
    native.set("cursor", Function::new(ctx.clone(), open)?)?;
    let own = Rc::clone(calls);
    let columns = move |ctx: Ctx<'js>, handle: Handle<'js>| {
        let columns = handle.borrow().with(|open| Ok(open.columns.clone())).map_err(|error| own.threw(&ctx, error))?;
        rows::list(own.classes(&ctx)?, &columns)
    };
    native.set("cursorColumns", Function::new(ctx.clone(), columns)?)?;
    let own = Rc::clone(calls);
    let fetch = move |ctx: Ctx<'js>, handle: Handle<'js>, count: u32| {
        let fetched = handle.borrow().with(|open| {
            let rows = open.cursor.fetch_rows(count)?;
            Ok(ResultSet { columns: open.columns.clone(), rows })
        });
        own.rows(&ctx, fetched)
    };
    native.set("cursorFetch", Function::new(ctx.clone(), fetch)?)?;
    let own = Rc::clone(calls);
    let fetch_tuples = move |ctx: Ctx<'js>, handle: Handle<'js>, count: u32, size: u32| -> Result<Object<'js>> {
        let fetched = handle.borrow().with(|open| open.cursor.fetch_tuples(count, size));
        let Tuples { rows, data } = fetched.map_err(|error| own.threw(&ctx, error))?;
        let tuples = Object::new(ctx.clone())?;
        tuples.set("rows", rows)?;
        tuples.set("data", TypedArray::<u8>::new(ctx, data)?)?;
        Ok(tuples)
    };
    native.set("cursorFetchTuples", Function::new(ctx.clone(), fetch_tuples)?)?;
    let close = |handle: Handle<'js>| drop(handle.borrow().0.take());
    native.set("cursorClose", Function::new(ctx.clone(), close)?)
}

fn bind_copies<'js>(ctx: &Ctx<'js>, native: &Object<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    type Handle<'js> = Class<'js, CopyInHandle>;
    let own = Rc::clone(calls);
    let copy_into = move |ctx: Ctx<'js>, schema: Option<String>, table: String, columns: Vec<String>| {
        let target = bulk::Target { schema, table, columns };
        let writer = bulk::copy_in(&target).map_err(|error| own.threw(&ctx, error))?;
        Class::instance(ctx, CopyInHandle(RefCell::new(Some(writer))))
    };
    native.set("copyInto", Function::new(ctx.clone(), copy_into)?)?;
    let own = Rc::clone(calls);
    let write = move |ctx: Ctx<'js>, handle: Handle<'js>, rows: Js<'js>| {
        let rows = own.many_values(&ctx, &rows)?;
        own.done(&ctx, handle.borrow().with(|writer| writer.write_rows(&rows)))
    };
    native.set("copyInWrite", Function::new(ctx.clone(), write)?)?;
    let own = Rc::clone(calls);
    let write_tuples = move |ctx: Ctx<'js>, handle: Handle<'js>, rows: u32, data: TypedArray<'js, u8>| {
        // SAFETY: the bytes are copied before anything else of JavaScript runs.
        let data = unsafe { data.as_bytes() }.unwrap_or_default().to_vec();
        own.done(&ctx, handle.borrow().with(|writer| writer.write_tuples(&Tuples { rows, data })))
    };
    native.set("copyInWriteTuples", Function::new(ctx.clone(), write_tuples)?)?;
    let own = Rc::clone(calls);
    let finish = move |ctx: Ctx<'js>, handle: Handle<'js>| {
        let written = own.count(&ctx, handle.borrow().with(bulk::CopyInWriter::finish))?;
        drop(handle.borrow().0.take());
        Ok::<f64, rquickjs::Error>(written)
    };
    native.set("copyInFinish", Function::new(ctx.clone(), finish)?)?;
    let close = |handle: Handle<'js>| drop(handle.borrow().0.take());
    native.set("copyInClose", Function::new(ctx.clone(), close)?)
}
