//! C: a source that clang builds.

use super::Profile;
use super::Source;
use super::Template;

/// Where the SDK is put, relative to the project's folder.
pub const SDK_FOLDER: &str = ".host/sdk/c";

pub(super) const PROFILE: Profile = Profile {
    name: "c",
    title: "C",
    source: Source::Folder {
        marker: "migration.c",
        lock_file: None,
        main: "migration.c",
        sdk_folder: SDK_FOLDER,
    },
    template: Some(Template {
        files: &[
            ("migration.c", include_str!("template/migration.c.template")),
            // For clangd, so that editors find the SDK.
            ("compile_flags.txt", include_str!("template/compile_flags.txt.template")),
        ],
        undecided: include_str!("template/undecided.c.template"),
        nothing_to_do: "    return true;",
    }),
};
