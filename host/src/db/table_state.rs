//! What of the host's tables has to be the same from the beginning of a step to its end, and no strong lock shows.

use sqlx::postgres::PgRow;

use super::driver::text_field;
use super::names::KINDS;
use super::names::TableKind;
use super::violation::Violation;

/// The numbers of the host's tables in the catalogue, which stay when a table is renamed or another one takes its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TableNumbers {
    pub(super) version: u32,
    pub(super) log: u32,
    pub(super) journal: u32,
    /// 0 where there is none.
    pub(super) rejected: u32,
}

/// The rights that are looked at, in the order of [`TableState::rights`].
const RIGHTS: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/// What of one of the host's tables no lock shows: neither the commands that change it take one that reading does not, nor does
/// a schema get a lock that is renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableState {
    pub(super) number: u32,
    /// Whether something may be attached to it. The sign stays for a while after what it stood for is gone (PostgreSQL manual,
    /// `pg_class`), so it only says where to look.
    pub(super) is_signed: bool,
    /// Storage parameters.
    options: Option<String>,
    /// Which of [`RIGHTS`] the user who logged in has on the table: `t` or `f` for each.
    pub(super) rights: String,
    /// Schema and name.
    name: [Option<String>; 2],
    /// Where its row in `pg_class` lies, and which transaction wrote it. A row that is changed is written anew, by the
    /// transaction that does it, so another one has another pair.
    pub(super) place: (u32, u32),
    pub(super) written_by: String,
    /// Whether the rights follow from that row alone: the user who logged in owns the table, and nobody granted or revoked
    /// anything.
    pub(super) owns: bool,
}

/// What may be changed under the lock that a plain ANALYZE takes, and is looked at only where there is such a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableDetails {
    number: u32,
    details: [Option<String>; DETAILS.len()],
}

/// A detail of a table, and what to select for it.
const DETAILS: [(&str, &str); 5] = [
    (
        "another comment than before",
        "SELECT pg_catalog.sum(pg_catalog.hashtextextended((d.*)::pg_catalog.text, 0)) FROM pg_catalog.pg_description AS d \
         WHERE d.classoid OPERATOR(pg_catalog.=) c.tableoid AND d.objoid OPERATOR(pg_catalog.=) c.oid",
    ),
    (
        "other options or statistics targets of columns than before",
        "SELECT pg_catalog.sum(pg_catalog.hashtextextended(ROW(a.attnum, a.attstattarget, a.attoptions)::pg_catalog.text, 0)) \
         FROM pg_catalog.pg_attribute AS a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid",
    ),
    (
        "other storage parameters of its TOAST table than before",
        "SELECT t.reloptions::pg_catalog.text FROM pg_catalog.pg_class AS t WHERE t.oid OPERATOR(pg_catalog.=) c.reltoastrelid",
    ),
    (
        "another index to be clustered by than before",
        "SELECT pg_catalog.sum(pg_catalog.hashtextextended(ROW(i.indexrelid, i.indisclustered)::pg_catalog.text, 0)) \
         FROM pg_catalog.pg_index AS i WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid",
    ),
    (
        "another security label than before",
        "SELECT pg_catalog.sum(pg_catalog.hashtextextended((s.*)::pg_catalog.text, 0)) FROM pg_catalog.pg_seclabel AS s \
         WHERE s.classoid OPERATOR(pg_catalog.=) c.tableoid AND s.objoid OPERATOR(pg_catalog.=) c.oid",
    ),
];

impl TableNumbers {
    /// As an array of the catalogue's numbers, to be compared with ANY.
    pub(super) fn array(self) -> String {
        let numbers: Vec<String> = self.all().map(|number| number.to_string()).collect();
        format!("'{{{}}}'::pg_catalog.oid[]", numbers.join(","))
    }

    /// The kinds of those that are there, in their order.
    pub(super) fn kinds(self) -> impl Iterator<Item = TableKind> {
        KINDS.into_iter().filter(move |kind| *kind != TableKind::Rejected || self.rejected != 0)
    }

    /// All that are there, in the order of their kinds.
    pub(super) fn all(self) -> impl Iterator<Item = u32> {
        self.kinds().map(move |kind| self.number(kind))
    }

    pub(super) fn number(self, kind: TableKind) -> u32 {
        match kind {
            TableKind::Version => self.version,
            TableKind::Log => self.log,
            TableKind::Journal => self.journal,
            TableKind::Rejected => self.rejected,
        }
    }

    pub(super) fn kind(self, number: u32) -> Option<TableKind> {
        match number {
            _ if number == self.version => Some(TableKind::Version),
            _ if number == self.log => Some(TableKind::Log),
            _ if number == self.journal => Some(TableKind::Journal),
            _ if number == self.rejected => Some(TableKind::Rejected),
            _ => None,
        }
    }

    /// What to select to see, cheaply, whether anything may be attached to the tables, and what else [`TableState`] has.
    pub(super) fn select_states(self) -> String {
        format!(
            "SELECT c.oid, c.relhassubclass OR c.relhasrules OR c.relhastriggers OR c.relrowsecurity OR c.relforcerowsecurity \
             OR c.relispartition, c.reloptions, pg_catalog.concat({}), n.nspname, c.relname, c.ctid, c.xmin, \
             c.relacl IS NULL AND pg_catalog.pg_get_userbyid(c.relowner) OPERATOR(pg_catalog.=) session_user \
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
             WHERE c.oid OPERATOR(pg_catalog.=) ANY ({})",
            rights("c.oid"),
            self.array()
        )
    }

    /// What to select for [`TableDetails`].
    pub(super) fn select_details(self) -> String {
        let details = DETAILS.map(|(_, select)| format!("({select})"));
        format!(
            "SELECT c.oid, {} FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) ANY ({})",
            details.join(", "),
            self.array()
        )
    }
}

/// The arguments that make [`TableState::rights`] of a table.
pub(super) fn rights(table: &str) -> String {
    RIGHTS.map(|right| format!("pg_catalog.has_table_privilege(session_user, {table}, '{right}')")).join(", ")
}

impl TableState {
    /// Reads what was selected.
    pub(super) fn read(rows: &[PgRow]) -> Vec<Self> {
        let state = |row: &PgRow| {
            Some(Self {
                number: text_field(row, 0)?.parse().ok()?,
                is_signed: text_field(row, 1).as_deref() != Some("f"),
                options: text_field(row, 2),
                rights: text_field(row, 3)?,
                name: [text_field(row, 4), text_field(row, 5)],
                place: place(&text_field(row, 6)?)?,
                written_by: text_field(row, 7)?,
                owns: text_field(row, 8).as_deref() == Some("t"),
            })
        };
        rows.iter().filter_map(state).collect()
    }

    /// Whether the user may change rows.
    pub(super) fn may_update(&self) -> bool {
        RIGHTS.iter().zip(self.rights.bytes()).any(|(right, has)| *right == "UPDATE" && has == b't')
    }

    /// What is different now at a table of this number and name; one that is gone was locked, and is told by that.
    pub(super) fn violations(before: &[Self], now: &[Self], number: u32, table: &str) -> Vec<Violation> {
        let of = |states: &[Self]| states.iter().find(|state| state.number == number).cloned();
        let (Some(before), Some(now)) = (of(before), of(now)) else { return Vec::new() };
        let attached = |what: &str| Violation::Attached { table: table.to_owned(), what: what.to_owned() };
        let mut violations = Vec::new();
        if before.name != now.name {
            violations.push(Violation::Moved { table: table.to_owned() });
        }
        if before.options != now.options {
            violations.push(attached("other storage parameters"));
        }
        if before.rights != now.rights {
            violations.push(attached("other rights for this user than before"));
        }
        violations
    }
}

impl TableDetails {
    /// Reads what was selected.
    pub(super) fn read(rows: &[PgRow]) -> Vec<Self> {
        let details = |row: &PgRow| {
            let number = text_field(row, 0)?.parse().ok()?;
            Some(Self { number, details: std::array::from_fn(|index| text_field(row, index + 1)) })
        };
        rows.iter().filter_map(details).collect()
    }

    /// What is different now at a table of this number and name.
    pub(super) fn violations(before: &[Self], now: &[Self], number: u32, table: &str) -> Vec<Violation> {
        let of = |all: &[Self]| all.iter().find(|details| details.number == number).cloned();
        let (Some(before), Some(now)) = (of(before), of(now)) else { return Vec::new() };
        let pairs = before.details.into_iter().zip(now.details).zip(DETAILS);
        pairs
            .filter(|((before, now), _)| before != now)
            .map(|(_, (what, _))| Violation::Attached { table: table.to_owned(), what: what.to_owned() })
            .collect()
    }
}

/// Block and number of `(17,4)`.
fn place(text: &str) -> Option<(u32, u32)> {
    let (block, number) = text.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
    Some((block.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(number: u32, comment: Option<&str>) -> TableDetails {
        TableDetails { number, details: [comment.map(str::to_owned), None, None, None, None] }
    }

    #[test]
    fn a_place_is_read() {
        assert_eq!(place("(17,4)"), Some((17, 4)));
        assert_eq!(place("17,4"), None);
    }

    #[test]
    fn details_are_compared_table_by_table() {
        let before = [details(1, None), details(2, Some("7"))];
        let told = |now: &[TableDetails], number| {
            let violations = TableDetails::violations(&before, now, number, "app.t");
            violations.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let now = [details(2, Some("7")), details(1, Some("9"))];
        assert_eq!(told(&now, 1), ["table app.t has another comment than before"]);
        assert!(told(&now, 2).is_empty());
    }
}
