use crate::bindings::host::migration::types::Tuples;
use crate::bulk::ToFields;

/// Puts rows together. Its memory is used again: what a [`CopyIn`](crate::bulk::CopyIn) has written is gone from it.
#[derive(Debug)]
pub struct RowWriter {
    tuples: Tuples,
}

impl Default for RowWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl RowWriter {
    /// A writer without rows.
    pub fn new() -> Self {
        Self { tuples: Tuples { rows: 0, data: Vec::new() } }
    }

    /// A writer without rows that has room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { tuples: Tuples { rows: 0, data: Vec::with_capacity(bytes) } }
    }

    /// Appends a row: a tuple of what its columns are.
    ///
    /// ```
    /// use host_guest::bulk::RowWriter;
    ///
    /// let mut writer = RowWriter::new();
    /// writer.row((7i64, "soup", None::<f64>));
    /// assert_eq!(writer.len(), 1);
    /// ```
    #[inline]
    pub fn row<T: ToFields>(&mut self, row: T) {
        self.tuples.data.extend_from_slice(&T::FIELDS.to_be_bytes());
        row.to_fields(&mut self.tuples.data);
        self.tuples.rows += 1;
    }

    /// The number of its rows.
    pub fn len(&self) -> usize {
        usize::try_from(self.tuples.rows).unwrap_or(usize::MAX)
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.tuples.rows == 0
    }

    /// How many bytes its rows have.
    pub fn byte_len(&self) -> usize {
        self.tuples.data.len()
    }

    /// Forgets the rows, and keeps the memory.
    pub fn clear(&mut self) {
        self.tuples.rows = 0;
        self.tuples.data.clear();
    }

    pub(super) fn tuples(&self) -> &Tuples {
        &self.tuples
    }

    pub(crate) fn into_tuples(self) -> Tuples {
        self.tuples
    }
}
