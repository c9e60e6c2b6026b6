//! The error codes that host tells apart (PostgreSQL manual, appendix A).

/// `feature_not_supported`: a proxy says it of parameters of the start.
pub const FEATURE_NOT_SUPPORTED: &str = "0A000";
/// Class 08, `protocol_violation`: a pooler says it of a parameter of the start that it does not know.
pub const PROTOCOL_VIOLATION: &str = "08P01";
/// `invalid_parameter_value`: also what `pg_xact_status` says of a transaction that is still to come.
pub const INVALID_PARAMETER_VALUE: &str = "22023";
/// `unique_violation`.
pub const UNIQUE_VIOLATION: &str = "23505";
/// `active_sql_transaction`: a command that cannot run inside of a transaction.
pub const ACTIVE_SQL_TRANSACTION: &str = "25001";
/// `read_only_sql_transaction`: a write where nothing may be written.
pub const READ_ONLY_SQL_TRANSACTION: &str = "25006";
/// `no_active_sql_transaction`: a savepoint outside of a transaction.
pub const NO_ACTIVE_SQL_TRANSACTION: &str = "25P01";
/// Class 28, invalid authorization specification: every code of it begins so, that of a wrong password included.
pub const INVALID_AUTHORIZATION_CLASS: &str = "28";
/// `invalid_catalog_name`: there is no such database.
pub const INVALID_CATALOG_NAME: &str = "3D000";
/// `invalid_schema_name`.
pub const INVALID_SCHEMA_NAME: &str = "3F000";
/// `serialization_failure`.
pub const SERIALIZATION_FAILURE: &str = "40001";
/// `deadlock_detected`.
pub const DEADLOCK_DETECTED: &str = "40P01";
/// `duplicate_database`.
pub const DUPLICATE_DATABASE: &str = "42P04";
/// `insufficient_privilege`.
pub const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// `undefined_column`.
pub const UNDEFINED_COLUMN: &str = "42703";
/// `undefined_object`.
pub const UNDEFINED_OBJECT: &str = "42704";
/// `undefined_table`.
pub const UNDEFINED_TABLE: &str = "42P01";
/// `disk_full`.
pub const DISK_FULL: &str = "53100";
/// `too_many_connections`.
pub const TOO_MANY_CONNECTIONS: &str = "53300";
/// `object_in_use`: a database in which there are sessions.
pub const OBJECT_IN_USE: &str = "55006";
/// `lock_not_available`: what a `lock_timeout` ends with.
pub const LOCK_NOT_AVAILABLE: &str = "55P03";
/// `query_canceled`: a request to cancel, or a `statement_timeout`.
pub const QUERY_CANCELED: &str = "57014";
/// `cannot_connect_now`: the server is just starting or ending.
pub const CANNOT_CONNECT_NOW: &str = "57P03";

/// Whether the refusal of a connection may be about the settings with which its session was to begin.
pub fn may_be_about_settings(sqlstate: &str) -> bool {
    [PROTOCOL_VIOLATION, FEATURE_NOT_SUPPORTED, INVALID_PARAMETER_VALUE, UNDEFINED_OBJECT].contains(&sqlstate)
}

/// Whether a transaction lost to another one, so that it may come through when it is run again. For all but a lock that was waited for too
/// long, the manual says to (PostgreSQL manual, "Serialization Failure Handling").
pub fn is_conflict(sqlstate: &str) -> bool {
    [LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED, SERIALIZATION_FAILURE].contains(&sqlstate)
}
