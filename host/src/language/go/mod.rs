//! Go: a package that the standard compiler builds for WASI.

use super::Profile;
use super::Source;
use super::Template;

/// Where the SDK is put, relative to the project's folder.
pub const SDK_FOLDER: &str = ".host/sdk/go";

pub(super) const PROFILE: Profile = Profile {
    name: "go",
    title: "Go",
    source: Source::Folder {
        marker: "go.mod",
        lock_file: Some("go.sum"),
        main: "migration.go",
        sdk_folder: SDK_FOLDER,
    },
    template: Some(Template {
        files: &[
            ("go.mod", include_str!("template/go.mod.template")),
            ("migration.go", include_str!("template/migration.go.template")),
        ],
        undecided: include_str!("template/undecided.go.template"),
        nothing_to_do: "\treturn nil",
    }),
};
