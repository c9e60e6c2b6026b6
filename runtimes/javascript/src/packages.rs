//! Packages of npm that a migration imports. The host puts their modules, bundled, before the source that it hands over:
//!
//! ```text
//! \0packages 2\n
//! 7 1204\nslugify…                the length of the name and that of the text, in bytes, then both
//! 19 880\n./chunk-GH3KPV7Q.js…    what several of them share
//! …                               the migration, as its author wrote it
//! ```
//!
//! No source begins like that: a NUL is no part of JavaScript. So the lines of the migration stay what they are.

/// How a source with packages begins.
const BEGIN: &str = "\0packages ";

/// How the names of their modules begin in the engine. No file is called like that.
const OWN: &str = "package:";

/// How the bundler says where the lines that follow come from.
const ORIGIN: &str = "// node_modules/";

/// The modules of one migration's packages, by the names under which they are imported.
#[derive(Debug, Default)]
pub(crate) struct Packages<'a> {
    modules: Vec<(&'a str, &'a str)>,
}

impl<'a> Packages<'a> {
    /// Tells the packages from the migration.
    pub(crate) fn split(source: &'a str) -> Result<(Self, &'a str), String> {
        let Some(rest) = source.strip_prefix(BEGIN) else { return Ok((Self::default(), source)) };
        Self::read(rest).ok_or_else(|| "the packages of this migration cannot be read: build it again".to_owned())
    }

    fn read(rest: &'a str) -> Option<(Self, &'a str)> {
        let (count, mut rest) = rest.split_once('\n')?;
        let mut modules = Vec::new();
        for _ in 0..count.parse::<usize>().ok()? {
            let (lengths, after) = rest.split_once('\n')?;
            let (name, text) = lengths.split_once(' ')?;
            let (name, after) = after.split_at_checked(name.parse().ok()?)?;
            let (text, after) = after.split_at_checked(text.parse().ok()?)?;
            modules.push((name, text));
            rest = after;
        }
        Some((Self { modules }, rest))
    }

    /// The same, for longer than the source lives.
    pub(crate) fn to_owned(&self) -> OwnedPackages {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        OwnedPackages { modules: self.modules.iter().map(owned).collect() }
    }
}

/// The modules of one migration's packages.
#[derive(Debug, Default)]
pub(crate) struct OwnedPackages {
    modules: Vec<(String, String)>,
}

impl OwnedPackages {
    /// The name in the engine of what is imported as `name`. What packages share is for packages only.
    pub(crate) fn resolve(&self, base: &str, name: &str) -> Option<String> {
        let is_shared = name.starts_with("./");
        let found = self.modules.iter().any(|(known, _)| known == name) && (!is_shared || base.starts_with(OWN));
        found.then(|| format!("{OWN}{name}"))
    }

    /// The text of a module by its name in the engine.
    pub(crate) fn text(&self, module: &str) -> Option<&str> {
        let name = module.strip_prefix(OWN)?;
        self.modules.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Which file of which package a line of a module was: `slugify/slugify.js`. `place` is `package:NAME:LINE:COLUMN`.
    pub(crate) fn origin<'a>(&'a self, place: &'a str) -> Option<&'a str> {
        let mut parts = place.rsplitn(3, ':');
        let (_, line, module) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?);
        let name = module.strip_prefix(OWN)?;
        let text = self.text(module)?;
        let before = text.lines().take(line).filter_map(|line| line.strip_prefix(ORIGIN)).last();
        Some(before.map_or(name, str::trim_end))
    }
}

/// The name that a migration imports of a module of the engine, if it is one of a package.
pub(crate) fn imported_name(module: &str) -> Option<&str> {
    module.strip_prefix(OWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "\0packages 2\n1 47\na// node_modules/a/lib/ä.js\nvar a = 1;\n// ende\n12 1\n./chunk-X.js;import 'a';\n";

    #[test]
    fn packages_stand_before_the_migration() {
        let (packages, rest) = Packages::split(SOURCE).expect("packages");
        assert_eq!(rest, "import 'a';\n");
        let packages = packages.to_owned();
        assert_eq!(packages.resolve("migrations/a.js", "a").as_deref(), Some("package:a"));
        assert_eq!(packages.resolve("migrations/a.js", "b"), None);
        assert_eq!(packages.resolve("migrations/a.js", "./chunk-X.js"), None);
        assert_eq!(packages.resolve("package:a", "./chunk-X.js").as_deref(), Some("package:./chunk-X.js"));
        assert_eq!(packages.text("package:./chunk-X.js"), Some(";"));
        assert_eq!(packages.origin("package:a:2:5"), Some("a/lib/ä.js"));
        assert_eq!(packages.origin("package:./chunk-X.js:1:1"), Some("./chunk-X.js"));
        assert_eq!(packages.origin("migrations/a.js:1:1"), None);
    }

    #[test]
    fn a_source_without_packages_is_as_it_is() {
        let (packages, rest) = Packages::split("export {};\n").expect("a source");
        assert_eq!((packages.modules.len(), rest), (0, "export {};\n"));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for source in
            ["\0packages ", "\0packages x\n", "\0packages 1\n", "\0packages 1\n1 9\na", "\0packages 1\n1 1\naä"]
        {
            assert!(Packages::split(source).is_err(), "{source:?}");
        }
    }
}
