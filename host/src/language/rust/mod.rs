//! Rust: a library that cargo builds.

use super::Profile;
use super::Source;
use super::Template;

/// Where the SDK is put, relative to the project's folder. The `Cargo.toml` of a migration names it as a path.
pub const SDK_FOLDER: &str = ".host/sdk/rust";

pub(super) const PROFILE: Profile = Profile {
    name: "rust",
    title: "Rust",
    source: Source::Folder {
        marker: "Cargo.toml",
        lock_file: Some("Cargo.lock"),
        main: "src/lib.rs",
        sdk_folder: SDK_FOLDER,
    },
    template: Some(Template {
        files: &[
            (".gitignore", include_str!("template/gitignore")),
            ("Cargo.toml", include_str!("template/Cargo.template.toml")),
            ("src/lib.rs", include_str!("template/lib.rs.template")),
        ],
        undecided: include_str!("template/undecided.rs.template"),
        nothing_to_do: "        Ok(())",
    }),
};
