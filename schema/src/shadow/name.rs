//! The names of shadow databases. Pure.

/// How the name of a shadow begins.
pub(super) const PREFIX: &str = "host_shadow_";

/// How the name of a kept shadow begins.
pub(super) const KEPT_PREFIX: &str = "host_kept_";

/// The digits of the time in a name, and those behind it.
const DIGITS: usize = 8;

/// What the name of a shadow says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    /// When it was made, in seconds since 1970 by the server's clock.
    pub(super) seconds: u32,
    /// A random number. It is also the number of its advisory lock.
    pub(super) number: u32,
}

/// The name of a shadow that is made at a time.
pub(super) fn name(parts: Parts) -> String {
    format!("{PREFIX}{:08x}_{:08x}", parts.seconds, parts.number)
}

/// What a name says; none where it is not one of these names.
pub(super) fn parts(name: &str) -> Option<Parts> {
    let (seconds, number) = name.strip_prefix(PREFIX)?.split_once('_')?;
    let read = |text: &str| {
        let is_ours =
            text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
        is_ours.then(|| u32::from_str_radix(text, 16).ok()).flatten()
    };
    Some(Parts { seconds: read(seconds)?, number: read(number)? })
}

/// Whether a database of this name is a shadow, kept or not.
pub fn is_shadow(database: &str) -> bool {
    parts(database).is_some() || database.starts_with(KEPT_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_was_made_of() {
        let both = Parts { seconds: 0x6a0d_0001, number: 7 };
        assert_eq!(name(both), "host_shadow_6a0d0001_00000007");
        assert_eq!(parts(&name(both)), Some(both));
    }

    #[test]
    fn other_names_are_nobodys() {
        for other in [
            "host_shadow_",
            "host_shadow_6a0d0001",
            "host_shadow_6A0D0001_00000007",
            "host_shadow_6a0d0001_00000007x",
            "shop",
            "host",
        ] {
            assert_eq!(parts(other), None, "{other}");
            assert!(!is_shadow(other), "{other}");
        }
        assert!(is_shadow("host_kept_00"));
    }
}
