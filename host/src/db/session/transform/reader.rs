//! The rows of a `COPY … TO STDOUT` in binary form, as they come: as many as were asked for, and not two of one key.

use crate::value::COPY_HEADER;

/// The length of a NULL.
const NULL_LENGTH: i32 = -1;

/// Reads rows until there are enough of them; what comes after these is looked at and dropped.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    /// Which fields are the key.
    key: &'a [usize],
    rows_max: u32,
    bytes_max: usize,
    data: Vec<u8>,
    /// How many bytes of the data are rows that were taken.
    taken: usize,
    rows: u32,
    /// Where the key of the last row taken lies, field by field.
    last: Vec<(usize, usize)>,
    has_begun: bool,
    is_full: bool,
}

/// Rows that cannot be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReadError {
    /// Two rows have one key.
    Duplicate,
    /// A row alone has more bytes than a batch may.
    TooLarge,
    /// The bytes are no rows.
    Malformed,
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) rows: u32,
    pub(super) data: Vec<u8>,
    /// The fields of the key of the last row; none without a row.
    pub(super) last: Option<Vec<Vec<u8>>>,
    /// Whether there were no more.
    pub(super) all: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(key: &'a [usize], rows_max: u32, bytes_max: usize) -> Self {
        Self {
            key,
            rows_max,
            bytes_max,
            data: Vec::new(),
            taken: 0,
            rows: 0,
            last: Vec::new(),
            has_begun: false,
            is_full: false,
        }
    }

    /// Takes what has come.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), ReadError> {
        if self.is_full {
            return Ok(());
        }
        self.data.extend_from_slice(chunk);
        if !self.has_begun {
            let Some(rest) = self.data.len().checked_sub(COPY_HEADER.len()) else { return Ok(()) };
            if !self.data.starts_with(COPY_HEADER) {
                return Err(ReadError::Malformed);
            }
            self.data.copy_within(COPY_HEADER.len().., 0);
            self.data.truncate(rest);
            self.has_begun = true;
        }
        while !self.is_full && self.next_row()? {}
        Ok(())
    }

    /// The end of the data.
    pub(super) fn end(mut self) -> Result<Rows, ReadError> {
        // The trailer is left.
        if !self.is_full && self.data.get(self.taken..).is_none_or(|rest| rest != crate::value::COPY_TRAILER) {
            return Err(ReadError::Malformed);
        }
        let last = self.last.iter().map(|(start, end)| self.data[*start..*end].to_vec()).collect();
        self.data.truncate(self.taken);
        Ok(Rows { rows: self.rows, data: self.data, last: (self.rows > 0).then_some(last), all: !self.is_full })
    }

    /// Reads one more row; false when it is not all there.
    fn next_row(&mut self) -> Result<bool, ReadError> {
        let mut place = self.taken;
        let Some(fields) = number::<2>(&self.data, &mut place).map(i16::from_be_bytes) else { return Ok(false) };
        let Ok(fields) = usize::try_from(fields) else { return Ok(false) };
        let mut key = vec![(0, 0); self.key.len()];
        for field in 0..fields {
            let Some(length) = number::<4>(&self.data, &mut place).map(i32::from_be_bytes) else { return Ok(false) };
            if length < NULL_LENGTH {
                return Err(ReadError::Malformed);
            }
            let start = place;
            place += usize::try_from(length).unwrap_or(0);
            if place > self.data.len() {
                return Ok(false);
            }
            for (column, at) in self.key.iter().zip(&mut key) {
                if *column == field {
                    *at = (start, place);
                }
            }
        }
        let bytes = |places: &[(usize, usize)], field: usize| {
            places.get(field).and_then(|(start, end)| self.data.get(*start..*end)).map(<[u8]>::to_vec)
        };
        if self.rows > 0 && (0..key.len()).all(|field| bytes(&key, field) == bytes(&self.last, field)) {
            return Err(ReadError::Duplicate);
        }
        if self.rows == self.rows_max || place > self.bytes_max {
            if self.rows == 0 {
                return Err(ReadError::TooLarge);
            }
            self.is_full = true;
            return Ok(false);
        }
        self.rows += 1;
        self.taken = place;
        self.last = key;
        Ok(true)
    }
}

fn number<const N: usize>(data: &[u8], place: &mut usize) -> Option<[u8; N]> {
    let bytes = data.get(*place..*place + N)?.try_into().ok()?;
    *place += N;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::push_field;
    use crate::value::push_row;

    fn copy(rows: &[(u8, &[u8])]) -> Vec<u8> {
        let mut data = COPY_HEADER.to_vec();
        for (key, text) in rows {
            push_row(&mut data, 2);
            push_field(&mut data, Some(text));
            push_field(&mut data, Some(&[*key]));
        }
        data.extend(crate::value::COPY_TRAILER);
        data
    }

    fn read(data: &[u8], chunk: usize, rows: u32, bytes: usize) -> Result<Rows, ReadError> {
        let mut reader = Reader::new(&[1], rows, bytes);
        data.chunks(chunk).try_for_each(|chunk| reader.push(chunk))?;
        reader.end()
    }

    #[test]
    fn rows_are_read_however_they_come() {
        let data = copy(&[(1, b"a"), (2, b"bc"), (3, b"")]);
        for chunk in 1..data.len() {
            let rows = read(&data, chunk, 9, 1_000).expect("rows");
            assert_eq!((rows.rows, rows.last, rows.all), (3, Some(vec![vec![3]]), true), "{chunk}");
            assert_eq!(rows.data, &data[COPY_HEADER.len()..data.len() - 2]);
        }
        let none = read(&copy(&[]), 7, 9, 1_000).expect("no rows");
        assert_eq!((none.rows, none.last, none.all), (0, None, true));
    }

    #[test]
    fn no_more_rows_are_taken_than_wanted() {
        let data = copy(&[(1, b"a"), (2, b"bc"), (3, b"")]);
        for chunk in 1..data.len() {
            let two = read(&data, chunk, 2, 1_000).expect("rows");
            assert_eq!((two.rows, two.last, two.all), (2, Some(vec![vec![2]]), false));
            assert_eq!(two.data, &data[COPY_HEADER.len()..COPY_HEADER.len() + 25]);
            // A row has eleven bytes besides its text.
            assert_eq!(read(&data, chunk, 9, 24).map(|rows| rows.rows), Ok(1));
            assert_eq!(read(&data, chunk, 9, 25).map(|rows| rows.rows), Ok(2));
            assert_eq!(read(&data, chunk, 9, 11), Err(ReadError::TooLarge));
        }
    }

    #[test]
    fn two_rows_of_one_key_are_found_also_where_rows_end() {
        let data = copy(&[(1, b"a"), (2, b"bc"), (2, b"")]);
        assert_eq!(read(&data, 5, 9, 1_000), Err(ReadError::Duplicate));
        assert_eq!(read(&data, 5, 2, 1_000), Err(ReadError::Duplicate));
        assert_eq!(read(&data, 5, 1, 1_000).map(|rows| rows.rows), Ok(1));
    }

    #[test]
    fn what_is_no_copy_is_refused() {
        let data = copy(&[(1, b"a")]);
        assert_eq!(read(&data[1..], 5, 9, 1_000), Err(ReadError::Malformed));
        assert_eq!(read(&data[..data.len() - 3], 5, 9, 1_000), Err(ReadError::Malformed));
        assert_eq!(read(&data[..10], 5, 9, 1_000), Err(ReadError::Malformed));
    }
}
