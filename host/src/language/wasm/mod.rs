//! WebAssembly: what was built elsewhere, from whatever language.

use super::Profile;
use super::Source;

pub(super) const PROFILE: Profile = Profile { name: "wasm", source: Source::Component, template: None };
