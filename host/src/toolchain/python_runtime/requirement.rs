//! What a project may list as a package.

/// Whether a text is a name with extras and versions (PEP 508), and nothing that pip would take for a path, a URL or an option.
pub(super) fn is_requirement(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let text = text.trim_end();
    let name_end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extras, rest)) if extras.chars().all(|letter| is_part(letter) || ", ".contains(letter)) => {
            rest.trim_start()
        }
        Some(_) => return false,
        None => rest,
    };
    let is_version = |version: &str| {
        let version = version.trim();
        let number = version.trim_start_matches(['=', '<', '>', '~', '!']);
        let sign = version.len() - number.len();
        (1..=3).contains(&sign)
            && !number.trim().is_empty()
            && number.trim().chars().all(|letter| is_part(letter) || "*+!".contains(letter))
    };
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && (rest.is_empty() || rest.split(',').all(is_version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_names_with_versions() {
        for good in
            ["six", "six==1.17.0", "python-slugify>=8,<9", "x[a,b] ~= 1.0", "zope.interface != 5.*", "a===1+local"]
        {
            assert!(is_requirement(good), "{good}");
        }
        let bad = [
            "",
            "-r other.txt",
            "--index-url=x",
            "./folder",
            "/folder",
            "x @ https://example.org/x.whl",
            "https://x",
            "x ==",
            "x; os_name",
            "x\n-r y",
            "x 1.0",
        ];
        for bad in bad {
            assert!(!is_requirement(bad), "{bad:?}");
        }
    }
}
