//! TypeScript: JavaScript with types, which are removed when it is built.

use super::Profile;
use super::Source;

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
    template: None,
};
