//! The statements of a transform. All names are written in ASCII that every session reads the same, all operators and functions are
//! those of the system, and of the migration's own text there is nothing in them: its query stands in a temporary view.

use super::Isolation;
use crate::bindings::transforms::ApplyMode;
use crate::bindings::types::Scalar;
use crate::bindings::types::Value;
use crate::db::session::CopyTarget;
use crate::value;
use crate::value::TypeShape;

/// What a row that is too large makes the server say: see [`Transform::read`].
pub(super) const TOO_LARGE: &str = "host: this row is too large";

/// A transform whose plan was checked.
#[derive(Debug, Clone)]
pub struct Transform {
    /// The view of the source, and the table in which rows are staged.
    pub(super) view: String,
    pub(super) staging: CopyTarget,
    pub(super) staging_name: String,
    /// The target as people know it.
    pub(super) target_label: String,
    pub(super) target: String,
    pub(super) copy_target: CopyTarget,
    /// The columns of the target that get values.
    pub(super) columns: Vec<String>,
    pub(super) key: Vec<KeyColumn>,
    pub(super) mode: ApplyMode,
    /// For each of the columns, how many bytes a value has and what its type is called, where that is always the same.
    pub(super) widths: Vec<Option<(usize, String)>>,
    pub(super) isolation: Isolation,
    /// The target in the catalogue.
    pub(super) target_number: u32,
    /// The table that the key comes from: its number, its name, quoted, and its columns of the key.
    pub(super) origin_number: u32,
    pub(super) origin: String,
    pub(super) origin_columns: Vec<String>,
    /// The columns of the source whose values can be long, quoted, and the function that measures them without reading them.
    pub(super) long: Vec<(String, &'static str)>,
}

/// A column of the key.
#[derive(Debug, Clone)]
pub(super) struct KeyColumn {
    pub(super) name: String,
    /// The type as it stands in statements.
    pub(super) type_name: String,
    pub(super) shape: TypeShape,
    /// Its number among the columns of the source, from 0.
    pub(super) field: usize,
}

/// The key of a row: for each column the text of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(pub(super) Vec<String>);

impl Transform {
    /// The table that gets the rows, for people.
    pub fn target_label(&self) -> &str {
        &self.target_label
    }

    /// How many columns a row has that is given back.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Why the first one of some rows for the target does not fit its columns, by the length of the values. The server checks all of
    /// each row, but does not say which column it is about.
    pub fn misfit(&self, rows: &[u8]) -> Option<String> {
        let fields: Vec<usize> = (0..self.columns.len()).collect();
        let values = value::fields_of_row(rows, &fields);
        let mut pairs = self.columns.iter().zip(&self.widths).zip(values);
        pairs.find_map(|((name, width), value)| {
            let (width, type_name) = width.as_ref()?;
            let length = value?.len();
            (length != *width).then(|| {
                format!("the column '{name}' is {type_name}, which has {width} bytes, and gets {length}: a value of another type")
            })
        })
    }

    /// A key for people: `id = 7`.
    pub fn describe(&self, key: &Key) -> String {
        let columns = self.key.iter().zip(&key.0).map(|(column, value)| {
            let shown: String = value.chars().take(100).collect();
            format!("{} = {shown}", column.name)
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// A key with the names of its columns.
    pub fn named(&self, key: &Key) -> Vec<(String, String)> {
        self.key.iter().map(|column| column.name.clone()).zip(key.0.iter().cloned()).collect()
    }

    /// Which fields of the source's rows are the key.
    pub(super) fn key_fields(&self) -> Vec<usize> {
        self.key.iter().map(|column| column.field).collect()
    }

    /// The columns of the key, of one relation or of none.
    pub(super) fn key_list(&self, alias: &str) -> String {
        list(self.key.iter().map(|column| format!("{alias}{}", value::escaped_identifier(&column.name))))
    }

    /// That the key of a relation is above, below or at another one.
    fn compare(&self, alias: &str, operator: &str, key: &Key) -> String {
        let values = list(self.key.iter().zip(&key.0).map(|(column, text)| {
            let mut literal = String::new();
            // A text always has a form.
            let _ = value::write_plainly(&mut literal, &Value::Scalar(Scalar::Text(text.clone())));
            format!("{literal}::{}", column.type_name)
        }));
        let operator = format!("OPERATOR(pg_catalog.{operator})");
        match self.key.len() {
            1 => format!("{} {operator} {values}", self.key_list(alias)),
            _ => format!("ROW({}) {operator} ROW({values})", self.key_list(alias)),
        }
    }

    /// The condition for a part of the keys: behind one of them, up to another one. With the same key twice it is that one alone.
    pub(super) fn within(&self, alias: &str, after: Option<&Key>, until: &Key) -> String {
        if after == Some(until) {
            return self.compare(alias, "=", until);
        }
        let until = self.compare(alias, "<=", until);
        match after {
            Some(after) => format!("{} AND {until}", self.compare(alias, ">", after)),
            None => until,
        }
    }

    /// A query for the last key of the source.
    pub(super) fn select_last_key(&self) -> String {
        let order = list(self.key.iter().map(|column| format!("{} DESC", value::escaped_identifier(&column.name))));
        format!("SELECT {} FROM {} ORDER BY {order} LIMIT 1", self.key_list(""), self.view)
    }

    /// A query for the first key of the source.
    pub(super) fn select_first_key(&self) -> String {
        format!("SELECT {0} FROM {1} ORDER BY {0} LIMIT 1", self.key_list(""), self.view)
    }

    /// What the planner says of the source.
    pub(super) fn explain(&self) -> String {
        format!("EXPLAIN (FORMAT JSON) SELECT * FROM {}", self.view)
    }

    /// A query for a row without a key.
    pub(super) fn select_null_key(&self) -> String {
        let is_null: Vec<String> =
            self.key.iter().map(|column| format!("{} IS NULL", value::escaped_identifier(&column.name))).collect();
        format!("SELECT 1 FROM {} WHERE {} LIMIT 1", self.view, is_null.join(" OR "))
    }

    /// A query for the key of the last of so many rows behind a key; there may be fewer.
    pub(super) fn select_key_after(&self, after: Option<&Key>, until: &Key, rows: u32) -> String {
        format!(
            "SELECT {} FROM {} WHERE {} ORDER BY {} OFFSET {} LIMIT 1",
            self.key_list(""),
            self.view,
            self.within("", after, until),
            self.key_list(""),
            rows.saturating_sub(1),
        )
    }

    /// A query for the row with a key as JSON.
    pub(super) fn select_json(&self, key: &Key) -> String {
        format!(
            "SELECT pg_catalog.to_jsonb(v.*)::pg_catalog.text FROM {} AS v WHERE {} LIMIT 1",
            self.view,
            self.within("v.", Some(key), key)
        )
    }

    /// The COPY of a part of the source. Rows come whole, so the server itself has to notice one that is too large, before it reads
    /// its values: a text that is no number raises an error.
    pub(super) fn read(&self, after: Option<&Key>, until: &Key, rows: u32, bytes_max: usize) -> String {
        let sizes: Vec<String> = self
            .long
            .iter()
            .map(|(column, function)| format!("COALESCE(pg_catalog.{function}({column}), 0)::pg_catalog.int8"))
            .collect();
        let size = if sizes.is_empty() {
            String::new()
        } else {
            format!(
                " AND CASE WHEN {} OPERATOR(pg_catalog.>) {bytes_max} THEN \
                 pg_catalog.concat('{TOO_LARGE}: ', ROW({}))::pg_catalog.int4 IS NULL ELSE true END",
                sizes.join(" OPERATOR(pg_catalog.+) "),
                self.key_list("")
            )
        };
        format!(
            "COPY (SELECT * FROM {} WHERE {}{size} ORDER BY {} LIMIT {}) TO STDOUT (FORMAT binary)",
            self.view,
            self.within("", after, until),
            self.key_list(""),
            u64::from(rows) + 1,
        )
    }

    /// The statement that makes the staging table.
    pub(super) fn create_staging(&self) -> String {
        let when_committed = match self.isolation {
            Isolation::OneTransaction => "DROP",
            Isolation::EachBatch => "DELETE ROWS",
        };
        format!(
            "CREATE TEMPORARY TABLE {} ON COMMIT {when_committed} AS SELECT {} FROM {} WITH NO DATA",
            self.staging_name,
            list(self.columns.iter().map(|name| value::escaped_identifier(name))),
            self.target
        )
    }

    /// The statement that empties it. A table of the same transaction is cut where it lies; one of an earlier transaction would get a
    /// new row in the catalogue each time, and is empty at the beginning of each.
    pub(super) fn empty_staging(&self) -> String {
        match self.isolation {
            Isolation::OneTransaction => format!("TRUNCATE {}", self.staging_name),
            Isolation::EachBatch => format!("DELETE FROM {}", self.staging_name),
        }
    }

    /// The statement that brings staged rows into the target. Only rows of the part that was read are updated, which also lets the
    /// server look for them in that part alone.
    pub(super) fn apply(&self, after: Option<&Key>, until: &Key) -> String {
        let is_key = |name: &&String| self.key.iter().any(|column| column.name == **name);
        let changed: Vec<String> =
            self.columns.iter().filter(|name| !is_key(name)).map(|name| value::escaped_identifier(name)).collect();
        match self.mode {
            ApplyMode::Insert => String::new(),
            ApplyMode::UpdateByKey => format!(
                "UPDATE {} AS t SET {} FROM {} AS s WHERE {} AND {}",
                self.target,
                list(changed.iter().map(|name| format!("{name} = s.{name}"))),
                self.staging_name,
                self.same_key("t", "s"),
                self.within("t.", after, until),
            ),
            ApplyMode::Upsert => {
                let all = list(self.columns.iter().map(|name| value::escaped_identifier(name)));
                format!(
                    "INSERT INTO {} ({all}) OVERRIDING SYSTEM VALUE SELECT {all} FROM {} ON CONFLICT ({}) DO UPDATE SET {}",
                    self.target,
                    self.staging_name,
                    self.key_list(""),
                    list(changed.iter().map(|name| format!("{name} = excluded.{name}"))),
                )
            }
        }
    }

    fn same_key(&self, left: &str, right: &str) -> String {
        let equal = self.key.iter().map(|column| {
            let name = value::escaped_identifier(&column.name);
            format!("{left}.{name} OPERATOR(pg_catalog.=) {right}.{name}")
        });
        equal.collect::<Vec<_>>().join(" AND ")
    }

    /// A query for a key that was given back twice.
    pub(super) fn select_twice(&self) -> String {
        let keys = self.key_list("");
        let counted = "pg_catalog.count(*) OPERATOR(pg_catalog.>) 1";
        format!("SELECT {keys} FROM {} GROUP BY {keys} HAVING {counted} LIMIT 1", self.staging_name)
    }

    /// A query for a key that was given back and is not one of this part.
    pub(super) fn select_foreign(&self, after: Option<&Key>, until: &Key) -> String {
        format!(
            "SELECT {} FROM {} AS s WHERE NOT EXISTS (SELECT FROM {} AS t WHERE {} AND {}) LIMIT 1",
            self.key_list("s."),
            self.staging_name,
            self.target,
            self.same_key("t", "s"),
            self.within("t.", after, until),
        )
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transform(key: &[&str], mode: ApplyMode) -> Transform {
        let columns: Vec<String> = key.iter().chain(&["phone"]).map(|name| (*name).to_owned()).collect();
        let target = |table| CopyTarget::new(Some("public"), table, &columns).expect("columns");
        Transform {
            view: "pg_temp.v".to_owned(),
            staging: target("s"),
            staging_name: "pg_temp.s".to_owned(),
            target_label: "public.guests".to_owned(),
            target: "\"public\".\"guests\"".to_owned(),
            copy_target: target("guests"),
            key: (0..)
                .zip(key)
                .map(|(field, name)| KeyColumn {
                    name: (*name).to_owned(),
                    type_name: "pg_catalog.int8".to_owned(),
                    shape: TypeShape::Simple(crate::value::oid::INT8),
                    field,
                })
                .collect(),
            columns,
            mode,
            widths: Vec::new(),
            isolation: Isolation::OneTransaction,
            target_number: 1,
            origin_number: 1,
            origin: "\"public\".\"guests\"".to_owned(),
            origin_columns: key.iter().map(|name| (*name).to_owned()).collect(),
            long: vec![("\"phone\"".to_owned(), "octet_length")],
        }
    }

    fn key(texts: &[&str]) -> Key {
        Key(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn statements_of_one_and_of_several_columns() {
        let one = transform(&["id"], ApplyMode::UpdateByKey);
        let two = transform(&["a", "b"], ApplyMode::Upsert);
        let (low, high) = (key(&["1", "2"]), key(&["3", "it's"]));
        insta::assert_snapshot!(
            [
                one.select_last_key(),
                two.select_last_key(),
                two.select_null_key(),
                one.read(None, &key(&["9"]), 10, 1_000),
                two.read(Some(&high), &high, 1, 1_000),
                two.select_json(&high),
                two.read(Some(&low), &high, 10, 1_000),
                two.select_key_after(Some(&low), &high, 10),
                one.create_staging(),
                one.apply(Some(&key(&["1"])), &key(&["9"])),
                two.apply(None, &high),
                two.select_twice(),
                two.select_foreign(Some(&low), &high),
            ]
            .join("\n")
        );
    }

    #[test]
    fn a_key_is_shown_by_its_columns() {
        let two = transform(&["a", "b"], ApplyMode::Insert);
        assert_eq!(two.describe(&key(&["1", "x"])), "a = 1, b = x");
    }
}
