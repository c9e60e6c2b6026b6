//! Statements put together as migrations. Pure.
//!
//! A plan is one migration, unless some of its statements need a transaction of their own or none: then it is a chain of them.

use std::collections::BTreeSet;
use std::ops::Range;

use host_schema::Action;
use host_schema::Boundary;
use host_schema::LockMode;
use host_schema::Plan;

use crate::grant::Class;
use crate::grant::Classes;
use crate::grant::Grant;
use crate::sql::classify;

/// A part of a plan that is one migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Its statements.
    pub actions: Vec<Action>,
    /// Whether they run in one transaction.
    pub in_transaction: bool,
}

/// Cuts a plan where a transaction has to end.
pub fn parts(plan: &Plan) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for action in &plan.actions {
        let in_transaction = action.boundary != Boundary::Alone;
        match parts.last_mut() {
            Some(last) if last.in_transaction == in_transaction && action.boundary != Boundary::CommitBefore => {
                last.actions.push(action.clone());
            }
            _ => parts.push(Part { actions: vec![action.clone()], in_transaction }),
        }
    }
    parts
}

/// A migration that is not written yet: both directions, with all that has to be said about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// What it does.
    pub up: Vec<Action>,
    /// What takes it back.
    pub down: Vec<Action>,
    /// Whether it runs in a transaction.
    pub in_transaction: bool,
    /// Bodies of functions name what is made after them.
    pub unchecked_bodies: [bool; 2],
    /// What could not be proved, a line each.
    pub unproved: Vec<String>,
    /// What a reader should know besides, a line each.
    pub notes: Vec<String>,
}

/// The setting that lets the body of a function name what is not there yet.
const UNCHECKED: &str = "SET LOCAL check_function_bodies = off";
const UNCHECKED_ALONE: &str = "SET check_function_bodies = off";

impl Draft {
    /// The classes that it has to ask for, and no others.
    pub fn asks(&self) -> Classes {
        let statements = self.up.iter().chain(&self.down);
        let needed = statements.filter_map(|action| classify(&action.sql).ok());
        needed.fold(Class::Query.into(), |asks, needs| asks.union(needs.classes))
    }

    /// Why `host build` would refuse it, if it would.
    pub fn refusal(&self) -> Option<String> {
        let text = self.text();
        let sections = match crate::sql::sections(&text) {
            Ok(sections) => sections,
            Err(error) => return Some(error.to_string()),
        };
        let parts: Vec<_> = std::iter::once(sections.upgrade).chain(sections.downgrade).collect();
        let alone = |part: &Range<usize>| match self.in_transaction {
            true => crate::sql::check_transactional_sql_file(&text, part.clone())
                .and_then(|()| crate::sql::check_new_enum_values(&text, part.clone())),
            false => crate::sql::check_non_transactional_sql_file(&text, part.clone(), &[]),
        };
        let checked = crate::sql::check_whole_sql_file(&text)
            .and_then(|()| crate::sql::check_sql_file(&text, &parts, &Grant::of_asks(self.asks())))
            .and_then(|()| parts.iter().try_for_each(alone));
        checked.err().map(|error| error.to_string())
    }

    /// The text below the metadata: what it does to tables and data as comments, then both directions.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (heading, lines) in self.comments() {
            text.push_str(&format!("-- {heading}\n"));
            lines.iter().for_each(|line| text.push_str(&format!("--   {}\n", one_line(line))));
        }
        text.push_str("-- upgrade\n\n");
        self.direction(&mut text, &self.up, self.unchecked_bodies[0]);
        if self.down.is_empty() {
            text.push_str("-- downgrade: nothing to do\n");
        } else {
            text.push_str("-- downgrade\n\n");
            self.direction(&mut text, &self.down, self.unchecked_bodies[1]);
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    /// The statements of both directions as they are sent, with the settings that they need.
    pub(super) fn statements(&self) -> [Vec<String>; 2] {
        let [up, down] = self.unchecked_bodies;
        [(&self.up, up), (&self.down, down)].map(|(actions, unchecked)| {
            let setting = if self.in_transaction { UNCHECKED } else { UNCHECKED_ALONE };
            let setting = unchecked.then(|| setting.to_owned());
            setting.into_iter().chain(actions.iter().map(|action| action.sql.trim().to_owned())).collect()
        })
    }

    /// Whether a person has to decide something before it can run.
    pub fn is_undecided(&self) -> bool {
        self.up.iter().chain(&self.down).any(|action| !action.decide.is_empty())
    }

    fn direction(&self, text: &mut String, actions: &[Action], unchecked: bool) {
        if unchecked {
            text.push_str(if self.in_transaction { UNCHECKED } else { UNCHECKED_ALONE });
            text.push_str(";\n\n");
        }
        for action in actions {
            for decision in &action.decide {
                text.push_str(&format!("-- decide: {}\n", one_line(decision)));
            }
            text.push_str(action.sql.trim());
            text.push_str(";\n\n");
        }
    }

    /// The comment block: headings with their lines, without those that have none.
    pub(super) fn comments(&self) -> Vec<(&'static str, Vec<String>)> {
        let locks = |actions: &[Action]| locks(actions);
        let losses = |actions: &[Action]| actions.iter().filter_map(|action| action.loss.clone()).collect::<Vec<_>>();
        let all = [
            ("not proved:", self.unproved.clone()),
            ("upgrade locks:", locks(&self.up)),
            ("upgrade loses data:", losses(&self.up)),
            ("downgrade locks:", locks(&self.down)),
            ("downgrade loses data:", losses(&self.down)),
            ("note:", self.notes.clone()),
        ];
        all.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
    }
}

/// What is done to tables that are there already: for each the strongest lock, and what takes as long as the table is large.
pub fn locks(actions: &[Action]) -> Vec<String> {
    let mut tables: Vec<(String, LockMode, BTreeSet<&str>)> = Vec::new();
    for action in actions {
        let Some(table) = action.lock.table.clone().filter(|_| action.lock.mode != LockMode::None) else { continue };
        let index = tables.iter().position(|(known, ..)| *known == table).unwrap_or_else(|| {
            tables.push((table, LockMode::None, BTreeSet::new()));
            tables.len() - 1
        });
        let (_, mode, work) = &mut tables[index];
        *mode = (*mode).max(action.lock.mode);
        if action.rewrite {
            work.insert("rewrites the table");
        }
        if action.scan && !action.rewrite {
            work.insert("reads the whole table");
        }
    }
    let line = |(table, mode, work): (String, LockMode, BTreeSet<&str>)| {
        let work: Vec<&str> = work.into_iter().collect();
        let work = if work.is_empty() { String::new() } else { format!(", {}", work.join(", ")) };
        format!("{table}: {}{work}", mode.as_str())
    };
    tables.into_iter().map(line).collect()
}

/// A text that stays in its comment.
pub(super) fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use host_schema::Lock;

    use super::*;

    fn action(sql: &str, boundary: Boundary) -> Action {
        Action {
            sql: sql.to_owned(),
            object: "table s.t".to_owned(),
            boundary,
            lock: Lock { mode: LockMode::AccessExclusive, table: Some("s.t".to_owned()) },
            rewrite: false,
            scan: false,
            loss: None,
            decide: Vec::new(),
        }
    }

    #[test]
    fn a_plan_is_cut_where_a_transaction_has_to_end() {
        use Boundary::Alone;
        use Boundary::CommitBefore;
        use Boundary::InTransaction;
        let plan = |boundaries: &[Boundary]| Plan {
            actions: boundaries.iter().map(|boundary| action("SELECT 1", *boundary)).collect(),
            ..Plan::default()
        };
        for (boundaries, expected) in [
            (&[][..], vec![]),
            (&[InTransaction, InTransaction], vec![(2, true)]),
            (&[InTransaction, CommitBefore, InTransaction], vec![(1, true), (2, true)]),
            (&[InTransaction, Alone, Alone, InTransaction], vec![(1, true), (2, false), (1, true)]),
        ] {
            let parts: Vec<_> =
                parts(&plan(boundaries)).iter().map(|part| (part.actions.len(), part.in_transaction)).collect();
            assert_eq!(parts, expected, "{boundaries:?}");
        }
    }

    #[test]
    fn a_draft_says_what_it_does_and_what_is_to_be_decided() {
        let mut up = action("ALTER TABLE s.t ADD COLUMN c int NOT NULL", Boundary::InTransaction);
        up.decide = vec!["rows that are there need\na value".to_owned()];
        up.rewrite = true;
        let mut down = action("ALTER TABLE s.t DROP COLUMN c", Boundary::InTransaction);
        down.loss = Some("drops column s.t.c".to_owned());
        let draft = Draft { up: vec![up], down: vec![down], in_transaction: true, ..Draft::default() };
        let text = draft.text();
        assert_eq!(
            text,
            "-- upgrade locks:\n--   s.t: ACCESS EXCLUSIVE, rewrites the table\n-- downgrade locks:\n--   s.t: ACCESS EXCLUSIVE\n\
             -- downgrade loses data:\n--   drops column s.t.c\n-- upgrade\n\n-- decide: rows that are there need a value\n\
             ALTER TABLE s.t ADD COLUMN c int NOT NULL;\n\n-- downgrade\n\nALTER TABLE s.t DROP COLUMN c;\n"
        );
        let sections = crate::sql::sections(&text).unwrap();
        assert_eq!(
            sections.to_decide(&text).map(|(line, what)| (line, what.to_owned())),
            Some((9, "rows that are there need a value".to_owned()))
        );
        assert_eq!(draft.refusal(), None);
        assert_eq!(draft.asks(), Classes::from(Class::Schema).with(Class::Query));
    }

    #[test]
    fn what_a_build_would_refuse_is_known() {
        for (sql, in_transaction, refused) in [
            ("CREATE INDEX CONCURRENTLY i ON s.t (c)", false, false),
            ("CREATE INDEX CONCURRENTLY i ON s.t (c)", true, true),
            ("CREATE DATABASE x", true, true),
            ("ALTER TABLE s.t OWNER TO x", true, false),
        ] {
            let up = vec![action(sql, Boundary::InTransaction)];
            let draft = Draft { up, in_transaction, ..Draft::default() };
            assert_eq!(draft.refusal().is_some(), refused, "{sql}: {:?}", draft.refusal());
        }
    }
}
