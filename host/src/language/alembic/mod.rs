//! Revisions of Alembic: files in Python as Alembic writes them, with a runtime that has Alembic and SQLAlchemy. They are found by
//! Alembic's own settings, and say in its way what they are.

use super::Profile;
use super::Source;

pub(super) const PROFILE: Profile = Profile {
    name: "alembic",
    title: "Alembic",
    source: Source::Foreign { runtime: "alembic" },
    // `host revision` in such a project fills in the project's own.
    template: None,
};
