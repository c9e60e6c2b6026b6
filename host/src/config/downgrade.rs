//! Whether migrations may be taken back in an environment.

use serde::Deserialize;

/// What an environment says about downgrades.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Downgrade {
    /// They run.
    #[default]
    Allow,
    /// They are refused, and so is what drops the database.
    Never,
}
