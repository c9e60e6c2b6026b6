//! WebAssembly: what was built elsewhere, from whatever language.

use super::Profile;
use super::Source;

pub(super) const PROFILE: Profile = Profile { name: "wasm", title: "WebAssembly", source: Source::Component, template: None };
