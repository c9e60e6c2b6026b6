//! `numeric` between its text and its binary form: groups of four decimal digits, of which the first one counts 10000^weight.

use crate::types::Refused;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const NEGATIVE_INFINITY: u16 = 0xf000;

/// The digits of a group.
const GROUP: usize = 4;

/// The most digits before and behind the point (PostgreSQL manual, "Numeric Types").
const WHOLE_MAX: usize = 131_072;
const SCALE_MAX: usize = 16_383;

/// The text, without loss: zeros behind the point are kept.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let mut numbers = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight) = (usize::from(numbers.next()?), i32::from(numbers.next()? as i16));
    let (sign, scale) = (numbers.next()?, usize::from(numbers.next()?));
    match sign {
        NAN => return Some("NaN".to_owned()),
        INFINITY => return Some("Infinity".to_owned()),
        NEGATIVE_INFINITY => return Some("-Infinity".to_owned()),
        _ => {}
    }
    let groups: Vec<u16> = numbers.collect();
    if groups.len() != count {
        return None;
    }
    // The group that counts 10000^power.
    let group = |power: i32| usize::try_from(weight - power).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0);
    let mut text = if sign == NEGATIVE { "-".to_owned() } else { String::new() };
    let mut whole: String = (0..=weight.max(0)).rev().map(|power| format!("{:04}", group(power))).collect();
    let zeros = whole.bytes().take(whole.len() - 1).take_while(|digit| *digit == b'0').count();
    whole.drain(..zeros);
    text.push_str(&whole);
    if scale > 0 {
        let groups = i32::try_from(scale.div_ceil(GROUP)).ok()?;
        let fraction: String = (1..=groups).map(|power| format!("{:04}", group(-power))).collect();
        text.push('.');
        text.push_str(&fraction[..scale]);
    }
    Some(text)
}

/// Appends the binary form.
pub(super) fn append(text: &str, out: &mut Vec<u8>) -> Result<(), Refused> {
    let refused = || format!("'{text}' is no number");
    let trimmed = text.trim();
    let special = match trimmed {
        "NaN" => Some(NAN),
        "Infinity" | "+Infinity" => Some(INFINITY),
        "-Infinity" => Some(NEGATIVE_INFINITY),
        _ => None,
    };
    if let Some(sign) = special {
        put(out, &[0, 0, sign, 0]);
        return Ok(());
    }
    let (is_negative, unsigned) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| refused())?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: String = whole.chars().chain(fraction.chars()).filter(|digit| *digit != '_').collect();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(refused());
    }
    let behind = fraction.chars().filter(|digit| *digit != '_').count();
    // How many digits stand before the point, and how many behind it.
    let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (before, scale) = (size(digits.len() - behind) + i64::from(exponent), size(behind) - i64::from(exponent));
    if before > size(WHOLE_MAX) || scale > size(SCALE_MAX) {
        return Err(format!("'{text}' has more digits than a numeric holds"));
    }
    let before = usize::try_from(before).unwrap_or_else(|_| {
        digits.insert_str(0, &"0".repeat(usize::try_from(-before).unwrap_or_default()));
        0
    });
    let scale = usize::try_from(scale).unwrap_or_else(|_| {
        digits.push_str(&"0".repeat(before - digits.len()));
        0
    });
    let lead = before.next_multiple_of(GROUP) - before;
    let padded = format!("{}{digits}{}", "0".repeat(lead), "0".repeat(scale.next_multiple_of(GROUP) - scale));
    let groups: Vec<u16> = padded
        .as_bytes()
        .chunks(GROUP)
        .map(|group| group.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        .collect();
    let empty = groups.iter().take_while(|group| **group == 0).count();
    let used = groups.iter().rposition(|group| *group != 0).map_or(empty, |last| last + 1);
    let groups = groups.get(empty..used).unwrap_or_default();
    let weight = if groups.is_empty() { 0 } else { size(before.div_ceil(GROUP)) - 1 - size(empty) };
    let sign = if is_negative && !groups.is_empty() { NEGATIVE } else { 0 };
    // All are small enough: see WHOLE_MAX and SCALE_MAX.
    put(out, &[groups.len() as u16, weight as i16 as u16, sign, scale as u16]);
    put(out, groups);
    Ok(())
}

fn put(out: &mut Vec<u8>, numbers: &[u16]) {
    for number in numbers {
        out.extend(number.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(numbers: &[u16]) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, numbers);
        out
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (given, back) in [
            ("0", "0"),
            ("-0.00", "0.00"),
            ("1", "1"),
            ("10000", "10000"),
            ("12345678901234567890.123450", "12345678901234567890.123450"),
            ("-0.000000000000000000000000000001", "-0.000000000000000000000000000001"),
            ("1.5e3", "1500"),
            (" +1_000.5 ", "1000.5"),
            ("12e-3", "0.012"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e30", "1000000000000000000000000000000"),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
        ] {
            let mut out = Vec::new();
            append(given, &mut out).expect(given);
            assert_eq!(text(&out).as_deref(), Some(back), "{given}");
        }
    }

    /// The bytes that `numeric_send` of PostgreSQL 15 makes of these.
    #[test]
    fn the_form_is_that_of_the_server() {
        for (given, sent) in [
            ("12345.678", &[3, 1, 0, 3, 1, 2345, 6780][..]),
            ("-0.00012", &[2, 0xffff, NEGATIVE, 5, 1, 2000]),
            ("1000000", &[1, 1, 0, 0, 100]),
            ("0.0", &[0, 0, 0, 1]),
        ] {
            let mut out = Vec::new();
            append(given, &mut out).expect(given);
            assert_eq!(out, bytes(sent), "{given}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for given in ["", "-", "1.2.3", "1e", "0x10", "ten", "1e99999999"] {
            assert!(append(given, &mut Vec::new()).is_err(), "{given}");
        }
        assert_eq!(text(&bytes(&[2, 0, 0, 0, 1])), None);
    }
}
