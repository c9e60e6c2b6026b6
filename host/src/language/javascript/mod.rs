//! JavaScript: one module that exports a function for each direction, which the runtime of JavaScript runs.

use super::Profile;
use super::Source;
use super::Template;

/// Where the SDK of JavaScript and TypeScript is put, relative to the project's folder.
pub const SDK_FOLDER: &str = ".host/sdk/javascript";

/// A downgrade that somebody has yet to write; the same in TypeScript.
pub(super) const UNDECIDED: &str = "  // TODO: undo the upgrade; with nothing to undo, remove this line; with no way back: \
                                    import { Irreversible } and throw new Irreversible()";

pub(super) const PROFILE: Profile = Profile {
    name: "javascript",
    title: "JavaScript",
    source: Source::Text {
        extension: "js",
        comment_prefix: "//",
        runtime: "javascript",
        sections: false,
        translated: false,
    },
    template: Some(Template {
        files: &[("", include_str!("migration.js.template"))],
        undecided: UNDECIDED,
        nothing_to_do: "  // There is nothing to do.",
    }),
};
