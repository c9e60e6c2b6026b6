//! Sizes as they are typed and shown: `512MiB`.

/// The units, by what they multiply with.
const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// Reads a size. A number without a unit is one of bytes.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.trim_end(), *factor)))
        .unwrap_or((text, 1));
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("expected a whole number, with KiB, MiB, GiB or TiB behind it or nothing for bytes".to_owned());
    }
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(|| "it is too large".to_owned())
}

/// A size for people, in the largest unit of which there is one, with one decimal.
pub(super) fn shown(bytes: u64) -> String {
    match UNITS.iter().rev().find(|(_, factor)| bytes >= *factor) {
        None => format!("{bytes} bytes"),
        Some((unit, factor)) => {
            let (whole, tenth) = (bytes / factor, bytes % factor * 10 / factor);
            if tenth == 0 { format!("{whole} {unit}") } else { format!("{whole}.{tenth} {unit}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes) in [("0", 0), ("17", 17), ("1KiB", 1024), (" 512 MiB ", 512 << 20), ("2GiB", 2 << 30)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "+1", "1.5GiB", "1GB", "1 gib", "20000000TiB", "99999999999999999999", "١"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let texts: Vec<_> = [0, 1023, 1024, 1536, 1 << 30, (1 << 30) - 1, 5 << 40].map(shown).into();
        assert_eq!(texts, ["0 bytes", "1023 bytes", "1 KiB", "1.5 KiB", "1 GiB", "1023.9 MiB", "5 TiB"]);
    }
}
