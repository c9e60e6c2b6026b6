//! The calls of the contract as functions of JavaScript. The SDK gets them as one object, and gives them their names, defaults
//! and checks.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Array, BigInt, Class, Ctx, Exception, Function, JsLifetime, Object, Result, Value as Js};

use crate::bindings::host::migration::types::{Error, Limit, SqlError, Tuples, Value};
use crate::bindings::host::migration::{env, sql};
use crate::classes::Classes;
use crate::clock;
use crate::failure::Teller;
use crate::rows::{self, Shapes};

/// What the functions share.
pub(crate) struct Calls<'js> {
    classes: OnceCell<Classes<'js>>,
    pub(crate) shapes: Shapes<'js>,
    teller: Rc<Teller>,
    /// What the migration exports, when its module has run.
    pub(crate) exports: OnceCell<Object<'js>>,
    /// The batch that a transform works on, and then what it made of it.
    pub(crate) batch: RefCell<Tuples>,
}

thread_local! {
    /// Whether a savepoint was given up without a word: neither kept nor undone.
    static FORGOTTEN: Cell<bool> = const { Cell::new(false) };
    /// Whether the server refused a statement since which no savepoint was rolled back: the transaction is lost, and the host tells why.
    static REFUSED: Cell<bool> = const { Cell::new(false) };
    /// How many savepoints are open that were neither kept nor undone.
    static UNDECIDED: Cell<usize> = const { Cell::new(0) };
}

/// A prepared statement, which is closed when JavaScript does not know it any more.
struct StatementHandle(sql::Statement);

/// A savepoint.
struct SavepointHandle {
    savepoint: sql::Savepoint,
    is_decided: Cell<bool>,
}

impl SavepointHandle {
    fn decide(&self) {
        if !self.is_decided.replace(true) {
            UNDECIDED.set(UNDECIDED.get().saturating_sub(1));
        }
    }
}

impl Drop for SavepointHandle {
    fn drop(&mut self) {
        if !self.is_decided.get() {
            FORGOTTEN.set(true);
        }
    }
}

/// Whether the host itself will tell what the server refused.
pub(crate) fn host_knows_refusal() -> bool {
    REFUSED.get()
}

/// Whether the migration left a savepoint without a decision. What it did since would be lost without a word.
pub(crate) fn forgot_savepoint() -> bool {
    FORGOTTEN.get() || UNDECIDED.get() > 0
}

/// Makes a handle something that JavaScript can hold.
macro_rules! handle {
    ($handle:ident) => {
        // SAFETY: it has no lifetime of JavaScript's.
        unsafe impl<'js> JsLifetime<'js> for $handle {
            type Changed<'to> = $handle;
        }

        impl<'js> Trace<'js> for $handle {
            fn trace<'a>(&self, _tracer: Tracer<'a, 'js>) {}
        }

        impl<'js> JsClass<'js> for $handle {
            const NAME: &'static str = stringify!($handle);
            type Mutable = Readable;

            fn constructor(_ctx: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
                Ok(None)
            }
        }
    };
}

pub(crate) use handle;

handle!(StatementHandle);
handle!(SavepointHandle);

impl<'js> Calls<'js> {
    pub(crate) fn new(teller: Rc<Teller>) -> Rc<Self> {
        let batch = RefCell::new(Tuples { rows: 0, data: Vec::new() });
        Rc::new(Self { classes: OnceCell::new(), shapes: Shapes::default(), teller, exports: OnceCell::new(), batch })
    }

    pub(crate) fn classes(&self, ctx: &Ctx<'js>) -> Result<&Classes<'js>> {
        // The prelude registers them before anything of a migration runs.
        self.classes.get().ok_or_else(|| Exception::throw_internal(ctx, "the SDK is not set up"))
    }

    /// Throws what the host answered.
    pub(crate) fn threw(&self, ctx: &Ctx<'js>, error: Error) -> rquickjs::Error {
        if matches!(error, Error::Sql(_)) {
            REFUSED.set(true);
        }
        let made = self.classes(ctx).and_then(|classes| {
            let (kind, detail) = match error {
                Error::Sql(error) => ("sql", sql_error(ctx, error)?.into_value()),
                Error::Exceeded(limit) => ("exceeded", classes.text(limit_name(limit))?.into_value(ctx)),
                Error::BadParams(why) => ("bad-params", classes.text(&why)?.into_value(ctx)),
                Error::Conversion(why) => ("conversion", classes.text(&why)?.into_value(ctx)),
                Error::Denied(why) => ("denied", classes.text(&why)?.into_value(ctx)),
                Error::Offline(why) => ("offline", classes.text(&why)?.into_value(ctx)),
                Error::Misuse(why) => ("misuse", classes.text(&why)?.into_value(ctx)),
            };
            classes.error_of.call::<_, Js<'js>>((kind, detail))
        });
        match made {
            Ok(error) => ctx.throw(error),
            Err(error) => error,
        }
    }

    pub(crate) fn values(&self, ctx: &Ctx<'js>, list: &Js<'js>) -> Result<Vec<Value>> {
        let values = self.classes(ctx)?.parameters(list);
        values.map_err(|why| self.threw(ctx, Error::BadParams(why)))
    }

    pub(crate) fn many_values(&self, ctx: &Ctx<'js>, rows: &Js<'js>) -> Result<Vec<Vec<Value>>> {
        let rows = self.classes(ctx)?.many_parameters(rows);
        rows.map_err(|why| self.threw(ctx, Error::BadParams(why)))
    }

    pub(crate) fn count(&self, ctx: &Ctx<'js>, answer: std::result::Result<u64, Error>) -> Result<f64> {
        answer.map(|rows| rows as f64).map_err(|error| self.threw(ctx, error))
    }

    pub(crate) fn done(&self, ctx: &Ctx<'js>, answer: std::result::Result<(), Error>) -> Result<()> {
        answer.map_err(|error| self.threw(ctx, error))
    }

    pub(crate) fn rows(&self, ctx: &Ctx<'js>, answer: std::result::Result<sql::ResultSet, Error>) -> Result<Js<'js>> {
        let result = answer.map_err(|error| self.threw(ctx, error))?;
        self.shapes.rows(self.classes(ctx)?, result)
    }
}

/// A statement's text.
pub(crate) fn text(ctx: &Ctx<'_>, value: &Js<'_>) -> Result<String> {
    match value.as_string() {
        Some(text) => text.to_string(),
        None => {
            let message = format!("a statement is a text, and not of the type {}", value.type_name());
            Err(Exception::throw_type(ctx, &message))
        }
    }
}

fn sql_error<'js>(ctx: &Ctx<'js>, error: SqlError) -> Result<Object<'js>> {
    let fields = Object::new(ctx.clone())?;
    fields.set("sqlstate", error.sqlstate)?;
    fields.set("severity", error.severity)?;
    fields.set("message", error.message)?;
    fields.set("position", error.position)?;
    let optional = [
        ("detail", error.detail),
        ("hint", error.hint),
        ("context", error.context),
        ("schema", error.schema),
        ("table", error.table),
        ("column", error.column),
        ("datatype", error.datatype),
        ("constraint", error.constraint),
    ];
    for (name, text) in optional {
        // Undefined where the server said nothing.
        fields.set(name, text)?;
    }
    Ok(fields)
}

pub(crate) fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::Rows => "rows",
        Limit::Bytes => "bytes",
        Limit::StatementTime => "statement-time",
        Limit::TotalTime => "total-time",
        Limit::OpenHandles => "open-handles",
    }
}

/// Puts the calls where the SDK's module `native.js` takes them from.
pub(crate) fn bind<'js>(ctx: &Ctx<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    let native = Object::new(ctx.clone())?;
    bind_setup(ctx, &native, calls)?;
    bind_sql(ctx, &native, calls)?;
    bind_statements(ctx, &native, calls)?;
    crate::bulk::bind(ctx, &native, calls)?;
    crate::transforms::bind(ctx, &native, calls)?;
    bind_env(ctx, &native)?;
    ctx.globals().set("__native", native)
}

fn bind_setup<'js>(ctx: &Ctx<'js>, native: &Object<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    let own = Rc::clone(calls);
    let register = move |ctx: Ctx<'js>, registered: Object<'js>| -> Result<()> {
        // A second time changes nothing.
        let _ = own.classes.set(Classes::new(&ctx, &registered)?);
        Ok(())
    };
    native.set("register", Function::new(ctx.clone(), register)?)?;
    let own = Rc::clone(calls);
    native.set("describe", Function::new(ctx.clone(), move |error: Js<'js>| own.teller.tell(&error))?)?;
    native.set("random", Function::new(ctx.clone(), clock::random)?)?;
    let encode = |ctx: Ctx<'js>, text: String| rquickjs::TypedArray::<u8>::new(ctx, text.into_bytes());
    native.set("encodeText", Function::new(ctx.clone(), encode)?)?;
    let decode = |bytes: rquickjs::TypedArray<'js, u8>, is_fatal: bool| -> Option<String> {
        // SAFETY: the bytes are copied before anything else of JavaScript runs.
        let bytes = unsafe { bytes.as_bytes() }.unwrap_or_default();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match is_fatal {
            true => std::str::from_utf8(bytes).ok().map(str::to_owned),
            false => Some(String::from_utf8_lossy(bytes).into_owned()),
        }
    };
    native.set("decodeText", Function::new(ctx.clone(), decode)?)
}

fn bind_sql<'js>(ctx: &Ctx<'js>, native: &Object<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    let own = Rc::clone(calls);
    let execute = move |ctx: Ctx<'js>, statement: Js<'js>, values: Js<'js>| {
        let (statement, values) = (text(&ctx, &statement)?, own.values(&ctx, &values)?);
        own.count(&ctx, sql::execute(&statement, &values))
    };
    native.set("execute", Function::new(ctx.clone(), execute)?)?;
    let own = Rc::clone(calls);
    let execute_script =
        move |ctx: Ctx<'js>, script: Js<'js>| own.done(&ctx, sql::execute_script(&text(&ctx, &script)?));
    native.set("executeScript", Function::new(ctx.clone(), execute_script)?)?;
    let own = Rc::clone(calls);
    let execute_many = move |ctx: Ctx<'js>, statement: Js<'js>, rows: Js<'js>| {
        let (statement, rows) = (text(&ctx, &statement)?, own.many_values(&ctx, &rows)?);
        own.count(&ctx, sql::prepare(&statement).and_then(|statement| statement.execute_many(&rows)))
    };
    native.set("executeMany", Function::new(ctx.clone(), execute_many)?)?;
    let own = Rc::clone(calls);
    let query = move |ctx: Ctx<'js>, statement: Js<'js>, values: Js<'js>| {
        let (statement, values) = (text(&ctx, &statement)?, own.values(&ctx, &values)?);
        own.rows(&ctx, sql::query(&statement, &values))
    };
    native.set("query", Function::new(ctx.clone(), query)?)?;
    let own = Rc::clone(calls);
    let begin = move |ctx: Ctx<'js>| {
        let savepoint = sql::begin_savepoint().map_err(|error| own.threw(&ctx, error))?;
        UNDECIDED.set(UNDECIDED.get().saturating_add(1));
        Class::instance(ctx.clone(), SavepointHandle { savepoint, is_decided: Cell::new(false) })
    };
    native.set("beginSavepoint", Function::new(ctx.clone(), begin)?)?;
    let own = Rc::clone(calls);
    let release = move |ctx: Ctx<'js>, handle: Class<'js, SavepointHandle>| {
        let handle = handle.borrow();
        handle.decide();
        own.done(&ctx, handle.savepoint.release())
    };
    native.set("savepointRelease", Function::new(ctx.clone(), release)?)?;
    let own = Rc::clone(calls);
    let rollback = move |ctx: Ctx<'js>, handle: Class<'js, SavepointHandle>| -> Result<()> {
        let handle = handle.borrow();
        handle.decide();
        own.done(&ctx, handle.savepoint.rollback())?;
        REFUSED.set(false);
        // Left open, it would undo what comes after it, too, whenever JavaScript forgets it.
        own.done(&ctx, handle.savepoint.release())
    };
    native.set("savepointRollback", Function::new(ctx.clone(), rollback)?)
}

fn bind_statements<'js>(ctx: &Ctx<'js>, native: &Object<'js>, calls: &Rc<Calls<'js>>) -> Result<()> {
    type Handle<'js> = Class<'js, StatementHandle>;
    let own = Rc::clone(calls);
    let prepare = move |ctx: Ctx<'js>, statement: Js<'js>| {
        let prepared = sql::prepare(&text(&ctx, &statement)?).map_err(|error| own.threw(&ctx, error))?;
        Class::instance(ctx.clone(), StatementHandle(prepared))
    };
    native.set("prepare", Function::new(ctx.clone(), prepare)?)?;
    let params = |handle: Handle<'js>| handle.borrow().0.params();
    native.set("statementParams", Function::new(ctx.clone(), params)?)?;
    let own = Rc::clone(calls);
    let columns =
        move |ctx: Ctx<'js>, handle: Handle<'js>| rows::list(own.classes(&ctx)?, &handle.borrow().0.columns());
    native.set("statementColumns", Function::new(ctx.clone(), columns)?)?;
    let own = Rc::clone(calls);
    let execute = move |ctx: Ctx<'js>, handle: Handle<'js>, values: Js<'js>| {
        let values = own.values(&ctx, &values)?;
        own.count(&ctx, handle.borrow().0.execute(&values))
    };
    native.set("statementExecute", Function::new(ctx.clone(), execute)?)?;
    let own = Rc::clone(calls);
    let execute_many = move |ctx: Ctx<'js>, handle: Handle<'js>, rows: Js<'js>| {
        let rows = own.many_values(&ctx, &rows)?;
        own.count(&ctx, handle.borrow().0.execute_many(&rows))
    };
    native.set("statementExecuteMany", Function::new(ctx.clone(), execute_many)?)?;
    let own = Rc::clone(calls);
    let query = move |ctx: Ctx<'js>, handle: Handle<'js>, values: Js<'js>| {
        let values = own.values(&ctx, &values)?;
        own.rows(&ctx, handle.borrow().0.query(&values))
    };
    native.set("statementQuery", Function::new(ctx.clone(), query)?)
}

fn bind_env<'js>(ctx: &Ctx<'js>, native: &Object<'js>) -> Result<()> {
    let log = |level: String, message: String| {
        let level = match level.as_str() {
            "trace" => env::Level::Trace,
            "debug" => env::Level::Debug,
            "warn" => env::Level::Warn,
            "error" => env::Level::Error,
            _ => env::Level::Info,
        };
        env::log(level, &message);
    };
    native.set("log", Function::new(ctx.clone(), log)?)?;
    // The SDK has checked that they are whole and not negative.
    let whole = |number: BigInt<'js>| number.to_i64().ok().and_then(|number| u64::try_from(number).ok());
    let progress = move |label: String, done: BigInt<'js>, total: Option<BigInt<'js>>| {
        env::progress(&label, whole(done).unwrap_or(u64::MAX), total.and_then(whole));
    };
    native.set("progress", Function::new(ctx.clone(), progress)?)?;
    native.set("runInfo", Function::new(ctx.clone(), run_info)?)
}

fn run_info<'js>(ctx: Ctx<'js>) -> Result<Object<'js>> {
    let run = env::run();
    let facts = Object::new(ctx.clone())?;
    facts.set("revision", run.revision)?;
    facts.set("serverVersion", run.server_version)?;
    facts.set("searchPath", run.search_path)?;
    facts.set("dryRun", run.dry_run)?;
    facts.set("nowMicros", BigInt::from_i64(ctx.clone(), run.now_micros)?)?;
    facts.set("seed", BigInt::from_u64(ctx.clone(), run.seed)?)?;
    let args = Array::new(ctx.clone())?;
    for (place, (key, value)) in run.args.into_iter().enumerate() {
        args.set(place, [key, value].as_slice())?;
    }
    facts.set("args", args)?;
    Ok(facts)
}
