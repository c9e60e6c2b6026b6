//! Schemas: where they come from, the shadow databases in which they are looked at, and what is written of a difference.
//!
//! Reading and comparing is the crate `host_schema`; what is here brings databases, files, programs and migrations to it.
//!
//! | file | holds |
//! |---|---|
//! | `source` | what stands behind `--from` and `--to` |
//! | `texts`, `files`, `command` | SQL of files and programs, cut into statements and looked at |
//! | `shadows` | the shadow databases of one command |
//! | `migrations` | the migrations of a project, run on a shadow |
//! | `drafts`, `prove` | statements put together as migrations, and tried before they are written |
//! | `wrapped` | the same in another language than SQL |
//! | `verify`, `rows` | each migration up, down and up, with rows in its tables |

pub mod command;
pub mod drafts;
pub mod error;
pub mod files;
pub mod migrations;
pub mod prove;
pub mod rows;
pub mod shadows;
pub mod source;
pub mod texts;
pub mod verify;
pub mod wrapped;

pub use error::SchemaError;
pub use shadows::Shadows;
pub use source::Source;
