//! C: a source that clang builds.

use super::Profile;
use super::Source;

/// Where the SDK is put, relative to the project's folder.
pub(super) const SDK_FOLDER: &str = ".host/sdk/c";

pub(super) const PROFILE: Profile = Profile {
    name: "c",
    title: "C",
    source: Source::Folder {
        marker: "migration.c",
        lock_file: None,
        main: "migration.c",
        sdk_folder: SDK_FOLDER,
    },
    template: None,
};
