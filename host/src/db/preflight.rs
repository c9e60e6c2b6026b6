//! What a run has to know about the server before it locks, and before it begins its first step.
//!
//! What can be refused is refused here, when nothing has been written yet.

use super::cancel::Canceller;
use super::connect::Database;
use super::driver::text_field;
use super::error::DatabaseError;
use super::liveness::SessionIdentity;
use super::log::lacks_log_columns;
use super::log_digests::may_make_log_index;
use super::names::KINDS;
use super::names::TableKind;
use super::opening::DEAD_CLIENT_SETTINGS;
use super::table_state::TableNumbers;
use super::transaction::NOTICE_A_DEAD_CLIENT;
use crate::value::quote_text;

/// What migrations could reach through the rights of the user who logged in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The user.
    pub user: String,
    /// Why migrations could reach files and programs of the server's machine; none if they cannot. It follows the
    /// user's name: `is a superuser`.
    pub machine: Option<String>,
}

/// What was found at the host's tables.
pub(super) struct Inspection {
    process: String,
    started: String,
    can_notice_a_lost_client: bool,
    numbers: TableNumbers,
    log_has_sequence: bool,
    log_lacks_columns: bool,
    may_make_log_index: bool,
    /// What refuses a run.
    pub(super) problems: Vec<DatabaseError>,
}

impl Database {
    /// Looks at the server before a run: whether it can be written to, whether each transaction gets the same session,
    /// what the user may reach, whether the role for migrations can be had. Usually one round trip; nothing is written or
    /// locked.
    ///
    /// # Errors
    /// [`DatabaseError::ReadOnly`], [`DatabaseError::TransactionPooling`], [`DatabaseError::NoSuchRole`],
    /// [`DatabaseError::NotInRole`], [`DatabaseError::UnrestrictedRole`], or what the server said.
    pub async fn look_around(&mut self) -> Result<Reach, DatabaseError> {
        let role_literal = self.connector.role().map_or_else(|| "NULL".to_owned(), quote_text);
        // Since 16 there are memberships that do not let SET ROLE (PostgreSQL manual, "Role Membership").
        let kind = if self.server_version() >= 160_000 { "SET" } else { "MEMBER" };
        if !self.are_tables_found() {
            self.find_tables().await?;
        }
        let dead_client = DEAD_CLIENT_SETTINGS.map(|(name, value)| format!("('{name}', '{value}')")).join(", ");
        // Before 16, who may create roles may also enter every role but a superuser's.
        let sql = format!(
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', session_user, \
             (SELECT source FROM pg_settings WHERE name = 'application_name'), \
             (SELECT CASE WHEN u.rolsuper THEN 'is a superuser' \
              WHEN u.rolcreaterole AND current_setting('server_version_num')::int < 160000 THEN 'may enter any role, because it may create roles' \
              ELSE (SELECT 'may act as ' || string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_roles r \
              WHERE (r.rolsuper OR r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')) \
              AND pg_has_role(u.oid, r.oid, 'MEMBER')) END FROM pg_roles u WHERE u.rolname = session_user), \
             (SELECT pg_has_role(session_user, oid, '{kind}') FROM pg_roles WHERE rolname = {role_literal}), \
             (SELECT count(*) FROM pg_settings WHERE source = 'client' AND reset_val = setting \
              AND (name, setting) IN ({dead_client}))",
        );
        let rows = self.simple_apart("inspect the server", &sql).await?;
        let field = |index| rows.first().and_then(|row| text_field(row, index));
        let is_true = |index| field(index).as_deref() == Some("t");
        let user = field(2).unwrap_or_default();
        if is_true(0) || is_true(1) {
            return Err(DatabaseError::ReadOnly { address: self.describe(), replica: is_true(0) });
        }
        if let Some(role) = self.connector.role().map(str::to_owned) {
            match field(5).as_deref() {
                Some("t") => {}
                Some(_) => return Err(DatabaseError::NotInRole { role, user }),
                None => return Err(DatabaseError::NoSuchRole { role }),
            }
        }
        // A pooler may take them and do something else with them.
        self.notices_a_dead_client = field(6) == Some(DEAD_CLIENT_SETTINGS.len().to_string());
        // A parameter of the start of this session comes from `client`, unless somebody between keeps sessions for others.
        let through_pooler = field(3).as_deref() != Some("client");
        let reach = Reach { user, machine: field(4) };
        if through_pooler {
            self.refuse_transaction_pooling().await?;
        }
        match reach {
            Reach { user, machine: Some(reach) } if self.connector.requires_restricted_role() => {
                Err(DatabaseError::UnrestrictedRole { user, reach })
            }
            reach => Ok(reach),
        }
    }

    /// Looks at the host's tables before the first step: which ones they are, that nothing is attached to them, and whether
    /// this user may write to them. Also learns which session of the server this is. Two round trips.
    ///
    /// # Errors
    /// [`DatabaseError::NoRights`], [`DatabaseError::TablesNotClean`] for what is attached, or what the server said.
    pub async fn preflight(&mut self) -> Result<Canceller, DatabaseError> {
        let inspection = self.inspect_tables().await?;
        if let Some(problem) = inspection.problems.into_iter().next() {
            return Err(problem);
        }
        // The setting came with PostgreSQL 14, and systems that cannot watch a socket refuse it.
        self.can_notice_a_lost_client = inspection.can_notice_a_lost_client;
        self.liveness.know(SessionIdentity { process: inspection.process.clone(), started: inspection.started });
        self.table_numbers = Some(inspection.numbers);
        // A log of an earlier version counts by a sequence, which a migration could move.
        if inspection.log_has_sequence {
            let sql = format!("ALTER TABLE ONLY {} ALTER COLUMN id DROP IDENTITY IF EXISTS", self.tables.log.quoted());
            self.simple_on_tables("drop the sequence of the log table", &sql).await?;
        }
        if inspection.log_lacks_columns {
            self.add_log_columns().await?;
        }
        if inspection.may_make_log_index {
            self.make_log_index().await?;
        }
        Ok(self.canceller_of(inspection.process))
    }

    /// Looks at the host's tables, which have to be there. Two round trips; nothing is written.
    ///
    /// # Errors
    /// What the server said. What refuses a run is no error here.
    pub(super) async fn inspect_tables(&mut self) -> Result<Inspection, DatabaseError> {
        let doing = "check the version table and the log table";
        let names = KINDS.map(|kind| quote_text(&self.table(kind).quoted()));
        let [version, log, journal, rejected] = &names;
        let rights = [
            (TableKind::Version, version, &["SELECT", "INSERT", "DELETE"][..]),
            (TableKind::Log, log, &["SELECT", "INSERT"]),
            (TableKind::Journal, journal, &["SELECT", "INSERT", "UPDATE", "DELETE"]),
        ];
        let asked: Vec<String> = rights
            .iter()
            .flat_map(|(_, table, rights)| {
                rights.iter().map(move |right| format!("has_table_privilege({table}, '{right}')"))
            })
            .collect();
        let sql = format!(
            "{NOTICE_A_DEAD_CLIENT}; SELECT pid, backend_start, \
             current_setting('client_connection_check_interval', true) = '0' AND version() LIKE '%linux%', \
             {version}::regclass::oid, {log}::regclass::oid, {journal}::regclass::oid, to_regclass({rejected})::oid, \
             (SELECT attidentity <> '' FROM pg_attribute WHERE attrelid = {log}::regclass AND attname = 'id'), \
             {}, (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = {log}::regclass), {}, {} \
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
            lacks_log_columns(log),
            may_make_log_index(log),
            asked.join(", "),
        );
        let rows = self.simple_apart(doing, &sql).await?;
        let field = |index| rows.first().and_then(|row| text_field(row, index)).unwrap_or_default();
        let mut problems = Vec::new();
        let mut index = 11;
        for (kind, _, rights) in rights {
            let mut missing = Vec::new();
            for right in rights {
                if field(index) != "t" {
                    missing.push(*right);
                }
                index += 1;
            }
            if !missing.is_empty() {
                problems.push(DatabaseError::NoRights {
                    table: self.table(kind).to_string(),
                    rights: missing.join(", "),
                    user: self.connector.user().to_owned(),
                });
            }
        }
        let number = |index| field(index).parse().unwrap_or_default();
        let numbers = TableNumbers { version: number(3), log: number(4), journal: number(5), rejected: number(6) };
        let violations = self.attachments(numbers).await?;
        if !violations.is_empty() {
            problems.push(DatabaseError::TablesNotClean { violations });
        }
        let log_lacks_columns = field(8) == "t";
        if log_lacks_columns && field(9) != "t" {
            problems.push(self.log_lacks_columns());
        }
        Ok(Inspection {
            process: field(0),
            started: field(1),
            can_notice_a_lost_client: field(2) == "t",
            numbers,
            log_has_sequence: field(7) == "t",
            log_lacks_columns,
            may_make_log_index: field(10) == "t",
            problems,
        })
    }

    pub(super) async fn known_table_numbers(&mut self) -> Result<TableNumbers, DatabaseError> {
        if self.table_numbers.is_none() {
            self.preflight().await?;
        }
        Ok(self.table_numbers.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_client_is_noticed_by_the_same_settings_either_way() {
        let set = DEAD_CLIENT_SETTINGS.map(|(name, value)| format!("SET {name} = {value}")).join("; ");
        assert_eq!(set, NOTICE_A_DEAD_CLIENT);
    }
}
