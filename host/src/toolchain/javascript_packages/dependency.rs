//! What a project may list as a package: a name and one version.

use std::fmt;

/// The module that a migration has anyway.
const SDK_MODULE: &str = "host";

/// A package of npm in exactly one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// Its name, with its scope.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Dependency {
    /// Reads `slugify@1.6.6`, and nothing that npm would take for a range, a tag, a path, a URL, a repository or an option.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, version) = text.rsplit_once('@')?;
        let bare = match name.strip_prefix('@') {
            Some(scoped) => {
                let (scope, bare) = scoped.split_once('/')?;
                is_name(scope).then_some(bare)?
            }
            None => name,
        };
        // The SDK has that name.
        let is_free = name != SDK_MODULE;
        (is_name(bare) && is_free && is_version(version))
            .then(|| Self { name: name.to_owned(), version: version.to_owned() })
    }

    /// Whether an import of this name is one of the package: itself, or one of its files.
    pub(super) fn has(&self, specifier: &str) -> bool {
        specifier.strip_prefix(&self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.name, self.version)
    }
}

/// One part of a name, as the registry has them.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.len() <= 214
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// A version as semver has it: three numbers, and perhaps what stands behind `-` and `+`.
fn is_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && [pre, build].into_iter().flatten().all(|words| words.split('.').all(is_word))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_a_name_with_one_version() {
        for good in ["slugify@1.6.6", "@scope/name@1.2.3", "JSONStream@1.3.5", "a.b~c@0.0.1-rc.1+build.5"] {
            assert_eq!(Dependency::parse(good).unwrap().to_string(), good);
        }
        let bad = [
            "",
            "slugify",
            "slugify@",
            "slugify@latest",
            "slugify@^1.6.6",
            "slugify@1.6",
            "slugify@1.6.x",
            "slugify@1.6.6 || 2.0.0",
            "slugify@npm:other@1.0.0",
            "@1.0.0",
            "@scope@1.0.0",
            "@scope/@1.0.0",
            "@/name@1.0.0",
            "a/b@1.0.0",
            "./folder@1.0.0",
            "../x@1.0.0",
            "file:x@1.0.0",
            "git+ssh://git@1.0.0",
            "https://example.org/x.tgz@1.0.0",
            "--prefix@1.0.0",
            ".hidden@1.0.0",
            "x\n@1.0.0",
            "x@1.0.0\n",
            "host@1.0.0",
        ];
        for bad in bad {
            assert_eq!(Dependency::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_import_names_the_package_or_a_file_of_it() {
        let package = Dependency::parse("@scope/name@1.2.3").unwrap();
        assert!(package.has("@scope/name") && package.has("@scope/name/lib/x.js"));
        assert!(!package.has("@scope/names") && !package.has("@scope"));
    }
}
