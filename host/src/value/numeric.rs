//! `numeric` between decimal text and PostgreSQL's binary form, without loss.
//!
//! The binary form (`numeric_send`, `numeric_recv`): the number of digits, the weight of the first one, a sign, the number
//! of decimal digits after the point, and digits in base 10000. All are 16 bits wide.

use super::error::ConversionError;
use super::error::EncodeError;
use super::oid;

/// The longest text that one value can become: 131072 digits, 16383 after the point, sign and point.
pub(super) const NUMERIC_TEXT_BYTES_MAX: usize = 131_072 + 16_383 + 2;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;
/// The display scale has fourteen bits.
const SCALE_MAX: i64 = 0x3FFF;
/// A longer exponent cannot belong to a number in range, save to zero.
const EXPONENT_MAX: i64 = 1_000_000;
/// How much of a bad number a message repeats, in characters.
const QUOTED_CHARACTERS_MAX: usize = 60;

/// A numeric as text. Digits after the point are kept (`1.500`).
pub(super) fn decode(bytes: &[u8]) -> Result<String, ConversionError> {
    let Some((header, digits)) = bytes.split_first_chunk::<8>() else {
        return Err(ConversionError::Truncated { type_oid: oid::NUMERIC });
    };
    let [c0, c1, w0, w1, s0, s1, d0, d1] = *header;
    let count = usize::from(u16::from_be_bytes([c0, c1]));
    let weight = i32::from(i16::from_be_bytes([w0, w1]));
    let scale = usize::from(u16::from_be_bytes([d0, d1]));
    if digits.len() != count * 2 {
        return Err(ConversionError::Length { type_oid: oid::NUMERIC, expected: 8 + count * 2, got: bytes.len() });
    }
    let sign = match u16::from_be_bytes([s0, s1]) {
        POSITIVE => "",
        NEGATIVE => "-",
        NAN => return Ok("NaN".to_owned()),
        INFINITY => return Ok("Infinity".to_owned()),
        NEGATIVE_INFINITY => return Ok("-Infinity".to_owned()),
        _ => return Err(malformed("an unknown sign")),
    };
    if i64::try_from(scale).is_ok_and(|scale| scale > SCALE_MAX) {
        return Err(malformed("an impossible scale"));
    }
    let digits: Vec<u16> = digits.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    if digits.iter().any(|digit| *digit > 9999) {
        return Err(malformed("a digit above 9999"));
    }
    Ok(write_decimal(sign, &digits, weight, scale))
}

/// The text of a numeric, checked, as every version of PostgreSQL reads it.
pub(super) fn canonical(text: &str) -> Result<&str, EncodeError> {
    encode(text)?;
    let text = trim(text);
    Ok(match text.to_ascii_lowercase().as_str() {
        "nan" => "NaN",
        "inf" | "+inf" | "infinity" | "+infinity" => "Infinity",
        "-inf" | "-infinity" => "-Infinity",
        _ => text,
    })
}

/// The binary form of a decimal text: sign, digits, point and exponent, `NaN`, `Infinity` (`numeric_in` of PostgreSQL 15).
pub(super) fn encode(text: &str) -> Result<Vec<u8>, EncodeError> {
    let trimmed = trim(text);
    match trimmed.to_ascii_lowercase().as_str() {
        "nan" => return Ok(special(NAN)),
        "inf" | "+inf" | "infinity" | "+infinity" => return Ok(special(INFINITY)),
        "-inf" | "-infinity" => return Ok(special(NEGATIVE_INFINITY)),
        _ => {}
    }
    let number = parse(trimmed).ok_or_else(|| EncodeError::NotNumeric { text: shorten(trimmed) })?;
    write_binary(&number)
        .ok_or_else(|| EncodeError::OutOfRange { type_name: "numeric".to_owned(), value: shorten(trimmed) })
}

/// A decimal number: digits and the place of the point among them.
struct Decimal {
    negative: bool,
    /// The values of the digits, 0 to 9.
    digits: Vec<u8>,
    /// How many digits stand before the point; negative where zeros follow the point, more than there are where zeros
    /// precede it.
    point: i64,
    /// The number of digits after the point to show.
    scale: i64,
}

fn parse(text: &str) -> Option<Decimal> {
    let (negative, rest) = match text.as_bytes().split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text.as_bytes()),
    };
    let mantissa_end = rest.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(rest.len());
    let (mantissa, exponent) = rest.split_at(mantissa_end);
    let mut digits = Vec::with_capacity(mantissa.len());
    let mut point = None;
    for byte in mantissa {
        match byte {
            b'0'..=b'9' => digits.push(byte - b'0'),
            b'.' if point.is_none() => point = Some(digits.len()),
            _ => return None,
        }
    }
    if digits.is_empty() {
        return None;
    }
    let before_point = i64::try_from(point.unwrap_or(digits.len())).ok()?;
    let after_point = i64::try_from(digits.len()).ok()? - before_point;
    let exponent = match exponent.split_first() {
        Some((_, exponent)) => parse_exponent(exponent)?,
        None => 0,
    };
    Some(Decimal { negative, digits, point: before_point + exponent, scale: (after_point - exponent).max(0) })
}

/// The exponent, held within what can matter: beyond it every number is out of range.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        (b'+', digits) => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let exponent = digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX));
    Some(if negative { -exponent } else { exponent })
}

/// None where the number is out of range.
fn write_binary(number: &Decimal) -> Option<Vec<u8>> {
    if number.scale > SCALE_MAX {
        return None;
    }
    let first = number.digits.iter().position(|digit| *digit != 0);
    let mut digits = Vec::new();
    let mut weight = 0_i64;
    if let Some(first) = first {
        let significant = &number.digits[first..];
        // Digits before the point, counted from the first one that is not zero.
        let before_point = number.point - i64::try_from(first).ok()?;
        weight = (before_point - 1).div_euclid(4);
        // Fills up the first base-10000 digit, so that the point falls between two of them.
        let padding = usize::try_from((weight + 1) * 4 - before_point).ok()?;
        let mut group = 0_u16;
        for (index, digit) in significant.iter().enumerate() {
            group = group * 10 + u16::from(*digit);
            if (padding + index) % 4 == 3 {
                digits.push(group);
                group = 0;
            }
        }
        let rest = (padding + significant.len()) % 4;
        if rest != 0 {
            digits.push((rest..4).fold(group, |group, _| group * 10));
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
    }
    let negative = number.negative && !digits.is_empty();
    let mut bytes = Vec::with_capacity(8 + digits.len() * 2);
    bytes.extend(u16::try_from(digits.len()).ok()?.to_be_bytes());
    bytes.extend(i16::try_from(weight).ok()?.to_be_bytes());
    bytes.extend(if negative { NEGATIVE } else { POSITIVE }.to_be_bytes());
    bytes.extend(u16::try_from(number.scale).ok()?.to_be_bytes());
    for digit in digits {
        bytes.extend(digit.to_be_bytes());
    }
    Some(bytes)
}

fn write_decimal(sign: &str, digits: &[u16], weight: i32, scale: usize) -> String {
    let digit_at = |place: i32| {
        // Places count down from the weight; digits outside the list are zero.
        usize::try_from(weight - place).ok().and_then(|index| digits.get(index).copied()).unwrap_or(0)
    };
    let mut text = sign.to_owned();
    let whole_start = text.len();
    for place in (0..=weight).rev() {
        text.push_str(&format!("{:04}", digit_at(place)));
    }
    let whole = text[whole_start..].trim_start_matches('0').to_owned();
    text.truncate(whole_start);
    text.push_str(if whole.is_empty() { "0" } else { &whole });
    if scale > 0 {
        text.push('.');
        let end = text.len() + scale;
        let mut place = -1;
        while text.len() < end {
            text.push_str(&format!("{:04}", digit_at(place)));
            place -= 1;
        }
        text.truncate(end);
    }
    // Zero has no sign, in what `numeric_recv` makes of such bytes either.
    if text[whole_start..].bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        text.drain(..whole_start);
    }
    text
}

fn special(sign: u16) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes[4..6].copy_from_slice(&sign.to_be_bytes());
    bytes
}

/// Without the blanks that C's `isspace` knows.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r'])
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED_CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.escape_debug().to_string()
}

fn malformed(what: &'static str) -> ConversionError {
    ConversionError::Malformed { type_oid: oid::NUMERIC, what }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text, number of digits, weight, scale, digits.
    type Case<'a> = (&'a str, i16, u16, &'a [u16]);

    #[test]
    fn known_bytes() {
        let cases: [Case<'_>; 12] = [
            ("0", 0, 0, &[]),
            ("0.000", 0, 3, &[]),
            ("1", 0, 0, &[1]),
            ("1.500", 0, 3, &[1, 5000]),
            ("12345", 1, 0, &[1, 2345]),
            ("10000", 1, 0, &[1]),
            ("0.0001", -1, 4, &[1]),
            ("0.00001", -2, 5, &[1000]),
            ("0.1", -1, 1, &[1000]),
            ("123456789.987654321", 2, 9, &[1, 2345, 6789, 9876, 5432, 1000]),
            ("100000000", 2, 0, &[1]),
            ("9999.9999", 0, 4, &[9999, 9999]),
        ];
        for (text, weight, scale, digits) in cases {
            let count = i16::try_from(digits.len()).unwrap();
            let mut bytes = Vec::new();
            bytes.extend(count.to_be_bytes());
            bytes.extend(weight.to_be_bytes());
            bytes.extend([0, 0]);
            bytes.extend(scale.to_be_bytes());
            bytes.extend(digits.iter().flat_map(|digit| digit.to_be_bytes()));
            assert_eq!(encode(text).unwrap(), bytes, "{text}");
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn zero_has_no_sign() {
        // No digits, a digit that is zero, and one beyond the scale.
        for (digits, weight, scale, text) in
            [(&[][..], 0, 0_u16, "0"), (&[0][..], 0, 2, "0.00"), (&[1][..], -2_i16, 2, "0.00")]
        {
            let mut bytes = Vec::new();
            bytes.extend(i16::try_from(digits.len()).unwrap().to_be_bytes());
            bytes.extend(weight.to_be_bytes());
            bytes.extend(NEGATIVE.to_be_bytes());
            bytes.extend(scale.to_be_bytes());
            bytes.extend(digits.iter().flat_map(|digit: &u16| digit.to_be_bytes()));
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn other_spellings() {
        let cases = [
            ("007", "7"),
            ("+1", "1"),
            (" 1\n", "1"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            ("1e3", "1000"),
            ("1.5E1", "15"),
            ("1.50e1", "15.0"),
            ("15e-1", "1.5"),
            ("1e-3", "0.001"),
            ("0e-5", "0.00000"),
            ("0e5", "0"),
            ("nan", "NaN"),
            ("inf", "Infinity"),
            ("+Infinity", "Infinity"),
            ("-INF", "-Infinity"),
            ("-12.30", "-12.30"),
        ];
        for (text, expected) in cases {
            assert_eq!(decode(&encode(text).unwrap()).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number() {
        for text in [
            "", " ", ".", "-", "+", "e5", "1e", "1e+", "1.2.3", "1 2", "0x1F", "1_000", "--1", "+NaN", "١", "1e5.5",
            "\u{a0}1",
        ] {
            let error = encode(text).unwrap_err();
            assert!(matches!(error, EncodeError::NotNumeric { .. }), "{text}");
        }
    }

    #[test]
    fn the_limits_of_the_type() {
        let longest = decode(&encode("1e131071").unwrap()).unwrap();
        assert_eq!(longest.len(), 131_072);
        let smallest = decode(&encode("1e-16383").unwrap()).unwrap();
        assert_eq!(smallest.len(), 16_385);
        let most = format!("-{}.{}", "9".repeat(131_072), "9".repeat(16_383));
        assert_eq!(most.len(), NUMERIC_TEXT_BYTES_MAX);
        // It has 36864 digits in base 10000: the count is an unsigned number.
        assert_eq!(decode(&encode(&most).unwrap()).unwrap(), most);
        for text in ["1e131072", "1e-16384", "1e99999999999999999999", "0e-16384"] {
            let error = encode(text).unwrap_err();
            assert!(matches!(error, EncodeError::OutOfRange { .. }), "{text}");
        }
    }

    #[test]
    fn malformed_bytes() {
        let cases: [&[u8]; 5] = [
            &[],
            &[0, 1, 0, 0, 0, 0, 0],
            &[0, 1, 0, 0, 0, 0, 0, 0],
            &[0, 0, 0, 0, 0x12, 0x34, 0, 0],
            &[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10],
        ];
        for bytes in cases {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn decimal_text_survives(text in "-?[1-9][0-9]{0,30}(\\.[0-9]{1,30})?|-?0\\.[0-9]{0,20}[1-9]") {
            prop_assert_eq!(decode(&encode(&text).unwrap()).unwrap(), text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+.eE0-9 ]{0,20}") {
            if let Ok(bytes) = encode(&text) {
                let decimal = decode(&bytes).unwrap();
                prop_assert_eq!(encode(&decimal).unwrap(), bytes);
            }
        }
    }
}
