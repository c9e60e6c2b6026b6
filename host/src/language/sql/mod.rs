//! SQL: one file with a section for each direction.

use super::Profile;
use super::Source;
use super::Template;

pub(super) const PROFILE: Profile = Profile {
    name: "sql",
    title: "SQL",
    source: Source::Text { extension: "sql", comment_prefix: "--", runtime: "sql", sections: true, translated: false },
    template: Some(Template {
        files: &[("", include_str!("migration.sql"))],
        undecided: "-- downgrade\n-- TODO: undo the upgrade; or replace both lines by '-- downgrade: nothing to do' or \
                    '-- downgrade: irreversible'",
        nothing_to_do: "-- downgrade: nothing to do",
    }),
};
