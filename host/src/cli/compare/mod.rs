//! The commands that compare schemas: `host diff`, `host check`, `host drift`, `host verify`, `host schema show` and `host revision --autogenerate`.

pub(super) mod autogenerate;
pub(super) mod check;
pub(super) mod diff;
pub(super) mod drift;
mod dump;
mod list;
mod place;
pub(super) mod show;
mod sides;
pub(super) mod unseen;
pub(super) mod verify;
mod work;

pub(super) use self::autogenerate::GenerateArguments;
pub(super) use self::place::ShadowArguments;
pub(super) use self::sides::Loaded;
pub(super) use self::sides::Sides;
pub(super) use self::work::with_shadows;

use super::failure::Failure;
use super::failure::USAGE;
use crate::schema::SchemaError;

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::Database(error) => error.into(),
            error => {
                let code = if error.kind() == "usage" { USAGE } else { super::failure::FAILED };
                let message = super::failure::with_causes(&error);
                Self::Command { kind: error.kind(), message, hint: error.hint(), code }
            }
        }
    }
}
