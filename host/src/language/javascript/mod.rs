//! JavaScript: one module that exports a function for each direction, which the runtime of JavaScript runs.

use super::Profile;
use super::Source;

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
    template: None,
};
