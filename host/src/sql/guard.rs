//! What a migration must not send. The host owns the transaction and the connection.

use super::classify::StatementClass;
use super::classify::StatementKind;
use super::classify::classify;
use super::split::SplitError;
use super::split::split;

/// Why a text is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no statement.
    #[error("the text has no statement")]
    Empty,
    /// There is more than one statement.
    #[error("the text has {count} statements instead of one, the first is {kind}")]
    SeveralStatements {
        /// What the first one is.
        kind: StatementKind,
        /// How many there are.
        count: usize,
    },
    /// The text does not begin with a command.
    #[error("the statement does not begin with a command")]
    NoCommand,
    /// The text cannot be read as SQL.
    #[error("the statement cannot be read")]
    Unreadable {
        /// What is wrong with it.
        #[source]
        source: SplitError,
    },
    /// The statement would begin, end, cut or configure the transaction.
    #[error("{kind} is not allowed in a migration, because the host owns the transaction")]
    TransactionControl {
        /// What it is.
        kind: StatementKind,
    },
    /// The statement sends rows through the copy protocol.
    #[error("{kind} from STDIN or to STDOUT is not allowed, because it needs the copy protocol")]
    CopyProtocol {
        /// What it is.
        kind: StatementKind,
    },
}

impl Refusal {
    /// What the statement is, where that can be told.
    pub fn kind(&self) -> Option<&StatementKind> {
        match self {
            Self::Empty | Self::NoCommand | Self::Unreadable { .. } => None,
            Self::SeveralStatements { kind, .. } | Self::TransactionControl { kind } | Self::CopyProtocol { kind } => {
                Some(kind)
            }
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Empty | Self::NoCommand => return None,
            Self::SeveralStatements { .. } => "send them one by one, or all of them through execute-script",
            Self::Unreadable { source } => return source.hint(),
            Self::TransactionControl { .. } => {
                "leave it out, the host commits after the migration; to undo a part of it, use begin-savepoint"
            }
            Self::CopyProtocol { .. } => "write rows with INSERT, read them with a query",
        };
        Some(hint.to_owned())
    }
}

/// Lets a text pass that is one statement and keeps to what a migration may send.
///
/// It looks only at the statement itself: what functions and procedures do inside is the server's to refuse.
///
/// # Errors
/// [`Refusal`] says what the statement is and why it is not sent.
pub fn check(statement: &str) -> Result<(), Refusal> {
    let statements = split(statement).map_err(|source| Refusal::Unreadable { source })?;
    let first = statements.first().ok_or(Refusal::Empty)?;
    let kind = classify(first.text).ok_or(Refusal::NoCommand)?;
    if statements.len() > 1 {
        return Err(Refusal::SeveralStatements { kind, count: statements.len() });
    }
    match kind.class() {
        StatementClass::TransactionControl => Err(Refusal::TransactionControl { kind }),
        StatementClass::CopyIn | StatementClass::CopyOut => Err(Refusal::CopyProtocol { kind }),
        StatementClass::Other => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn transaction_control_is_refused() {
        let cases = [
            ("BEGIN", "BEGIN"),
            ("begin isolation level serializable;", "BEGIN"),
            ("/* /* x */ ; */ --;\n\tCoMmIt", "COMMIT"),
            ("(COMMIT)", "COMMIT"),
            ("; ;COMMIT;;", "COMMIT"),
            ("\u{feff}COMMIT", "COMMIT"),
            ("START TRANSACTION", "START TRANSACTION"),
            ("start/**/transaction read only", "START TRANSACTION"),
            ("END", "END"),
            ("END WORK", "END"),
            ("ABORT", "ABORT"),
            ("ROLLBACK", "ROLLBACK"),
            ("ROLLBACK AND CHAIN", "ROLLBACK"),
            ("ROLLBACK TO a", "ROLLBACK TO"),
            ("ROLLBACK WORK TO SAVEPOINT a", "ROLLBACK TO"),
            ("SAVEPOINT a", "SAVEPOINT"),
            ("RELEASE SAVEPOINT a", "RELEASE"),
            ("PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION"),
            ("PREPARE TRANSACTION $$a$$", "PREPARE TRANSACTION"),
            ("COMMIT PREPARED 'a'", "COMMIT PREPARED"),
            ("ROLLBACK PREPARED 'a'", "ROLLBACK PREPARED"),
            ("SET TRANSACTION READ ONLY", "SET TRANSACTION"),
            ("SET LOCAL TRANSACTION READ ONLY", "SET TRANSACTION"),
            ("SET SESSION TRANSACTION READ ONLY", "SET TRANSACTION"),
            ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET SESSION CHARACTERISTICS"),
            ("SET LOCAL SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET SESSION CHARACTERISTICS"),
            ("SET transaction_isolation TO 'serializable'", "SET transaction_isolation"),
            ("SET LOCAL \"Transaction_Read_Only\" = on", "SET \"transaction_read_only\""),
        ];
        for (statement, command) in cases {
            let refusal = check(statement).unwrap_err();
            assert!(matches!(refusal, Refusal::TransactionControl { .. }), "{statement}");
            assert_eq!(refusal.kind().unwrap().command(), command, "{statement}");
            assert!(refusal.hint().unwrap().contains("begin-savepoint"));
        }
    }

    #[test]
    fn the_copy_protocol_is_refused() {
        for statement in [
            "COPY t FROM STDIN",
            "copy t (a, \"from\") from stdin with (format csv)",
            "COPY s.t TO STDOUT",
            "COPY t FROM stdout",
            "COPY (SELECT a FROM b) TO STDOUT",
            "COPY \"FROM\" TO /* x */ STDOUT;",
            "COPY BINARY t FROM STDIN",
        ] {
            let refusal = check(statement).unwrap_err();
            assert!(matches!(refusal, Refusal::CopyProtocol { .. }), "{statement}");
        }
    }

    #[test]
    fn everything_else_passes() {
        for statement in [
            "SELECT 1;",
            "(SELECT 1) UNION (SELECT 2)",
            "COPY t FROM 'STDIN'",
            "COPY t TO PROGRAM 'STDOUT'",
            "COPY (SELECT 'TO STDOUT') TO '/tmp/x'",
            "PREPARE transaction AS SELECT 1",
            "PREPARE transaction (int) AS SELECT $1",
            "SET search_path TO a",
            "SET SESSION AUTHORIZATION x",
            "SET LOCAL lock_timeout = '1s'",
            "SET default_transaction_isolation = 'serializable'",
            "SELECT 'COMMIT'",
            "DO $$ BEGIN NULL; END $$",
            "CREATE TABLE begin (a int)",
            "LISTEN a",
            "VACUUM",
            "CREATE INDEX CONCURRENTLY ON t (a)",
            "SELEKT 1",
        ] {
            assert_eq!(check(statement), Ok(()), "{statement}");
        }
    }

    #[test]
    fn exactly_one_statement() {
        assert_eq!(check(""), Err(Refusal::Empty));
        assert_eq!(check(" ; -- a\n;"), Err(Refusal::Empty));
        assert_eq!(check("'COMMIT'"), Err(Refusal::NoCommand));
        assert_eq!(check("()"), Err(Refusal::NoCommand));
        let several = check("SELECT 1; COMMIT").unwrap_err();
        assert_eq!(several.to_string(), "the text has 2 statements instead of one, the first is SELECT");
        let unreadable = check("SELECT 'a").unwrap_err();
        assert!(matches!(unreadable, Refusal::Unreadable { .. }));
        assert!(unreadable.hint().is_some());
        assert!(check("SELECT 1\0; COMMIT").is_err());
    }
}
