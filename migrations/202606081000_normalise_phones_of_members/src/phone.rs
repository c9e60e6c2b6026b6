//! From what waiters wrote to E.164, or nothing where that is not clear. Pure.

use std::ops::RangeInclusive;

/// The countries of the restaurants: calling code, and what is dialled before a number inside the country, and not from abroad.
const COUNTRIES: [(&str, &str, &str); 8] = [
    ("DE", "49", "0"),
    ("ES", "34", ""),
    ("FR", "33", "0"),
    ("GB", "44", "0"),
    ("IT", "39", ""),
    ("JP", "81", "0"),
    ("NL", "31", "0"),
    ("US", "1", "1"),
];

/// How many digits a number has with its calling code.
const DIGITS: RangeInclusive<usize> = 8..=15;

/// The number in E.164.
pub fn normalise(text: &str, country: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text).trim_start();
    if !text.chars().all(|letter| letter.is_ascii_digit() || " +()-./".contains(letter)) {
        return None;
    }
    let mut digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if let Some(abroad) = digits.strip_prefix("00").filter(|_| !text.starts_with('+')) {
        digits = abroad.to_owned();
    } else if !text.starts_with('+') {
        let (_, code, trunk) = COUNTRIES.iter().find(|(known, ..)| *known == country)?;
        digits = format!("{code}{}", digits.strip_prefix(trunk)?);
    }
    DIGITS.contains(&digits.len()).then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        for text in ["+49 151 234567", "0049 151 234567", "0151/234567", "(0151) 234-567", "tel: 0151 234567", " 0151.234567 "] {
            assert_eq!(normalise(text, "DE").as_deref(), Some("+49151234567"), "{text}");
        }
        assert_eq!(normalise("347 123456", "IT").as_deref(), Some("+39347123456"));
        assert_eq!(normalise("1 212 555 0100", "US").as_deref(), Some("+12125550100"));
    }

    #[test]
    fn what_is_not_clear_is_left() {
        for text in ["", "no phone", "0151 234567 ext. 12", "12345", "+1", "+123 4567 8901 2345 678"] {
            assert_eq!(normalise(text, "DE"), None, "{text}");
        }
        assert_eq!(normalise("0151 234567", "SE"), None);
    }
}
