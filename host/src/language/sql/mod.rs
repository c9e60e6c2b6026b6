//! SQL: one file with a section for each direction.

use super::Profile;
use super::Source;
use super::Template;

pub(super) const PROFILE: Profile = Profile {
    name: "sql",
    source: Source::Text { extension: "sql", comment_prefix: "--", runtime: "sql", sections: true },
    template: Some(Template(&[("", include_str!("migration.sql"))])),
};
