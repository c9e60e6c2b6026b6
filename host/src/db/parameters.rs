//! Parameters on their way to the server.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArgumentBuffer;
use sqlx::postgres::PgArguments;
use sqlx::postgres::PgTypeInfo;
use sqlx::postgres::Postgres;
use sqlx::postgres::types::Oid;

/// One parameter, encoded already: the driver only has to put it into the message.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// The type, or 0 to leave it to the server.
    pub(super) type_oid: u32,
    /// The value in the type's binary form; none for NULL.
    pub(super) bytes: Option<Vec<u8>>,
}

impl sqlx::Type<Postgres> for Parameter {
    fn type_info() -> PgTypeInfo {
        type_info(0)
    }

    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl sqlx::Encode<'_, Postgres> for Parameter {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.bytes {
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(type_info(self.type_oid))
    }
}

/// Puts parameters together. Fails when one is larger than the protocol allows (1 GiB).
pub(super) fn arguments(parameters: Vec<Parameter>) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    for parameter in parameters {
        sqlx::Arguments::add(&mut arguments, parameter)?;
    }
    Ok(arguments)
}

pub(super) fn type_info(oid: u32) -> PgTypeInfo {
    PgTypeInfo::with_oid(Oid(oid))
}
