//! Python: one file with a function for each direction, which the runtime of Python runs.

use super::Profile;
use super::Source;

pub(super) const PROFILE: Profile = Profile {
    name: "python",
    title: "Python",
    source: Source::Text {
        extension: "py",
        comment_prefix: "#",
        runtime: "python",
        sections: false,
        translated: false,
    },
    template: None,
};
