use crate::{Date, Error, Time, Timestamp, Timestamptz, Uuid};

/// What a field of a row can be read as. Numbers have to be of the size of the column's type.
pub trait FromField<'a>: Sized {
    /// Reads the bytes of a field; none for NULL.
    ///
    /// # Errors
    /// [`Error::Conversion`].
    fn from_field(field: Option<&'a [u8]>) -> Result<Self, Error>;
}

/// What can become a field of a row. The types have to be those of the target's columns.
pub trait ToField {
    /// Appends the bytes of the field. False, with nothing appended, is NULL.
    fn to_field(&self, out: &mut Vec<u8>) -> bool;
}

#[cold]
fn null<T>() -> Error {
    Error::Conversion(format!("a field is NULL, which is no {}: take an Option", std::any::type_name::<T>()))
}

#[cold]
fn length<T>(bytes: usize) -> Error {
    Error::Conversion(format!("a field of {bytes} bytes is no {}", std::any::type_name::<T>()))
}

macro_rules! fixed {
    ($($type:ty: $bytes:ty, $read:expr, $write:expr;)*) => {$(
        impl<'a> FromField<'a> for $type {
            #[inline]
            fn from_field(field: Option<&'a [u8]>) -> Result<Self, Error> {
                let field = field.ok_or_else(null::<Self>)?;
                let bytes: [u8; size_of::<$bytes>()] = field.try_into().map_err(|_| length::<Self>(field.len()))?;
                let read: fn($bytes) -> $type = $read;
                Ok(read(<$bytes>::from_be_bytes(bytes)))
            }
        }

        impl ToField for $type {
            #[inline]
            fn to_field(&self, out: &mut Vec<u8>) -> bool {
                let write: fn($type) -> $bytes = $write;
                out.extend_from_slice(&write(*self).to_be_bytes());
                true
            }
        }
    )*};
}

fixed! {
    i16: i16, |value| value, |value| value;
    i32: i32, |value| value, |value| value;
    i64: i64, |value| value, |value| value;
    f32: f32, |value| value, |value| value;
    f64: f64, |value| value, |value| value;
    bool: u8, |value| value != 0, u8::from;
    Date: i32, Date, |value| value.0;
    Time: i64, Time, |value| value.0;
    Timestamp: i64, Timestamp, |value| value.0;
    Timestamptz: i64, Timestamptz, |value| value.0;
    Uuid: u128, |value| Uuid::from_bytes(value.to_be_bytes()), |value| u128::from(value.hi) << 64 | u128::from(value.lo);
}

impl<'a> FromField<'a> for &'a [u8] {
    #[inline]
    fn from_field(field: Option<&'a [u8]>) -> Result<Self, Error> {
        field.ok_or_else(null::<Self>)
    }
}

impl<'a> FromField<'a> for &'a str {
    #[inline]
    fn from_field(field: Option<&'a [u8]>) -> Result<Self, Error> {
        let field = field.ok_or_else(null::<Self>)?;
        std::str::from_utf8(field).map_err(|error| Error::Conversion(format!("a field is no text: {error}")))
    }
}

impl<'a> FromField<'a> for String {
    fn from_field(field: Option<&'a [u8]>) -> Result<Self, Error> {
        <&str>::from_field(field).map(str::to_owned)
    }
}

impl<'a, T: FromField<'a>> FromField<'a> for Option<T> {
    #[inline]
    fn from_field(field: Option<&'a [u8]>) -> Result<Self, Error> {
        match field {
            Some(_) => T::from_field(field).map(Some),
            None => Ok(None),
        }
    }
}

impl ToField for str {
    #[inline]
    fn to_field(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(self.as_bytes());
        true
    }
}

impl ToField for [u8] {
    #[inline]
    fn to_field(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(self);
        true
    }
}

impl ToField for String {
    fn to_field(&self, out: &mut Vec<u8>) -> bool {
        self.as_str().to_field(out)
    }
}

impl<T: ToField + ?Sized> ToField for &T {
    #[inline]
    fn to_field(&self, out: &mut Vec<u8>) -> bool {
        (**self).to_field(out)
    }
}

impl<T: ToField> ToField for Option<T> {
    #[inline]
    fn to_field(&self, out: &mut Vec<u8>) -> bool {
        self.as_ref().is_some_and(|value| value.to_field(out))
    }
}

#[cfg(test)]
mod tests {
    use crate::bulk::{Batch, RowWriter};
    use crate::{Date, Error, Timestamptz, Uuid};

    type Row<'a> = (i16, i32, i64, f32, f64, bool, Option<&'a str>, &'a [u8], Date, Timestamptz, Uuid, String);

    #[test]
    fn what_is_written_is_read() {
        let uuid = Uuid { hi: 1 << 63, lo: 7 };
        let row = || -> Row<'static> {
            (-1, i32::MIN, i64::MAX, 0.5, -0.0, true, None, b"\0\xff", Date(1), Timestamptz(-1), uuid, "ü".to_owned())
        };
        let mut writer = RowWriter::new();
        writer.row(row());
        writer.row(row());
        let batch = Batch::of(writer);
        assert_eq!(batch.len(), 2);
        let read: Result<Vec<Row<'_>>, _> = batch.read().collect();
        assert_eq!(read, Ok(vec![row(), row()]));
        assert_eq!(
            batch.rows().map(|view| view.get::<Row<'_>>()).collect::<Result<Vec<_>, _>>(),
            Ok(vec![row(), row()])
        );
    }

    #[test]
    fn a_field_that_does_not_fit_names_its_place() {
        let mut writer = RowWriter::new();
        writer.row((1i32, None::<&str>));
        let batch = Batch::of(writer);
        let error = |read: Result<(), Error>| read.expect_err("an error").to_string();
        let first = batch.read::<(i64, Option<&str>)>().next().expect("a row").map(drop);
        assert_eq!(error(first), "row 1 of the batch: column 1: a field of 4 bytes is no i64");
        let second = batch.read::<(i32, &str)>().next().expect("a row").map(drop);
        assert_eq!(error(second), "row 1 of the batch: column 2: a field is NULL, which is no &str: take an Option");
        let count = batch.read::<(i32,)>().next().expect("a row").map(drop);
        assert_eq!(error(count), "row 1 of the batch: 1 fields were wanted, and there are 2");
    }
}
