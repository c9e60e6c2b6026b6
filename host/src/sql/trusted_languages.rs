//! Procedural languages: which ones keep their code inside of the database.

/// Languages whose code cannot leave the database: PostgreSQL's own (manual, "Procedural Languages"), and those that
/// are widely installed as trusted ones.
pub(super) const TRUSTED_LANGUAGES: [&str; 7] = ["sql", "plpgsql", "plperl", "pltcl", "plv8", "plrust", "pllua"];

/// Languages whose code does what the server's own user can do. Extensions carry their names, also as an ending:
/// `hstore_plpython3u` brings its language with CASCADE.
const UNTRUSTED_LANGUAGES: [&str; 9] =
    ["plpythonu", "plpython2u", "plpython3u", "plperlu", "pltclu", "pljavau", "plluau", "plr", "plsh"];

/// Whether a language is known to be trusted. A word without quotes has no case.
pub(super) fn trusted_language(name: &str, is_word: bool) -> bool {
    let same = |known: &&str| if is_word { known.eq_ignore_ascii_case(name) } else { *known == name };
    TRUSTED_LANGUAGES.iter().any(same)
}

/// Whether an extension brings an untrusted language.
pub(super) fn brings_untrusted_language(extension: &str) -> bool {
    let extension = extension.to_ascii_lowercase();
    UNTRUSTED_LANGUAGES.iter().any(|language| {
        extension.strip_suffix(language).is_some_and(|before| before.is_empty() || before.ends_with('_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        assert!(trusted_language("PLpgSQL", true) && trusted_language("sql", false));
        assert!(!trusted_language("SQL", false) && !trusted_language("c", true) && !trusted_language("", false));
    }

    #[test]
    fn extensions() {
        for (name, untrusted) in [
            ("plpython3u", true),
            ("hstore_plperlu", true),
            ("PLTCLU", true),
            ("plpgsql", false),
            ("sampler", false),
            ("explr", false),
        ] {
            assert_eq!(brings_untrusted_language(name), untrusted, "{name}");
        }
    }
}
