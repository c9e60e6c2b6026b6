//! What a run has to know about the server before it locks, and before it begins its first step.
//!
//! What can be refused is refused here, when nothing has been written yet.

use super::cancel::Canceller;
use super::connect::Database;
use super::connect::text_field;
use super::error::DatabaseError;
use super::frame::TableNumbers;
use super::transaction::NOTICE_A_DEAD_CLIENT;
use super::watch::SessionIdentity;
use crate::value::quote_text;

/// What migrations could reach through the rights of the user who logged in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The user.
    pub user: String,
    /// Why migrations could reach files and programs of the server's machine; none if they cannot. It follows the
    /// user's name: `is a superuser`.
    pub machine: Option<String>,
    /// Whether it is a development cluster of the host, which has no other users.
    pub development_cluster: bool,
}

impl Database {
    /// Looks at the server before a run: whether it can be written to, whether each transaction gets the same session,
    /// what the user may reach, whether the role for migrations can be had. Also learns in which schema names without one
    /// live, so that later statements can qualify them. Usually one round trip; nothing is written or locked.
    ///
    /// # Errors
    /// [`DatabaseError::ReadOnly`], [`DatabaseError::TransactionPooling`], [`DatabaseError::NoSuchRole`],
    /// [`DatabaseError::NotInRole`], or what the server said.
    pub async fn look_around(&mut self, role: Option<&str>) -> Result<Reach, DatabaseError> {
        let role_literal = role.map_or_else(|| "NULL".to_owned(), quote_text);
        // Since 16 there are memberships that do not let SET ROLE (PostgreSQL manual, "Role Membership").
        let kind = if self.server_version() >= 160_000 { "SET" } else { "MEMBER" };
        // A table that exists may lie in any schema of the search path, one that does not will be made in the first.
        // Before 16, who may create roles may also enter every role but a superuser's.
        let sql = format!(
            "SELECT coalesce((SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = to_regclass({})), current_schema()), \
             pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', session_user, \
             (SELECT source FROM pg_settings WHERE name = 'application_name'), \
             current_setting('cluster_name') ~ '^host-[0-9a-f]{{12}}$', \
             (SELECT CASE WHEN u.rolsuper THEN 'is a superuser' \
              WHEN u.rolcreaterole AND current_setting('server_version_num')::int < 160000 THEN 'may enter any role, because it may create roles' \
              ELSE (SELECT 'may act as ' || string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_roles r \
              WHERE (r.rolsuper OR r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')) \
              AND pg_has_role(u.oid, r.oid, 'MEMBER')) END FROM pg_roles u WHERE u.rolname = session_user), \
             (SELECT pg_has_role(session_user, oid, '{kind}') FROM pg_roles WHERE rolname = {role_literal})",
            quote_text(&self.tables.version.quoted()),
        );
        let rows = self.simple("look at the server", sql).await?;
        let field = |index| rows.first().and_then(|row| text_field(row, index));
        let is_true = |index| field(index).as_deref() == Some("t");
        let user = field(3).unwrap_or_default();
        if is_true(1) || is_true(2) {
            return Err(DatabaseError::ReadOnly { address: self.describe(), replica: is_true(1) });
        }
        if let Some(role) = role.map(str::to_owned) {
            match field(7).as_deref() {
                Some("t") => {}
                Some(_) => return Err(DatabaseError::NotInRole { role, user }),
                None => return Err(DatabaseError::NoSuchRole { role }),
            }
        }
        // A parameter of the start of this session comes from `client`, unless somebody between keeps sessions for others.
        let through_pooler = field(4).as_deref() != Some("client");
        let reach = Reach { user, machine: field(6), development_cluster: is_true(5) };
        if self.schema.is_none() {
            let schema = field(0);
            if let Some(schema) = &schema {
                self.tables.version = self.tables.version.or_schema(schema);
                self.tables.history = self.tables.history.or_schema(schema);
                self.tables.journal = self.tables.journal.or_schema(schema);
            }
            self.schema = schema;
        }
        if through_pooler {
            self.refuse_transaction_pooling().await?;
        }
        Ok(reach)
    }

    /// Looks at the host's tables before the first step: which ones they are, and whether this user may write to them.
    /// Also learns which session of the server this is.
    /// One round trip.
    ///
    /// # Errors
    /// [`DatabaseError::NoRights`], or what the server said.
    pub async fn prepare_steps(&mut self) -> Result<Canceller, DatabaseError> {
        let doing = "look at the version table and the history table";
        let (version, history) = (quote_text(&self.tables.version.quoted()), quote_text(&self.tables.history.quoted()));
        let right = |table: &str, right: &str| format!("has_table_privilege({table}, '{right}')");
        let sql = format!(
            "{NOTICE_A_DEAD_CLIENT} SELECT pid, {version}::regclass::oid, {history}::regclass::oid, \
             coalesce(pg_get_serial_sequence({history}, 'id')::regclass::oid, 0), {}, {}, {}, {}, backend_start, \
             current_setting('client_connection_check_interval', true) = '0' AND version() LIKE '%linux%' \
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            right(&version, "SELECT"),
            right(&version, "INSERT"),
            right(&version, "DELETE"),
            right(&history, "INSERT"),
        );
        let rows = self.simple(doing, sql).await?;
        let field = |index| rows.first().and_then(|row| text_field(row, index)).unwrap_or_default();
        let missing = |rights: &[(usize, &str)]| {
            let missing: Vec<&str> =
                rights.iter().filter(|(at, _)| field(*at) != "t").map(|(_, right)| *right).collect();
            (!missing.is_empty()).then(|| missing.join(", "))
        };
        for (table, rights) in [
            (&self.tables.version, &[(4, "SELECT"), (5, "INSERT"), (6, "DELETE")][..]),
            (&self.tables.history, &[(7, "INSERT")]),
        ] {
            if let Some(rights) = missing(rights) {
                return Err(DatabaseError::NoRights {
                    table: table.to_string(),
                    rights,
                    user: self.options.get_username().to_owned(),
                });
            }
        }
        let number = |index| field(index).parse().unwrap_or_default();
        self.table_numbers = Some(TableNumbers { version: number(1), history: number(2), history_id: number(3) });
        // The setting came with PostgreSQL 14, and systems that cannot watch a socket refuse it.
        self.can_notice_a_lost_client = field(9) == "t";
        self.watch.know(SessionIdentity { process: field(0), started: field(8) });
        Ok(self.canceller_of(field(0)))
    }

    pub(super) async fn known_table_numbers(&mut self) -> Result<TableNumbers, DatabaseError> {
        if self.table_numbers.is_none() {
            self.prepare_steps().await?;
        }
        Ok(self.table_numbers.unwrap_or_default())
    }
}
