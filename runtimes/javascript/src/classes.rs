//! The classes of the SDK whose objects the runtime makes and reads itself, and the functions of it that are called from here.

use rquickjs::{Ctx, Function, Object, Result, Symbol, Value, qjs};

/// The classes, in the order of [`Class::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    PgDate,
    Time,
    TimeTz,
    Timestamp,
    Timestamptz,
    Numeric,
    Json,
    Jsonb,
    Interval,
    Range,
    PgArray,
    Raw,
}

impl Class {
    const ALL: [(Self, &'static str); 12] = [
        (Self::PgDate, "PgDate"),
        (Self::Time, "Time"),
        (Self::TimeTz, "TimeTz"),
        (Self::Timestamp, "Timestamp"),
        (Self::Timestamptz, "Timestamptz"),
        (Self::Numeric, "Numeric"),
        (Self::Json, "Json"),
        (Self::Jsonb, "Jsonb"),
        (Self::Interval, "Interval"),
        (Self::Range, "Range"),
        (Self::PgArray, "PgArray"),
        (Self::Raw, "Raw"),
    ];
}

/// The names of the properties that are read and written, as QuickJS keeps names.
macro_rules! fields {
    ($($field:ident = $name:literal),* $(,)?) => {
        #[derive(Clone, Copy)]
        pub(crate) struct Fields { $(pub(crate) $field: qjs::JSAtom),* }

        impl Fields {
            fn new(ctx: &Ctx<'_>) -> Self {
                // SAFETY: the context is alive, and the bytes are those of a literal. The atoms are never freed: they live as long as
                // the engine.
                let atom = |name: &str| unsafe {
                    qjs::JS_NewAtomLen(ctx.as_raw().as_ptr(), name.as_ptr().cast(), name.len() as qjs::size_t)
                };
                Self { $($field: atom($name)),* }
            }
        }
    };
}

fields! {
    days = "days", micros = "micros", offset_seconds = "offsetSeconds", months = "months", text = "text",
    lower = "lower", upper = "upper", lower_inclusive = "lowerInclusive", upper_inclusive = "upperInclusive",
    is_empty = "isEmpty", element = "element", lower_bounds = "lowerBounds", type_oid = "typeOid", format = "format",
    data = "data", columns = "columns",
}

/// What the SDK registered.
pub(crate) struct Classes<'js> {
    pub(crate) ctx: Ctx<'js>,
    pub(crate) fields: Fields,
    prototypes: Vec<Object<'js>>,
    /// `errorOf(kind, detail)` makes an error.
    pub(crate) error_of: Function<'js>,
    /// `shape(columns, isPlain)` makes what the rows of a result have in common.
    pub(crate) shape: Function<'js>,
    /// Under this symbol a row has its values, when its names do not tell them apart.
    pub(crate) values: qjs::JSAtom,
}

impl<'js> Classes<'js> {
    pub(crate) fn new(ctx: &Ctx<'js>, registered: &Object<'js>) -> Result<Self> {
        let classes: Object<'js> = registered.get("classes")?;
        let prototype = |(_, name): &(Class, &str)| classes.get::<_, Object<'js>>(*name)?.get("prototype");
        let symbol: Symbol<'js> = registered.get("values")?;
        Ok(Self {
            ctx: ctx.clone(),
            fields: Fields::new(ctx),
            prototypes: Class::ALL.iter().map(prototype).collect::<Result<_>>()?,
            error_of: registered.get("errorOf")?,
            shape: registered.get("shape")?,
            // SAFETY: both belong to this context.
            values: unsafe { qjs::JS_ValueToAtom(ctx.as_raw().as_ptr(), symbol.as_value().as_raw()) },
        })
    }

    pub(crate) fn prototype(&self, class: Class) -> &Object<'js> {
        &self.prototypes[class as usize]
    }

    /// The class of an object, when it is one of these itself and not one that is derived from it.
    pub(crate) fn of(&self, object: &Object<'js>) -> Option<Class> {
        let prototype = object.get_prototype()?;
        let place = self.prototypes.iter().position(|known| same(known, &prototype))?;
        Class::ALL.get(place).map(|(class, _)| *class)
    }

    /// Reads a property.
    pub(crate) fn field(&self, object: &Object<'js>, name: qjs::JSAtom) -> Result<Value<'js>> {
        // SAFETY: object and context belong together, the atom is alive, and the value is owned.
        unsafe {
            let raw = qjs::JS_GetProperty(self.ctx.as_raw().as_ptr(), object.as_value().as_raw(), name);
            if qjs::JS_IsException(raw) {
                return Err(rquickjs::Error::Exception);
            }
            Ok(Value::from_raw(self.ctx.clone(), raw))
        }
    }
}

/// Whether two are one object.
fn same(one: &Object<'_>, other: &Object<'_>) -> bool {
    // SAFETY: both are objects, so both are pointers.
    unsafe { qjs::JS_VALUE_GET_PTR(one.as_value().as_raw()) == qjs::JS_VALUE_GET_PTR(other.as_value().as_raw()) }
}
