//! Go: a package that the standard compiler builds for WASI.

use super::Profile;
use super::Source;

/// Where the SDK is put, relative to the project's folder.
pub(super) const SDK_FOLDER: &str = ".host/sdk/go";

pub(super) const PROFILE: Profile = Profile {
    name: "go",
    title: "Go",
    source: Source::Folder {
        marker: "go.mod",
        lock_file: Some("go.sum"),
        main: "migration.go",
        sdk_folder: SDK_FOLDER,
    },
    template: None,
};
