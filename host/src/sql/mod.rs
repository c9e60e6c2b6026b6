//! The text of SQL: cutting it into statements, telling what they are, and pointing at places in it. Pure: no I/O.
//!
//! - [`split()`] cuts a script where PostgreSQL would.
//! - [`classify()`] names a statement's command and says what it needs, and [`check`] refuses what a migration must not send.
//! - [`substitute`] puts values in the place of parameters.
//! - [`place`] and [`excerpt`] turn the server's error positions into something to look at.
//! - [`execution_mode()`] says how a statement is sent where no transaction is around its migration.
//! - [`not_plain`] tells what psql could read otherwise than the server.
//! - [`reads_alike`] tells what a session's settings could make another statement of.
//! - [`dropped()`] lists what a script takes away, for people.
//! - [`file_change`] tells whether the statements of a file changed, or only what stands between them.
//! - [`sections()`] finds the two directions in a migration file, [`near_marker()`] comments that only look like the beginning of
//!   one, [`conflict()`] what git left, and [`check_sql_file`] checks them.
//! - [`refused_in_transaction`] tells what PostgreSQL does not run in a transaction.
//!
//! All of it rests on a scanner that follows the rules of PostgreSQL's own (`scan.l`), with `standard_conforming_strings`
//! on. A statement's end needs no grammar beyond parentheses and `BEGIN ATOMIC`, so statements of future versions are
//! cut rightly, too.

mod calls;
mod classify;
mod command;
mod conflict;
mod copy_block;
mod copy_needs;
mod copy_place;
mod copy_script;
mod difference;
mod dropped;
mod execution_mode;
mod features;
mod functions;
mod guard;
mod items;
mod names;
mod near_marker;
mod new_enum_value;
mod objects;
mod parameters;
mod position;
mod psql_safe;
mod reading;
mod refusal;
mod returns_rows;
mod sections;
mod settings;
mod split;
mod sql_file;
mod time_limit;
mod token;
mod transaction_block;
mod trusted_languages;
mod words;

pub use classify::Needs;
pub use classify::classify;
pub use command::Command;
pub use conflict::conflict;
pub use conflict::conflict_of_text;
pub use conflict::is_conflict_marker;
pub use copy_place::copy_line;
pub use copy_script::script_data;
pub use difference::FileChange;
pub use difference::SectionChange;
pub use difference::file_change;
pub use dropped::dropped;
pub use execution_mode::AutocommitCommand;
pub use execution_mode::ExecutionMode;
pub use execution_mode::execution_mode;
pub use execution_mode::name_of;
pub use execution_mode::parameter_set;
pub use execution_mode::same_index;
pub use guard::check;
pub use guard::check_copy;
pub use guard::check_statement;
pub use names::names_any;
pub use near_marker::NearMarker;
pub use near_marker::near_marker;
pub use new_enum_value::EarlyUse;
pub use parameters::MissingParameter;
pub use parameters::parameter_count;
pub use parameters::substitute;
pub use position::Place;
pub use position::byte_of_character;
pub use position::excerpt;
pub use position::place;
pub use position::place_of_byte;
pub use psql_safe::not_plain;
pub use reading::READ_AS_THE_SCANNER;
pub use reading::is_one_statement;
pub use reading::reads_alike;
pub use refusal::Reason;
pub use refusal::Refusal;
pub use returns_rows::makes_table_of_query;
pub use returns_rows::may_return_rows;
pub use sections::Said;
pub use sections::SectionError;
pub use sections::Sections;
pub use sections::sections;
pub use split::SplitError;
pub use split::Statement;
pub use split::Statements;
pub use split::split;
pub use split::statements;
pub use sql_file::COPY_ALONE;
pub use sql_file::OWN_TABLES_ALONE;
pub use sql_file::RefusedStatement;
pub use sql_file::SqlFileError;
pub use sql_file::check_new_enum_values;
pub use sql_file::check_non_transactional_sql_file;
pub use sql_file::check_sql_file;
pub use sql_file::check_transactional_sql_file;
pub use sql_file::check_whole_sql_file;
pub use sql_file::missing_classes;
pub use time_limit::time_limit_milliseconds;
pub use token::Construct;
pub use transaction_block::NoTransaction;
pub use transaction_block::refused_in_transaction;
