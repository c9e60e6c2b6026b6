//! JavaScript's values as PostgreSQL's. What would lose something is refused.

use rquickjs::{BigInt, Function, Object, Value as Js, qjs};

use crate::bindings::host::migration::types::{
    Array, ArrayDim, Bound, Format, Interval, Oid, Range, Raw, Scalar, TimeTz, Value,
};
use crate::classes::{Class, Classes};
use crate::types::{Refused, number_scalar, unify};

/// The most dimensions that PostgreSQL's arrays have.
const DIMENSIONS_MAX: usize = 6;

/// Microseconds from 1970-01-01 to 2000-01-01.
const UNIX_MICROS: i64 = 946_684_800_000_000;

impl<'js> Classes<'js> {
    /// The parameters of one statement, or why they are none.
    pub(crate) fn parameters(&self, list: &Js<'js>) -> Result<Vec<Value>, Refused> {
        let Some(list) = list.as_array() else {
            return Err(format!("parameters are given as a list, such as [7, \"soup\"], and not as {}", what(list)));
        };
        let mut values = Vec::with_capacity(list.len());
        for (place, value) in list.iter::<Js<'js>>().enumerate() {
            let value = value.map_err(|error| error.to_string()).and_then(|value| self.encode(&value));
            values.push(value.map_err(|why| format!("${}: {why}", place + 1))?);
        }
        Ok(values)
    }

    /// The parameters of many runs of one statement.
    pub(crate) fn many_parameters(&self, rows: &Js<'js>) -> Result<Vec<Vec<Value>>, Refused> {
        let Some(rows) = rows.as_array() else {
            return Err(format!("rows are given as a list of lists, and not as {}", what(rows)));
        };
        let mut all = Vec::with_capacity(rows.len());
        for (place, row) in rows.iter::<Js<'js>>().enumerate() {
            let row = row.map_err(|error| error.to_string()).and_then(|row| self.parameters(&row));
            all.push(row.map_err(|why| format!("row {}: {why}", place + 1))?);
        }
        Ok(all)
    }

    fn encode(&self, value: &Js<'js>) -> Result<Value, Refused> {
        if let Some(array) = value.as_array() {
            return self.encode_array(array).map(Value::Array);
        }
        if let Some(object) = value.as_object()
            && self.of(object) == Some(Class::Range)
        {
            return self.encode_range(object).map(Value::Range);
        }
        self.encode_scalar(value).map(Value::Scalar)
    }

    pub(crate) fn encode_scalar(&self, value: &Js<'js>) -> Result<Scalar, Refused> {
        if let Some(number) = value.as_int() {
            return Ok(Scalar::Int4(number));
        }
        if let Some(text) = value.as_string() {
            let text = text.to_string();
            return text.map(Scalar::Text).map_err(|_| "a text has half of a surrogate pair".to_owned());
        }
        if value.is_null() {
            return Ok(Scalar::Null);
        }
        if let Some(number) = value.as_float() {
            return Ok(number_scalar(number));
        }
        if let Some(value) = value.as_bool() {
            return Ok(Scalar::Boolean(value));
        }
        if let Some(number) = value.as_big_int() {
            return self.big_scalar(number);
        }
        match value.as_object() {
            Some(object) if !value.is_function() => self.object_scalar(object),
            _ if value.is_undefined() => Err("undefined is no value: write null for NULL".to_owned()),
            _ => Err(format!("{} is no value of PostgreSQL", what(value))),
        }
    }

    /// `bigint`, or `numeric` where it is larger.
    fn big_scalar(&self, number: &BigInt<'js>) -> Result<Scalar, Refused> {
        let broken = |error: rquickjs::Error| error.to_string();
        let wrapped = number.clone().to_i64().map_err(broken)?;
        let back = BigInt::from_i64(self.ctx.clone(), wrapped).map_err(broken)?;
        // SAFETY: both are values of this context, and stay owned here.
        let is_same = unsafe {
            qjs::JS_IsStrictEqual(self.ctx.as_raw().as_ptr(), number.as_value().as_raw(), back.as_value().as_raw())
        };
        if is_same {
            return Ok(Scalar::Int8(wrapped));
        }
        let to_string: Function<'js> = self.ctx.globals().get("String").map_err(broken)?;
        to_string.call((number.clone(),)).map(Scalar::Numeric).map_err(broken)
    }

    fn object_scalar(&self, object: &Object<'js>) -> Result<Scalar, Refused> {
        let fields = &self.fields;
        match self.of(object) {
            Some(Class::PgDate) => self.int_of(object, fields.days, "days").map(Scalar::Date),
            Some(Class::Time) => self.whole_of(object, fields.micros, "micros").map(Scalar::Time),
            Some(Class::TimeTz) => {
                let micros = self.whole_of(object, fields.micros, "micros")?;
                let offset_secs = self.int_of(object, fields.offset_seconds, "offsetSeconds")?;
                Ok(Scalar::Timetz(TimeTz { micros, offset_secs }))
            }
            Some(Class::Timestamp) => self.whole_of(object, fields.micros, "micros").map(Scalar::Timestamp),
            Some(Class::Timestamptz) => self.whole_of(object, fields.micros, "micros").map(Scalar::Timestamptz),
            Some(Class::Numeric) => self.text_of(object, fields.text, "text").map(Scalar::Numeric),
            Some(Class::Json) => self.text_of(object, fields.text, "text").map(Scalar::Json),
            Some(Class::Jsonb) => self.text_of(object, fields.text, "text").map(Scalar::Jsonb),
            Some(Class::Interval) => {
                let months = self.int_of(object, fields.months, "months")?;
                let days = self.int_of(object, fields.days, "days")?;
                let micros = self.whole_of(object, fields.micros, "micros")?;
                Ok(Scalar::Interval(Interval { months, days, micros }))
            }
            Some(Class::Raw) => self.encode_raw(object).map(Scalar::Other),
            Some(Class::Range) => Err("a range cannot be part of an array or of a range".to_owned()),
            Some(Class::PgArray) => Err("an array cannot be part of a range".to_owned()),
            None => self.other_object(object),
        }
    }

    /// What JavaScript brings along itself.
    fn other_object(&self, object: &Object<'js>) -> Result<Scalar, Refused> {
        if let Some(bytes) = bytes(&self.ctx, object) {
            return Ok(Scalar::Bytea(bytes));
        }
        let broken = |error: rquickjs::Error| error.to_string();
        // SAFETY: it only looks at the value.
        if unsafe { qjs::JS_IsDate(object.as_value().as_raw()) } {
            let get_time: Function<'js> = object.get("getTime").map_err(broken)?;
            let millis: f64 = get_time.call((rquickjs::function::This(object.clone()),)).map_err(broken)?;
            if !millis.is_finite() {
                return Err("an invalid Date is no point in time".to_owned());
            }
            // At most 8.64e18, which fits.
            return Ok(Scalar::Timestamptz(millis as i64 * 1000 - UNIX_MICROS));
        }
        let is_plain = match object.get_prototype() {
            None => true,
            Some(prototype) => prototype.get_prototype().is_none() && !object.is_error(),
        };
        if !is_plain {
            return Err(format!("{} is no value of PostgreSQL", what(object.as_value())));
        }
        match self.ctx.json_stringify(object.clone()) {
            Ok(Some(text)) => text.to_string().map(Scalar::Jsonb).map_err(broken),
            Ok(None) => Err("an object cannot be written as JSON".to_owned()),
            Err(_) => Err(format!("an object cannot be written as JSON: {}", thrown(&self.ctx))),
        }
    }

    fn encode_raw(&self, object: &Object<'js>) -> Result<Raw, Refused> {
        let broken = |error: rquickjs::Error| error.to_string();
        let number = self.field(object, self.fields.type_oid).map_err(broken)?.as_number().unwrap_or(-1.0);
        if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
            return Err(format!("the typeOid of a Raw is {number}, but must be a whole number from 0 to {}", u32::MAX));
        }
        let format = match self.text_of(object, self.fields.format, "format")?.as_str() {
            "binary" => Format::Binary,
            _ => Format::Text,
        };
        let data = self.field(object, self.fields.data).map_err(broken)?;
        let data = match (data.as_string(), data.as_object().and_then(|data| bytes(&self.ctx, data))) {
            (Some(text), _) => text.to_string().map_err(broken)?.into_bytes(),
            (None, Some(bytes)) => bytes,
            (None, None) => return Err(format!("the data of a Raw are text or a Uint8Array, not {}", what(&data))),
        };
        Ok(Raw { type_oid: number as u32, format, data })
    }

    fn encode_array(&self, array: &rquickjs::Array<'js>) -> Result<Array, Refused> {
        let mut dims = Vec::new();
        let mut items = Vec::new();
        self.flatten(array, 0, &mut dims, &mut items)?;
        if items.is_empty() {
            dims.clear();
        }
        if let Ok(bounds) = self.field(array.as_object(), self.fields.lower_bounds)
            && let Some(bounds) = bounds.as_array()
        {
            for (dim, bound) in dims.iter_mut().zip(bounds.iter::<i32>()) {
                dim.lower = bound.map_err(|_| "lowerBounds are whole numbers".to_owned())?;
            }
        }
        let element = unify(&mut items)?;
        Ok(Array { element, dims, items })
    }

    /// Puts the items of arrays in arrays into one list, row by row.
    fn flatten(
        &self,
        array: &rquickjs::Array<'js>,
        depth: usize,
        dims: &mut Vec<ArrayDim>,
        items: &mut Vec<Scalar>,
    ) -> Result<(), Refused> {
        if depth == DIMENSIONS_MAX {
            return Err(format!("an array has more than {DIMENSIONS_MAX} dimensions"));
        }
        let len = u32::try_from(array.len()).map_err(|_| "an array is too long".to_owned())?;
        match dims.get(depth) {
            None => dims.push(ArrayDim { len, lower: 1 }),
            Some(dim) if dim.len == len => {}
            Some(dim) => return Err(format!("the rows of an array have {} and {len} items", dim.len)),
        }
        for (place, item) in array.iter::<Js<'js>>().enumerate() {
            let item = item.map_err(|error| error.to_string())?;
            match item.as_array() {
                Some(inner) => {
                    let is_first = place == 0 && items.is_empty();
                    if !is_first && dims.len() == depth + 1 {
                        return Err("an array has items beside arrays".to_owned());
                    }
                    self.flatten(inner, depth + 1, dims, items)?;
                }
                None if dims.len() > depth + 1 => return Err("an array has items beside arrays".to_owned()),
                None => {
                    let item = self.encode_scalar(&item).map_err(|why| format!("item {}: {why}", place + 1))?;
                    items.push(item);
                }
            }
        }
        Ok(())
    }

    fn encode_range(&self, range: &Object<'js>) -> Result<Range, Refused> {
        let broken = |error: rquickjs::Error| error.to_string();
        let truth = |name| Ok::<_, Refused>(self.field(range, name).map_err(broken)?.as_bool() == Some(true));
        let known = self.field(range, self.fields.element).map_err(broken)?.as_number().unwrap_or_default() as Oid;
        if truth(self.fields.is_empty)? {
            return Ok(Range { element: known, empty: true, lower: None, upper: None });
        }
        let lower = self.encode_scalar(&self.field(range, self.fields.lower).map_err(broken)?)?;
        let upper = self.encode_scalar(&self.field(range, self.fields.upper).map_err(broken)?)?;
        let mut ends = vec![lower, upper];
        let element = match unify(&mut ends)? {
            0 => known,
            element => element,
        };
        let mut ends = ends.into_iter();
        let mut end = |inclusive| match ends.next() {
            None | Some(Scalar::Null) => None,
            Some(value) => Some(Bound { value, inclusive }),
        };
        let lower = end(truth(self.fields.lower_inclusive)?);
        let upper = end(truth(self.fields.upper_inclusive)?);
        Ok(Range { element, empty: false, lower, upper })
    }

    /// A property that a class of the SDK checked when it was made, but that anybody can change.
    fn int_of(&self, object: &Object<'js>, field: qjs::JSAtom, name: &str) -> Result<i32, Refused> {
        let number = self.whole_of(object, field, name)?;
        i32::try_from(number).map_err(|_| format!("{name} is {number}, which does not fit"))
    }

    fn whole_of(&self, object: &Object<'js>, field: qjs::JSAtom, name: &str) -> Result<i64, Refused> {
        let value = self.field(object, field).map_err(|error| error.to_string())?;
        let scalar = match value.is_number() || value.is_big_int() {
            true => self.encode_scalar(&value)?,
            false => Scalar::Null,
        };
        match scalar {
            Scalar::Int4(number) => Ok(number.into()),
            Scalar::Int8(number) => Ok(number),
            _ => Err(format!("{name} is no whole number of 64 bits")),
        }
    }

    fn text_of(&self, object: &Object<'js>, field: qjs::JSAtom, name: &str) -> Result<String, Refused> {
        let value = self.field(object, field).map_err(|error| error.to_string())?;
        let Some(text) = value.as_string() else { return Err(format!("{name} is no text")) };
        text.to_string().map_err(|_| "a text has half of a surrogate pair".to_owned())
    }
}

/// The bytes of an ArrayBuffer, or of a look at one, such as a Uint8Array.
fn bytes(ctx: &rquickjs::Ctx<'_>, object: &Object<'_>) -> Option<Vec<u8>> {
    let raw = object.as_value().as_raw();
    // SAFETY: the bytes are copied before anything else of JavaScript runs.
    unsafe {
        let mut length: qjs::size_t = 0;
        if qjs::JS_GetTypedArrayType(raw) == qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8 as qjs::c_int {
            let start = qjs::JS_GetUint8Array(ctx.as_raw().as_ptr(), &mut length, raw);
            return copied(start, length);
        }
    }
    // SAFETY: as above.
    object.as_array_buffer().and_then(|buffer| unsafe { buffer.as_bytes() }.map(<[u8]>::to_vec))
}

/// # Safety
/// `start` must point to `length` bytes, or to nothing.
unsafe fn copied(start: *const u8, length: qjs::size_t) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    if length == 0 {
        return Some(Vec::new());
    }
    // SAFETY: as above.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start, length) }.to_vec())
}

/// The message of what was thrown last.
fn thrown(ctx: &rquickjs::Ctx<'_>) -> String {
    let value = ctx.catch();
    let message = value.as_object().and_then(|error| error.get::<_, String>("message").ok());
    message.unwrap_or_else(|| "it threw".to_owned())
}

/// What a value is, for a message.
pub(crate) fn what(value: &Js<'_>) -> String {
    if let Some(object) = value.as_object()
        && !value.is_function()
    {
        let constructor: Option<Object<'_>> = object.get("constructor").ok();
        let name: Option<String> = constructor.and_then(|constructor| constructor.get("name").ok());
        return match name.as_deref() {
            None | Some("" | "Object") => "an object".to_owned(),
            Some(name) => format!("an object of the class {name}"),
        };
    }
    match value.type_name() {
        "undefined" | "null" => value.type_name().to_owned(),
        "int" | "float" => "a number".to_owned(),
        "big_int" | "bigint" => "a bigint".to_owned(),
        other => format!("a {other}"),
    }
}
