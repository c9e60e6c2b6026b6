//! Any other toolchain: a folder with the command that builds it, in its `migration.toml`.

use super::Profile;
use super::Source;

pub(super) const PROFILE: Profile = Profile {
    name: "other",
    title: "another language",
    source: Source::Command { main: "migration.toml" },
    template: None,
};
