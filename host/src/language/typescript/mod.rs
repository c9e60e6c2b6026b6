//! TypeScript: JavaScript with types, which are removed when it is built.

use super::Profile;
use super::Source;
use super::Template;
use super::javascript;

pub(super) const PROFILE: Profile = Profile {
    name: "typescript",
    title: "TypeScript",
    source: Source::Text {
        extension: "ts",
        comment_prefix: "//",
        runtime: "javascript",
        sections: false,
        translated: true,
    },
    template: Some(Template {
        files: &[("", include_str!("migration.ts.template"))],
        undecided: javascript::UNDECIDED,
        nothing_to_do: "  // There is nothing to do.",
    }),
};
