//! PostgreSQL's values as JavaScript's.
//!
//! This is where most time of a large result goes, so objects are made with QuickJS's own functions: no property is looked up, and
//! all objects of one class share one shape.

use rquickjs::{Ctx, Result, Value as Js, qjs};

use crate::bindings::host::migration::types::{Array, Bound, Format, Range, Raw, Scalar, Uuid, Value};
use crate::classes::{Class, Classes};

/// Plain properties: configurable, writable, enumerable.
const PLAIN: qjs::c_int = qjs::JS_PROP_C_W_E as qjs::c_int;

/// A value that QuickJS counts a reference for, until [`Owned::give`] hands it on.
pub(crate) struct Owned(qjs::JSValue);

impl Owned {
    pub(crate) fn give(self) -> qjs::JSValue {
        self.0
    }

    pub(crate) fn into_value<'js>(self, ctx: &Ctx<'js>) -> Js<'js> {
        // SAFETY: the value is owned, and of the one context that there is.
        unsafe { Js::from_raw(ctx.clone(), self.0) }
    }

    /// # Safety
    /// `raw` must be owned by the caller and belong to `ctx`.
    pub(crate) unsafe fn take(raw: qjs::JSValue) -> Result<Self> {
        // SAFETY: as above.
        if unsafe { qjs::JS_IsException(raw) } { Err(rquickjs::Error::Exception) } else { Ok(Self(raw)) }
    }
}

impl<'js> Classes<'js> {
    fn raw(&self) -> *mut qjs::JSContext {
        self.ctx.as_raw().as_ptr()
    }

    pub(crate) fn text(&self, text: &str) -> Result<Owned> {
        // SAFETY: the bytes are read during the call.
        unsafe { Owned::take(qjs::JS_NewStringLen(self.raw(), text.as_ptr().cast(), text.len() as qjs::size_t)) }
    }

    fn int(&self, number: i32) -> Owned {
        Owned(qjs::JS_MKVAL(qjs::JS_TAG_INT, number))
    }

    fn boolean(&self, value: bool) -> Owned {
        Owned(if value { qjs::JS_TRUE } else { qjs::JS_FALSE })
    }

    fn float(&self, number: f64) -> Owned {
        // SAFETY: a number needs no memory, and so no reference.
        Owned(Js::new_float(self.ctx.clone(), number).as_raw())
    }

    fn big(&self, number: i64) -> Result<Owned> {
        // SAFETY: makes a new value.
        unsafe { Owned::take(qjs::JS_NewBigInt64(self.raw(), number)) }
    }

    fn bytes(&self, bytes: &[u8]) -> Result<Owned> {
        // SAFETY: the bytes are copied during the call.
        unsafe { Owned::take(qjs::JS_NewUint8ArrayCopy(self.raw(), bytes.as_ptr(), bytes.len() as qjs::size_t)) }
    }

    pub(crate) fn object(&self, prototype: qjs::JSValue) -> Result<Owned> {
        // SAFETY: the prototype is an object of this context.
        unsafe { Owned::take(qjs::JS_NewObjectProto(self.raw(), prototype)) }
    }

    /// Gives an object a property that it does not have yet.
    pub(crate) fn define(&self, object: &Owned, name: qjs::JSAtom, value: Owned) -> Result<()> {
        self.define_as(object, name, value, PLAIN)
    }

    pub(crate) fn define_as(&self, object: &Owned, name: qjs::JSAtom, value: Owned, flags: qjs::c_int) -> Result<()> {
        // SAFETY: the object belongs to this context; the value goes to it.
        let done = unsafe { qjs::JS_DefinePropertyValue(self.raw(), object.0, name, value.give(), flags) };
        if done < 0 { Err(rquickjs::Error::Exception) } else { Ok(()) }
    }

    /// A list of values, which go to it.
    pub(crate) fn list(&self, values: Vec<qjs::JSValue>) -> Result<Owned> {
        let length = qjs::c_int::try_from(values.len()).unwrap_or(qjs::c_int::MAX);
        // SAFETY: the values are owned, and go to the array.
        unsafe { Owned::take(qjs::JS_NewArrayFrom(self.raw(), length, values.as_ptr())) }
    }

    fn instance<const N: usize>(&self, class: Class, properties: [(qjs::JSAtom, Owned); N]) -> Result<Owned> {
        let object = self.object(self.prototype(class).as_value().as_raw())?;
        for (name, value) in properties {
            self.define(&object, name, value)?;
        }
        Ok(object)
    }

    /// One cell of a result.
    pub(crate) fn decode(&self, value: Value) -> Result<Owned> {
        match value {
            Value::Scalar(scalar) => self.decode_scalar(scalar),
            Value::Array(array) => self.decode_array(array),
            Value::Range(range) => self.decode_range(range),
        }
    }

    pub(crate) fn decode_scalar(&self, scalar: Scalar) -> Result<Owned> {
        let fields = &self.fields;
        match scalar {
            Scalar::Null => Ok(Owned(qjs::JS_NULL)),
            Scalar::Boolean(value) => Ok(self.boolean(value)),
            Scalar::Int2(number) => Ok(self.int(number.into())),
            Scalar::Int4(number) => Ok(self.int(number)),
            Scalar::Int8(number) => self.big(number),
            Scalar::Float4(number) => Ok(self.float(number.into())),
            Scalar::Float8(number) => Ok(self.float(number)),
            Scalar::Text(text) => self.text(&text),
            Scalar::Uuid(uuid) => self.text(&uuid_text(uuid)),
            Scalar::Bytea(bytes) => self.bytes(&bytes),
            Scalar::Numeric(text) => self.instance(Class::Numeric, [(fields.text, self.text(&text)?)]),
            Scalar::Json(text) => self.instance(Class::Json, [(fields.text, self.text(&text)?)]),
            Scalar::Jsonb(text) => self.instance(Class::Jsonb, [(fields.text, self.text(&text)?)]),
            Scalar::Date(days) => self.instance(Class::PgDate, [(fields.days, self.int(days))]),
            Scalar::Time(micros) => self.instance(Class::Time, [(fields.micros, self.float(micros as f64))]),
            Scalar::Timetz(time) => {
                let micros = (fields.micros, self.float(time.micros as f64));
                self.instance(Class::TimeTz, [micros, (fields.offset_seconds, self.int(time.offset_secs))])
            }
            Scalar::Timestamp(micros) => self.instance(Class::Timestamp, [(fields.micros, self.big(micros)?)]),
            Scalar::Timestamptz(micros) => self.instance(Class::Timestamptz, [(fields.micros, self.big(micros)?)]),
            Scalar::Interval(interval) => {
                let months = (fields.months, self.int(interval.months));
                let days = (fields.days, self.int(interval.days));
                self.instance(Class::Interval, [months, days, (fields.micros, self.big(interval.micros)?)])
            }
            Scalar::Other(raw) => self.decode_raw(raw),
        }
    }

    fn decode_raw(&self, raw: Raw) -> Result<Owned> {
        let fields = &self.fields;
        let (format, data) = match raw.format {
            Format::Text => ("text", self.bytes(&raw.data)?),
            Format::Binary => ("binary", self.bytes(&raw.data)?),
        };
        let type_oid = (fields.type_oid, self.float(raw.type_oid.into()));
        self.instance(Class::Raw, [type_oid, (fields.format, self.text(format)?), (fields.data, data)])
    }

    /// Arrays in arrays, as JavaScript has them. Where an index does not begin at 1, it is a `PgArray`, which remembers that.
    fn decode_array(&self, array: Array) -> Result<Owned> {
        let mut items = Vec::with_capacity(array.items.len());
        for item in array.items {
            items.push(self.decode_scalar(item)?.give());
        }
        // From the innermost dimension outwards, each one puts its length of items into one list.
        for dim in array.dims.iter().skip(1).rev() {
            let length = usize::try_from(dim.len).unwrap_or(usize::MAX).max(1);
            items = items.chunks(length).map(|row| Ok(self.list(row.to_vec())?.give())).collect::<Result<_>>()?;
        }
        let outermost = self.list(items)?;
        if array.dims.iter().all(|dim| dim.lower == 1) {
            return Ok(outermost);
        }
        let bounds = self.list(array.dims.iter().map(|dim| self.int(dim.lower).give()).collect())?;
        // Not enumerable, as PgArray.withBounds() makes it.
        let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as qjs::c_int;
        self.define_as(&outermost, self.fields.lower_bounds, bounds, flags)?;
        let value = outermost.into_value(&self.ctx);
        if let Some(object) = value.as_object() {
            object.set_prototype(Some(self.prototype(Class::PgArray)))?;
        }
        let raw = value.as_raw();
        std::mem::forget(value);
        Ok(Owned(raw))
    }

    fn decode_range(&self, range: Range) -> Result<Owned> {
        let fields = &self.fields;
        let end = |bound: Option<Bound>| -> Result<(Owned, bool)> {
            Ok(match bound {
                Some(bound) => (self.decode_scalar(bound.value)?, bound.inclusive),
                None => (Owned(qjs::JS_NULL), false),
            })
        };
        let (lower, lower_inclusive) = end(range.lower)?;
        let (upper, upper_inclusive) = end(range.upper)?;
        let properties = [
            (fields.lower, lower),
            (fields.upper, upper),
            (fields.lower_inclusive, self.boolean(lower_inclusive)),
            (fields.upper_inclusive, self.boolean(upper_inclusive)),
            (fields.is_empty, self.boolean(range.empty)),
            (fields.element, self.float(range.element.into())),
        ];
        self.instance(Class::Range, properties)
    }
}

fn uuid_text(uuid: Uuid) -> String {
    let (hi, lo) = (uuid.hi, uuid.lo);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        hi >> 32,
        (hi >> 16) & 0xffff,
        hi & 0xffff,
        lo >> 48,
        lo & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_usual_form() {
        let uuid = Uuid { hi: 0x0c2f_9e0e_3f0c_4f2e, lo: 0x8a54_0d4a_1a3f_9b11 };
        assert_eq!(uuid_text(uuid), "0c2f9e0e-3f0c-4f2e-8a54-0d4a1a3f9b11");
    }
}
