use crate::Error;
use crate::bulk::batch::Reader;
use crate::bulk::{FromField, ToField};

/// What a row can be read as: tuples of up to sixteen fields.
pub trait FromFields<'a>: Sized {
    /// How many fields it has.
    const FIELDS: usize;

    #[doc(hidden)]
    fn from_fields(reader: &mut Reader<'a>) -> Result<Self, Error>;
}

/// What can become a row: tuples of up to sixteen fields.
pub trait ToFields {
    /// How many fields it has.
    const FIELDS: u16;

    #[doc(hidden)]
    fn to_fields(&self, out: &mut Vec<u8>);
}

#[inline]
fn read<'a, T: FromField<'a>>(reader: &mut Reader<'a>, place: usize) -> Result<T, Error> {
    let field = reader.field().ok_or_else(|| Error::Conversion("the bytes end inside of a row".to_owned()))?;
    T::from_field(field).map_err(|error| match error {
        Error::Conversion(why) => Error::Conversion(format!("column {place}: {why}")),
        other => other,
    })
}

#[inline]
fn write(field: &impl ToField, out: &mut Vec<u8>) {
    const NULL: [u8; 4] = (-1_i32).to_be_bytes();
    let start = out.len();
    out.extend_from_slice(&NULL);
    if field.to_field(out) {
        // A guest has no memory for a field that is longer than the protocol's numbers.
        let length = i32::try_from(out.len() - start - NULL.len()).unwrap_or(i32::MAX);
        out[start..start + NULL.len()].copy_from_slice(&length.to_be_bytes());
    }
}

macro_rules! tuples {
    ($($count:literal: $($type:ident $place:tt $column:literal),+;)+) => {$(
        impl<'a, $($type: FromField<'a>),+> FromFields<'a> for ($($type,)+) {
            const FIELDS: usize = $count;

            #[inline]
            fn from_fields(reader: &mut Reader<'a>) -> Result<Self, Error> {
                Ok(($(read::<$type>(reader, $column)?,)+))
            }
        }

        impl<$($type: ToField),+> ToFields for ($($type,)+) {
            const FIELDS: u16 = $count;

            #[inline]
            fn to_fields(&self, out: &mut Vec<u8>) {
                $(write(&self.$place, out);)+
            }
        }
    )+};
}

tuples! {
    1: A 0 1;
    2: A 0 1, B 1 2;
    3: A 0 1, B 1 2, C 2 3;
    4: A 0 1, B 1 2, C 2 3, D 3 4;
    5: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5;
    6: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6;
    7: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7;
    8: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8;
    9: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9;
    10: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10;
    11: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11;
    12: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12;
    13: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13;
    14: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13, N 13 14;
    15: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13, N 13 14, O 14 15;
    16: A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13, N 13 14, O 14 15, P 15 16;
}
