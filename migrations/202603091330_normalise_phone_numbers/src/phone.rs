//! From what people write to E.164, or the reason why not. Pure.

use std::fmt;

use crate::plan::Plan;

/// Why a number cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    Empty,
    NoNumber,
    Letters,
    Extension,
    SeveralNumbers,
    UnexpectedCharacter(char),
    /// All digits are the same.
    Placeholder,
    /// It is a national number, and nobody knows of which country.
    NoCountry,
    UnknownCountry(String),
    NoAreaCode,
    /// `(0)` in a country where a zero may belong to the number.
    OptionalZero,
    Length {
        digits: usize,
        plan: &'static Plan,
    },
    /// As many digits as no number has.
    ImpossibleLength(usize),
}

/// A number without everything that is only there for the eye.
struct Cleaned {
    digits: String,
    /// Whether it began with a `+`.
    plus: bool,
    /// Whether it had a trunk prefix in brackets, as in `+49 (0) 30 …`. It is not among the digits.
    bracketed: bool,
}

/// The number in E.164.
pub fn normalise(text: &str, country: Option<&str>) -> Result<String, Problem> {
    let text = fold(text);
    refuse_words(&text)?;
    let Cleaned { digits, plus, bracketed } = clean(&text)?;
    if digits.chars().all(|digit| digits.starts_with(digit)) {
        return Err(Problem::Placeholder);
    }
    let home = country.and_then(Plan::of_country);
    if plus {
        return international(&digits, bracketed);
    }
    // Most of the world dials 00 to call abroad, and no number inside a country begins so.
    let abroad = [home.map_or("00", |plan| plan.international), "00"];
    if let Some(rest) = abroad.iter().find_map(|prefix| digits.strip_prefix(prefix)) {
        return international(rest, bracketed);
    }
    match (home, country) {
        (Some(plan), _) => national(&digits, plan),
        (None, Some(country)) => Err(Problem::UnknownCountry(country.to_owned())),
        (None, None) => Err(Problem::NoCountry),
    }
}

/// Digits of other scripts become ASCII, and what announces a number goes.
fn fold(text: &str) -> String {
    let folded: String = text
        .trim()
        .chars()
        .map(|letter| match letter {
            '０'..='９' => ascii_digit(letter, '０'),
            '٠'..='٩' => ascii_digit(letter, '٠'),
            '۰'..='۹' => ascii_digit(letter, '۰'),
            '＋' => '+',
            _ => letter.to_ascii_lowercase(),
        })
        .collect();
    ["tel:", "tel.", "phone:"].iter().find_map(|word| folded.strip_prefix(word)).unwrap_or(&folded).trim().to_owned()
}

fn ascii_digit(letter: char, zero: char) -> char {
    char::from_digit(u32::from(letter) - u32::from(zero), 10).unwrap_or(letter)
}

fn refuse_words(text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    let count = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    if count(text) == 0 {
        return Err(Problem::NoNumber);
    }
    if let Some(place) = text.find(char::is_alphabetic) {
        let (before, after) = text.split_at(place);
        let marks = ["ext", "x", "app", "int", "poste", "durchwahl"].iter().any(|mark| after.starts_with(mark));
        return Err(if marks && count(before) > 4 && count(after) > 0 { Problem::Extension } else { Problem::Letters });
    }
    if text.split(['/', ',', ';']).filter(|part| count(part) > 6).count() > 1 {
        return Err(Problem::SeveralNumbers);
    }
    Ok(())
}

fn clean(text: &str) -> Result<Cleaned, Problem> {
    let mut digits = String::new();
    let mut bracketed = false;
    let (plus, text) = match text.strip_prefix('+').or_else(|| text.strip_prefix("(+")) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let trunk = ["(0)", "(1)"].iter().find_map(|trunk| rest.strip_prefix(trunk));
        rest = match trunk {
            Some(after) if !bracketed && !digits.is_empty() => {
                bracketed = true;
                after
            }
            _ => &rest[letter.len_utf8()..],
        };
        match letter {
            '0'..='9' => digits.push(letter),
            '(' | ')' | '-' | '.' | '/' | '\u{2010}'..='\u{2015}' | '·' => {}
            _ if letter.is_whitespace() => {}
            _ => return Err(Problem::UnexpectedCharacter(letter)),
        }
    }
    Ok(Cleaned { digits, plus, bracketed })
}

/// A number with its calling code, without `+` or what stands for it.
fn international(digits: &str, bracketed: bool) -> Result<String, Problem> {
    let Some(plan) = Plan::of_number(digits) else {
        // E.164 allows fifteen digits; fewer than eight are a short number that works in one country only.
        return if (8..=15).contains(&digits.len()) {
            Ok(format!("+{digits}"))
        } else {
            Err(Problem::ImpossibleLength(digits.len()))
        };
    };
    let rest = &digits[plan.calling_code.len()..];
    if bracketed && plan.trunk.is_empty() && plan.digits.contains(&(rest.len() + 1)) {
        return Err(Problem::OptionalZero);
    }
    complete(without_trunk(rest, plan).unwrap_or(rest), plan)
}

fn national(digits: &str, plan: &'static Plan) -> Result<String, Problem> {
    match without_trunk(digits, plan) {
        Some(rest) => complete(rest, plan),
        // Where a zero begins every number with an area code, one without it is only known in its town.
        None if plan.trunk == "0" => Err(Problem::NoAreaCode),
        None => complete(digits, plan),
    }
}

/// No number begins with its country's trunk prefix, so that one which stands there does not belong to it.
fn without_trunk<'a>(digits: &'a str, plan: &Plan) -> Option<&'a str> {
    if plan.trunk.is_empty() { None } else { digits.strip_prefix(plan.trunk) }
}

fn complete(digits: &str, plan: &'static Plan) -> Result<String, Problem> {
    if plan.digits.contains(&digits.len()) {
        Ok(format!("+{}{digits}", plan.calling_code))
    } else {
        Err(Problem::Length { digits: digits.len(), plan })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("it is empty"),
            Self::NoNumber => out.write_str("there is no number in it"),
            Self::Letters => out.write_str("there are letters in it"),
            Self::Extension => out.write_str("it has an extension, which E.164 cannot express"),
            Self::SeveralNumbers => out.write_str("there are several numbers in it"),
            Self::UnexpectedCharacter(letter) => write!(out, "nobody writes {letter:?} in a number"),
            Self::Placeholder => out.write_str("all its digits are the same"),
            Self::NoCountry => out.write_str("it has no calling code, and the country is not known"),
            Self::UnknownCountry(country) => write!(out, "the numbers of {country} are not known here"),
            Self::NoAreaCode => out.write_str("it has no area code"),
            Self::OptionalZero => out.write_str("the zero in brackets may belong to it or not"),
            Self::Length { digits, plan: Plan { country, digits: range, .. } } if range.start() == range.end() => {
                write!(out, "it has {digits} digits, numbers of {country} have {}", range.start())
            }
            Self::Length { digits, plan: Plan { country, digits: range, .. } } => {
                write!(out, "it has {digits} digits, numbers of {country} have {} to {}", range.start(), range.end())
            }
            Self::ImpossibleLength(digits) => write!(out, "it has {digits} digits, no number has"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        let table = [
            ("+49 151 23400037", "US", "+4915123400037"),
            ("0049151 23400037", "DE", "+4915123400037"),
            ("0151 234 00037", "DE", "+4915123400037"),
            ("(0151) 234-00037", "DE", "+4915123400037"),
            ("0151/23400037", "DE", "+4915123400037"),
            ("+49 (0) 151 23400037", "DE", "+4915123400037"),
            ("0049 (0)151 23400037", "DE", "+4915123400037"),
            ("+49 0151 23400037", "FR", "+4915123400037"),
            ("(+49) 151 23400037", "DE", "+4915123400037"),
            ("tel:+81-90-1234-0296", "US", "+819012340296"),
            ("010 49 151 23400037", "JP", "+4915123400037"),
            ("0081 90 1234 0296", "JP", "+819012340296"),
            ("０９０-１２３４-０２９６", "JP", "+819012340296"),
            ("٠٦٣٩٩٨٠١٨٥", "FR", "+33639980185"),
            ("06.39.98.01.85", "FR", "+33639980185"),
            ("+1 (1) 212 555 0142", "US", "+12125550142"),
            ("1-212-555-0142", "US", "+12125550142"),
            ("(212) 555-0142", "CA", "+12125550142"),
            ("011 44 7700 900123", "US", "+447700900123"),
            ("+39 051 234567", "DE", "+39051234567"),
            ("051 234567", "IT", "+39051234567"),
            ("347 120 0740", "IT", "+393471200740"),
            ("+34 (0) 612340259", "ES", "+34612340259"),
            ("0612\u{a0}340\u{2013}259", "NL", "+31612340259"),
            ("+420 601 123 456", "DE", "+420601123456"),
        ];
        for (text, country, expected) in table {
            assert_eq!(normalise(text, Some(country)).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_rest_has_a_reason() {
        let table = [
            ("", "DE", "it is empty"),
            ("  ", "DE", "it is empty"),
            ("n/a", "DE", "there is no number in it"),
            ("ask for Maria", "DE", "there is no number in it"),
            ("1-800-FLOWERS", "US", "there are letters in it"),
            ("0151 23400037 ext. 12", "DE", "it has an extension, which E.164 cannot express"),
            ("0151 23400037x12", "DE", "it has an extension, which E.164 cannot express"),
            ("0151 23400037 / 030 1234567", "DE", "there are several numbers in it"),
            ("0151*234", "DE", "nobody writes '*' in a number"),
            ("0151 +49 234", "DE", "nobody writes '+' in a number"),
            ("000 000 000", "DE", "all its digits are the same"),
            ("3456789", "DE", "it has no area code"),
            ("555 0142", "US", "it has 7 digits, numbers of US have 10"),
            ("0151 1", "DE", "it has 4 digits, numbers of DE have 7 to 11"),
            ("+39 (0) 51 234567", "DE", "the zero in brackets may belong to it or not"),
            ("+420 1", "DE", "it has 4 digits, no number has"),
            ("0151 23400037", "XX", "the numbers of XX are not known here"),
        ];
        for (text, country, expected) in table {
            let problem = normalise(text, Some(country)).map_err(|problem| problem.to_string());
            assert_eq!(problem, Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn without_a_country_only_international_numbers_are_understood() {
        assert_eq!(normalise("+49 151 23400037", None).as_deref(), Ok("+4915123400037"));
        assert_eq!(normalise("0049 151 23400037", None).as_deref(), Ok("+4915123400037"));
        assert_eq!(normalise("0151 23400037", None), Err(Problem::NoCountry));
    }

    #[test]
    fn what_is_normal_stays() {
        for (number, country) in [("+4915123400037", "DE"), ("+39051234567", "IT"), ("+12125550142", "US")] {
            assert_eq!(normalise(number, Some(country)).as_deref(), Ok(number));
        }
    }
}
