//! One step of a plan as text.

use super::OfflineScript;
use super::checks;
use super::checks::EQUAL;
use super::checks::Position;
use super::statement::literal;
use crate::db::OfflineStatement;
use crate::db::Tables;
use crate::db::opening::Timeouts;
use crate::db::version_rows::LogNumber;
use crate::db::version_rows::LogValues;
use crate::db::version_rows::delete_versions;
use crate::db::version_rows::insert_log;
use crate::db::version_rows::insert_versions;
use crate::plan::Step;
use crate::revision::RevisionId;
use crate::sql::AutocommitCommand;
use crate::sql::ExecutionMode;
use crate::sql::READ_AS_THE_SCANNER;
use crate::sql::execution_mode;
use crate::value::quote_identifier;

/// What a step is written from.
pub(super) struct StepText<'a> {
    pub(super) step: &'a Step,
    pub(super) message: &'a str,
    /// The migration's statements, in order.
    pub(super) statements: &'a [OfflineStatement],
    /// Whether they run without a transaction around them.
    pub(super) is_non_transactional: bool,
    pub(super) source_digest: String,
    pub(super) component_digest: String,
    pub(super) runtime_digest: Option<String>,
    pub(super) timeouts: Timeouts,
    pub(super) role: Option<&'a str>,
    /// As host.toml names them.
    pub(super) tables: &'a Tables,
}

/// Makes a session as fresh as a new one, as at the beginning of each step of a run.
const FRESH: [&str; 5] = ["RESET ALL", "CLOSE ALL", "UNLISTEN *", "DISCARD TEMP", "DISCARD SEQUENCES"];

impl StepText<'_> {
    pub(super) fn write(&self, script: &mut OfflineScript) {
        let names = |rows: &[RevisionId]| rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let Step { direction, from, to, .. } = self.step;
        script.comment(&format!("Running {} {} -> {}, {}", direction, names(from), names(to), self.message));
        if self.is_non_transactional {
            self.non_transactional(script);
            self.begin_transaction(script);
            self.set_limits(script);
            // The search path may be the migration's by now.
            self.lock_and_look(script, Vec::new(), Some(self.at(self.statements.len()).is_reached()));
        } else {
            self.begin(script, None);
            self.set_role(script, "SET LOCAL ROLE");
            for statement in self.statements {
                match statement {
                    OfflineStatement::Statement(statement) => script.statement(statement),
                    OfflineStatement::Copy(copy) => script.line(copy),
                }
            }
            if self.role.is_some() {
                script.statement("RESET ROLE");
            }
        }
        self.write_bookkeeping(script);
        script.line("COMMIT;\n");
    }

    /// Begins a transaction that holds the version table, on a fresh session and on a database that is where the step begins.
    fn begin(&self, script: &mut OfflineScript, note: Option<String>) {
        self.begin_transaction(script);
        for statement in FRESH {
            script.statement(statement);
        }
        self.set_limits(script);
        self.lock_and_look(script, checks::same_tables(self.tables), note);
    }

    fn begin_transaction(&self, script: &mut OfflineScript) {
        // What is read after the lock must not be what was there before it.
        script.line("BEGIN ISOLATION LEVEL READ COMMITTED;");
    }

    fn set_limits(&self, script: &mut OfflineScript) {
        script.line(READ_AS_THE_SCANNER);
        script.line(&format!("SET LOCAL lock_timeout = {};", self.timeouts.lock_milliseconds));
        script.line(&format!("SET LOCAL statement_timeout = {};", self.timeouts.statement_milliseconds));
    }

    fn lock_and_look(&self, script: &mut OfflineScript, mut body: Vec<String>, note: Option<String>) {
        let version = checks::qualified(self.tables).version;
        script.statement(&format!("LOCK TABLE ONLY {} IN SHARE ROW EXCLUSIVE MODE", version.quoted()));
        body.push(checks::begins_here(self.step, &version));
        body.extend(note);
        script.block(&[], &body);
    }

    fn set_role(&self, script: &mut OfflineScript, set: &str) {
        if let Some(role) = self.role {
            script.statement(&format!("{set} {}", quote_identifier(role)));
        }
    }

    fn at(&self, done: usize) -> Position<'_> {
        Position { step: self.step, done }
    }

    /// Statements without a transaction around them: what was done before one that fails stays.
    ///
    /// Each runs only where the one before it is done, also where psql goes on after errors. That is known by a note, which is
    /// written if psql says that the statement did not fail, and if the catalogue shows what it stands for. In a transaction of
    /// its own the note goes with the statement.
    fn non_transactional(&self, script: &mut OfflineScript) {
        script.comment(
            "It runs without a transaction. When a statement fails, those before it stay: go on by hand from there.",
        );
        self.begin(script, Some(self.at(0).note()));
        script.line("COMMIT;");
        self.limits(script, true);
        self.set_role(script, "SET ROLE");
        for (index, statement) in self.statements.iter().map(OfflineStatement::text).enumerate() {
            match execution_mode(statement) {
                ExecutionMode::Autocommit(alone) => self.alone(script, index, statement, &alone),
                _ => {
                    script.line("BEGIN;");
                    self.guarded(script, index, None, |script| script.statement(statement));
                    script.line("COMMIT;");
                }
            }
        }
        if self.role.is_some() {
            script.line("RESET ROLE;");
        }
    }

    fn limits(&self, script: &mut OfflineScript, limited: bool) {
        let Timeouts { lock_milliseconds, statement_milliseconds } = self.timeouts;
        for (name, milliseconds) in [("lock_timeout", lock_milliseconds), ("statement_timeout", statement_milliseconds)]
        {
            script.line(&format!("SET {name} = {};", if limited { milliseconds } else { 0 }));
        }
    }

    fn alone(&self, script: &mut OfflineScript, index: usize, statement: &str, alone: &AutocommitCommand) {
        // A limit on waiting would only leave a broken index behind.
        if alone.is_concurrent() {
            self.limits(script, false);
        }
        script.line(READ_AS_THE_SCANNER);
        self.guarded(script, index, checks::evidence(alone), |script| script.statement_alone(statement));
        if alone.is_concurrent() {
            self.limits(script, true);
        }
        script.block(&[], &[self.at(index + 1).is_reached()]);
    }

    /// Runs a statement if what comes before it is done, and notes that it is done if it did not fail and the evidence is there.
    ///
    /// No semicolon stands between the question and the statement: to a program that does not know psql's commands, both are one
    /// text with an error in it.
    fn guarded(
        &self,
        script: &mut OfflineScript,
        index: usize,
        evidence: Option<String>,
        write: impl FnOnce(&mut OfflineScript),
    ) {
        // A query that fails sets no variable.
        script.line("\\set host_goes_on false");
        script.line("\\set host_state skipped");
        script.line(&format!("SELECT {} AS host_goes_on \\gset", self.at(index).is_here()));
        script.line("\\if :host_goes_on");
        write(script);
        script.line("\\set host_state :SQLSTATE");
        script.line("\\endif");
        // RESET ALL forgets where the step was, so that is not asked again.
        let evidence = evidence.map(|evidence| format!("\n    AND {evidence}")).unwrap_or_default();
        let condition = format!(":'host_state' {EQUAL} '00000'{evidence}");
        script.line(&format!("{} AS host_noted \\gset", self.at(index + 1).note_if(&condition)));
    }

    /// The version rows and the log row, and what has to hold for them.
    fn write_bookkeeping(&self, script: &mut OfflineScript) {
        let tables = checks::qualified(self.tables);
        let mut body = vec![checks::same_transaction(&tables.version)];
        let change = &self.step.change;
        if !change.remove.is_empty() {
            body.push(format!("{};", delete_versions(&tables.version, &change.remove, literal)));
            body.extend(checks::deleted(change.remove.len()));
        }
        if !change.add.is_empty() {
            body.push(format!("{};", insert_versions(&tables.version, &change.add, literal)));
        }
        body.push(self.insert_log(&tables, "host_transaction"));
        body.push(checks::no_savepoint("host_transaction"));
        script.block(&["host_transaction pg_catalog.xid;", "host_rows pg_catalog.int8;"], &body);
    }

    /// Writes the log row, and reads which transaction did.
    fn insert_log(&self, tables: &Tables, transaction: &str) -> String {
        let values = LogValues {
            revision: literal(self.step.revision.as_str()),
            direction: self.step.direction.name(),
            outcome: "done",
            source_digest: literal(&self.source_digest),
            component_digest: literal(&self.component_digest),
            runtime_digest: self.runtime_digest.as_deref().map_or_else(|| "NULL".to_owned(), literal),
            started_at: "pg_catalog.transaction_timestamp()".to_owned(),
            statements: self.statements.len().to_string(),
            rows: "0".to_owned(),
            error: None,
            detail: None,
        };
        let insert = insert_log(&tables.log, LogNumber::Next, &values);
        format!("{insert}\n        RETURNING xmin INTO {transaction};")
    }
}
