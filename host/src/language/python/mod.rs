//! Python: one file with a function for each direction, which the runtime of Python runs.

use super::Profile;
use super::Source;
use super::Template;

/// Where the SDK is put, relative to the project's folder: what editors, type checkers and tests have to look into.
pub const SDK_FOLDER: &str = ".host/sdk/python";

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
    template: Some(Template {
        files: &[("", include_str!("migration.py.template"))],
        undecided: include_str!("undecided.py.template"),
        nothing_to_do: "    pass",
    }),
};
