//! What has to be the same at the end of a migration as it was at its beginning.
//!
//! The guard sees the text of a statement, not what a function or a DO block does inside. So the host looks at the
//! transaction itself before it writes its applied: who acts in it, under which settings, and what was done to the host's own
//! tables. What is different is a [`Violation`], and the step is rolled back.

use std::collections::HashMap;

use sqlx::postgres::PgRow;

use super::driver::text_field;
use super::violation::MayChange;
use super::violation::Violation;
use crate::value::quote_text;

/// Settings that no migration may leave changed: they decide what the host's own statements mean and may do.
const FIXED: [&str; 4] =
    ["client_encoding", "standard_conforming_strings", "transaction_isolation", "transaction_read_only"];

/// Settings that stand for the operator's limits and for what the server checks. A migration that may configure its
/// session may change them.
const SESSION: [&str; 10] = [
    "session_replication_role",
    "row_security",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "transaction_timeout",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "default_transaction_deferrable",
];

/// A digest of what new sessions of the user who logged in begin with in this database, and of who may connect to it: nothing of
/// it is undone with the session.
pub(super) const DEFAULTS: &str = "SELECT pg_catalog.concat(pg_catalog.sum(pg_catalog.hashtextextended((s.*)::pg_catalog.text, 0)), ' ', \
     (SELECT pg_catalog.concat_ws(' ', d.datdba, d.datallowconn, d.datconnlimit) FROM pg_catalog.pg_database AS d \
     WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())) FROM pg_catalog.pg_db_role_setting AS s \
     WHERE (s.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR s.setdatabase OPERATOR(pg_catalog.=) (SELECT d.oid \
     FROM pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())) \
     AND (s.setrole OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR s.setrole OPERATOR(pg_catalog.=) (SELECT r.oid \
     FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) session_user))";

/// Who acts in a transaction, and under which settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TransactionState {
    transaction: String,
    session_user: String,
    current_user: String,
    settings: Vec<Option<String>>,
}

impl TransactionState {
    /// What to select: a row for each setting. Every name is qualified, because a migration may have changed the search path.
    ///
    /// Rows instead of columns, because the server spends more time on reading a call for each setting than on the calls.
    pub(super) fn select() -> String {
        // The second argument lets a setting be absent that the server does not know yet.
        format!(
            "SELECT name, pg_catalog.current_setting(name, true), session_user, current_user, pg_catalog.pg_current_xact_id() \
             FROM pg_catalog.unnest('{{{}}}'::pg_catalog.text[]) AS name",
            setting_names(SESSION.len()).join(",")
        )
    }

    /// Reads what was selected; none if a row is missing.
    pub(super) fn read(rows: &[PgRow]) -> Option<Self> {
        let first = rows.first()?;
        let (session_user, current_user) = (text_field(first, 2)?, text_field(first, 3)?);
        let settings = rows.iter().filter_map(|row| Some((text_field(row, 0)?, text_field(row, 1))));
        Some(Self {
            transaction: text_field(first, 4)?,
            session_user,
            current_user,
            settings: in_order(settings.collect())?,
        })
    }

    /// The same in another transaction of a session that nobody has used since.
    pub(super) fn in_transaction(&self, transaction: String) -> Self {
        Self { transaction, ..self.clone() }
    }

    /// Which settings a migration may not leave changed, and what they are: an expression for the array of their values, and
    /// the array as it has to be. None where a value cannot be written plainly into an array.
    pub(super) fn settings_and_values(&self, may_change: MayChange) -> Option<[String; 2]> {
        let names = setting_names(if may_change.session { 0 } else { SESSION.len() });
        let mut values = Vec::new();
        for value in self.settings.iter().take(names.len()) {
            values.push(match value {
                Some(value) if value.contains(['"', '\\']) => return None,
                Some(value) => format!("\"{value}\""),
                None => "NULL".to_owned(),
            });
        }
        let array =
            |items: &[String]| format!("{}::pg_catalog.text[]", quote_text(&format!("{{{}}}", items.join(","))));
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        // A function in the list of an ARRAY gives its rows in order, and costs the server half of what one in FROM does.
        let settings = format!("ARRAY(SELECT pg_catalog.current_setting(pg_catalog.unnest({}), true))", array(&names));
        Some([settings, array(&values)])
    }

    /// Who logged in and who acts.
    pub(super) fn users(&self) -> [&str; 2] {
        [&self.session_user, &self.current_user]
    }

    /// The transaction's id.
    pub(super) fn transaction(&self) -> &str {
        &self.transaction
    }

    /// What is different now and may not be.
    pub(super) fn violations(&self, now: &Self, may_change: MayChange) -> Vec<Violation> {
        let mut violations = Vec::new();
        if self.transaction != now.transaction {
            violations.push(Violation::TransactionEnded);
        }
        if self.current_user != now.current_user || self.session_user != now.session_user {
            violations.push(Violation::User { before: self.user(), after: now.user() });
        }
        let looked_at = if may_change.session { FIXED.len() } else { FIXED.len() + SESSION.len() };
        let names = FIXED.iter().chain(&SESSION).take(looked_at);
        for (name, (before, after)) in names.zip(self.settings.iter().zip(&now.settings)) {
            if before != after {
                let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "unset".to_owned());
                violations.push(Violation::Setting { name, before: shown(before), after: shown(after) });
            }
        }
        violations
    }

    fn user(&self) -> String {
        if self.current_user == self.session_user {
            self.current_user.clone()
        } else {
            format!("{} (logged in as {})", self.current_user, self.session_user)
        }
    }
}

/// The names of the settings: those that are fixed, and so many of those of the session.
fn setting_names(of_session: usize) -> Vec<&'static str> {
    FIXED.iter().chain(SESSION.iter().take(of_session)).copied().collect()
}

/// The values of the settings in the order of their names here, whatever order they came in; none if one is missing.
fn in_order(mut settings: HashMap<String, Option<String>>) -> Option<Vec<Option<String>>> {
    setting_names(SESSION.len()).into_iter().map(|name| settings.remove(name)).collect()
}

/// The locks of a transaction on the host's tables, judged.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Locks {
    /// One for each table that was written to or altered, with the strongest lock.
    pub(super) violations: Vec<Violation>,
    /// Whether the transaction wrote to [`DEFAULTS_TABLES`].
    pub(super) changes_defaults: bool,
    /// Whether there is a lock that a plain ANALYZE takes on every table, and so do commands that attach something to one.
    pub(super) may_attach: bool,
}

impl Locks {
    /// Reads what was selected for the tables of these numbers and names.
    pub(super) fn read(rows: &[PgRow], tables: &[(u32, String)]) -> Self {
        let is_of = |row: &PgRow, number: u32| text_field(row, 0).is_some_and(|text| text == number.to_string());
        let changes_defaults = rows.iter().any(|row| DEFAULTS_TABLES.iter().any(|number| is_of(row, *number)));
        let mut locks = Self { changes_defaults, ..Self::default() };
        for (number, table) in tables {
            let of_table = rows.iter().filter(|row| is_of(row, *number));
            let modes: Vec<String> = of_table.filter_map(|row| text_field(row, 1)).collect();
            locks.may_attach |= modes.iter().any(|mode| mode == ANALYZE_LOCK);
            let strongest = modes.into_iter().filter(|mode| mode != ANALYZE_LOCK).max_by_key(|mode| strength(mode));
            locks.violations.extend(strongest.map(|mode| Violation::Touched { table: table.clone(), mode }));
        }
        locks
    }
}

/// `pg_database` and `pg_db_role_setting`, by their fixed numbers (`pg_database.h`, `pg_db_role_setting.h`). ALTER DATABASE and
/// ALTER ROLE … SET keep their lock until the end of the transaction; GRANT on a database does not.
pub(super) const DEFAULTS_TABLES: [u32; 2] = [1262, 2964];

/// The lock of a plain ANALYZE, and of commands that attach something to a table.
const ANALYZE_LOCK: &str = "ShareUpdateExclusiveLock";

fn strength(mode: &str) -> usize {
    ["RowExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"]
        .iter()
        .position(|known| *known == mode)
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> TransactionState {
        TransactionState {
            transaction: "17".to_owned(),
            session_user: "deploy".to_owned(),
            current_user: "app".to_owned(),
            settings: (0..FIXED.len() + SESSION.len()).map(|index| Some(index.to_string())).collect(),
        }
    }

    fn told(now: &TransactionState, session: bool) -> Vec<String> {
        state().violations(now, MayChange { session, defaults: false }).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_the_same_is_no_breach() {
        assert!(told(&state(), false).is_empty());
    }

    #[test]
    fn everything_that_changed_is_told() {
        let mut now = TransactionState { transaction: "18".to_owned(), current_user: "deploy".to_owned(), ..state() };
        now.settings[0] = Some("SJIS".to_owned());
        now.settings[FIXED.len() + 2] = None;
        assert_eq!(
            told(&now, false),
            [
                "the transaction that host began has ended",
                "the current user was app (logged in as deploy) and is deploy",
                "client_encoding was 0 and is SJIS",
                "lock_timeout was 6 and is unset",
            ]
        );
    }

    #[test]
    fn settings_are_paired_by_name() {
        let named = |name: &&str| (name.to_string(), Some(format!("value of {name}")));
        let names = setting_names(SESSION.len());
        let expected: Vec<_> = names.iter().map(|name| named(name).1).collect();
        assert_eq!(in_order(names.iter().rev().map(named).collect()), Some(expected));
        assert_eq!(in_order(names.iter().skip(1).map(named).collect()), None);
    }

    #[test]
    fn settings_are_compared_in_the_order_of_their_names() {
        let fixed = MayChange { session: true, defaults: false };
        let [settings, values] = state().settings_and_values(fixed).expect("plain values");
        assert!(
            settings.contains(
                "'{client_encoding,standard_conforming_strings,transaction_isolation,transaction_read_only}'"
            )
        );
        assert_eq!(values, r#"'{"0","1","2","3"}'::pg_catalog.text[]"#);
        let mut odd = state();
        odd.settings[5] = None;
        let [_, values] = odd.settings_and_values(MayChange::default()).expect("plain values");
        assert!(values.contains(r#""4",NULL,"6""#), "{values}");
        odd.settings[5] = Some("a\"b".to_owned());
        assert_eq!(odd.settings_and_values(MayChange::default()), None);
    }

    #[test]
    fn who_may_configure_the_session_may_change_limits_and_nothing_else() {
        let mut now = state();
        now.settings[FIXED.len() + 3] = Some("0".to_owned());
        assert!(told(&now, true).is_empty());
        now.settings[1] = Some("off".to_owned());
        assert_eq!(told(&now, true), ["standard_conforming_strings was 1 and is off"]);
    }
}
