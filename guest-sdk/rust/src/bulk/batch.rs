use crate::Error;
use crate::bindings::host::migration::types::Tuples;
use crate::bulk::FromFields;

/// Rows in PostgreSQL's binary form. Nothing is copied when they are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub(crate) tuples: Tuples,
}

/// One row of a [`Batch`]: its fields, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'a> {
    fields: u16,
    data: &'a [u8],
}

impl Batch {
    /// The rows that a writer has, for tests of what reads them.
    ///
    /// ```
    /// use host_guest::bulk::{Batch, RowWriter};
    ///
    /// let mut writer = RowWriter::new();
    /// writer.row((7i64, "soup"));
    /// let batch = Batch::of(writer);
    /// let rows: Result<Vec<(i64, &str)>, _> = batch.read().collect();
    /// assert_eq!(rows?, [(7, "soup")]);
    /// # Ok::<(), host_guest::Error>(())
    /// ```
    pub fn of(writer: crate::bulk::RowWriter) -> Self {
        Self { tuples: writer.into_tuples() }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        usize::try_from(self.tuples.rows).unwrap_or(usize::MAX)
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.tuples.rows == 0
    }

    /// All rows in the layout of binary COPY, without its header and trailer.
    pub fn bytes(&self) -> &[u8] {
        &self.tuples.data
    }

    /// The rows, field by field.
    ///
    /// ```
    /// # use host_guest::bulk::{Batch, RowWriter};
    /// # let mut writer = RowWriter::new();
    /// # writer.row((Some("soup"), None::<i32>));
    /// # let batch = Batch::of(writer);
    /// for row in batch.rows() {
    ///     let fields: Vec<Option<&[u8]>> = row.fields().collect();
    ///     assert_eq!(fields, [Some(b"soup".as_slice()), None]);
    /// }
    /// ```
    pub fn rows(&self) -> impl Iterator<Item = RowView<'_>> {
        let mut rest = self.tuples.data.as_slice();
        std::iter::from_fn(move || {
            let (count, fields) = rest.split_first_chunk()?;
            let fields_count = u16::from_be_bytes(*count);
            let mut reader = Reader { rest: fields };
            for _ in 0..fields_count {
                reader.field()?;
            }
            let length = fields.len() - reader.rest.len();
            rest = reader.rest;
            Some(RowView { fields: fields_count, data: &fields[..length] })
        })
    }

    /// The rows as tuples of Rust's types; a field that can be NULL is an `Option`.
    ///
    /// An example is in the documentation of the [module](crate::bulk).
    ///
    /// # Errors
    /// Each row by itself: [`Error::Conversion`] when it has another number of fields, or one of another type.
    pub fn read<'a, T: FromFields<'a>>(&'a self) -> impl Iterator<Item = Result<T, Error>> {
        let mut reader = Reader { rest: &self.tuples.data };
        let mut row = 0_usize;
        std::iter::from_fn(move || {
            let count = reader.count()?;
            row += 1;
            let read = if usize::from(count) == T::FIELDS {
                T::from_fields(&mut reader)
            } else {
                Err(Error::Conversion(format!("{} fields were wanted, and there are {count}", T::FIELDS)))
            };
            if read.is_err() {
                // What follows cannot be told from the rest of this row.
                reader.rest = &[];
            }
            Some(read.map_err(|error| match error {
                Error::Conversion(why) => Error::Conversion(format!("row {row} of the batch: {why}")),
                other => other,
            }))
        })
    }
}

impl<'a> RowView<'a> {
    /// The number of its fields.
    pub fn len(&self) -> usize {
        usize::from(self.fields)
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.fields == 0
    }

    /// The bytes of its fields; none for NULL.
    pub fn fields(&self) -> impl Iterator<Item = Option<&'a [u8]>> + use<'a> {
        let mut reader = Reader { rest: self.data };
        std::iter::from_fn(move || reader.field())
    }

    /// The row as a tuple of Rust's types, as [`Batch::read`] gives it.
    ///
    /// # Errors
    /// [`Error::Conversion`] when it has another number of fields, or one of another type.
    pub fn get<T: FromFields<'a>>(&self) -> Result<T, Error> {
        if self.len() != T::FIELDS {
            return Err(Error::Conversion(format!("{} fields were wanted, and there are {}", T::FIELDS, self.fields)));
        }
        T::from_fields(&mut Reader { rest: self.data })
    }
}

/// Reads the fields of rows in their order.
#[doc(hidden)]
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn count(&mut self) -> Option<u16> {
        let (count, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u16::from_be_bytes(*count))
    }

    /// The next field; none at the end.
    #[doc(hidden)]
    #[inline]
    pub fn field(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.rest.split_first_chunk()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.rest = rest;
            return Some(None);
        };
        let (field, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Some(field))
    }
}
