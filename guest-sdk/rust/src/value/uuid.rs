use std::fmt;
use std::str::FromStr;

use crate::Uuid;

/// The text is not a UUID.
///
/// ```
/// use host_guest::Uuid;
///
/// let error = "17".parse::<Uuid>().unwrap_err();
/// assert_eq!(error.to_string(), "a UUID has 32 hexadecimal digits, with or without dashes");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseUuidError;

impl Uuid {
    /// The UUID of these 16 bytes.
    ///
    /// ```
    /// # use host_guest::Uuid;
    /// assert_eq!(Uuid::from_bytes([0; 16]), Uuid { hi: 0, lo: 0 });
    /// ```
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_u128(u128::from_be_bytes(bytes))
    }

    /// Its 16 bytes.
    ///
    /// ```
    /// # use host_guest::Uuid;
    /// assert_eq!(Uuid { hi: 0, lo: 7 }.to_bytes()[15], 7);
    /// ```
    pub fn to_bytes(self) -> [u8; 16] {
        self.to_u128().to_be_bytes()
    }

    fn from_u128(number: u128) -> Self {
        let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
        Self { hi: half(number >> 64), lo: half(number) }
    }

    fn to_u128(self) -> u128 {
        u128::from(self.hi) << 64 | u128::from(self.lo)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hi, lo) = (self.hi, self.lo);
        write!(out, "{:08x}-{:04x}-{:04x}-", hi >> 32, hi >> 16 & 0xffff, hi & 0xffff)?;
        write!(out, "{:04x}-{:012x}", lo >> 48, lo & 0xffff_ffff_ffff)
    }
}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, ParseUuidError> {
        let digits: String = text.chars().filter(|&letter| letter != '-').collect();
        if digits.len() != 32 || digits.starts_with('+') {
            return Err(ParseUuidError);
        }
        u128::from_str_radix(&digits, 16).map(Self::from_u128).map_err(|_| ParseUuidError)
    }
}

impl fmt::Display for ParseUuidError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a UUID has 32 hexadecimal digits, with or without dashes")
    }
}

impl std::error::Error for ParseUuidError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_come_back() {
        let text = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        let uuid: Result<Uuid, _> = text.parse();
        assert_eq!(uuid, Ok(Uuid { hi: 0xa0ee_bc99_9c0b_4ef8, lo: 0xbb6d_6bb9_bd38_0a11 }));
        assert_eq!(uuid.map(|uuid| uuid.to_string()), Ok(text.to_owned()));
        assert_eq!(uuid.map(|uuid| Uuid::from_bytes(uuid.to_bytes())), uuid);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "a0eebc99", "g0eebc999c0b4ef8bb6d6bb9bd380a11", "+0eebc999c0b4ef8bb6d6bb9bd380a11"] {
            assert_eq!(text.parse::<Uuid>(), Err(ParseUuidError), "{text}");
        }
    }
}
