//! Owners of objects.

use serde::Deserialize;
use serde::Serialize;

/// Who owns an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The role.
    pub role: String,
    /// How ALTER names the object.
    pub address: String,
}
