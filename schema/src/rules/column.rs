//! Columns: their definition, and what of it can be changed in place.

use super::Alteration;
use super::Context;
use super::Disturbance;
use super::Rules;
use super::Step;
use crate::catalog::column::Column;
use crate::catalog::column::Identity;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::plan::LockMode;
use crate::render::fdw_options;
use crate::render::fdw_options_change;
use crate::render::ident;
use crate::render::literal;
use crate::render::options;
use crate::render::options_change;
use crate::render::qualified;

impl Identity {
    /// As in a definition.
    fn definition(&self, id: &FactId, new_name: bool) -> String {
        let word = if self.always { "ALWAYS" } else { "BY DEFAULT" };
        let mut options = Vec::new();
        let usual = format!("{}_{}_seq", id.path[1], id.path[2]);
        if new_name && (self.sequence_name != usual || self.sequence_schema != id.path[0]) {
            options.push(format!("SEQUENCE NAME {}", qualified(&[&self.sequence_schema, &self.sequence_name])));
        }
        options.extend(self.sequence.options());
        let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) };
        format!("GENERATED {word} AS IDENTITY{options}")
    }

    /// What ALTER COLUMN has to say to turn it into `new`.
    fn changes(&self, new: &Self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.always != new.always {
            parts.push(format!("SET GENERATED {}", if new.always { "ALWAYS" } else { "BY DEFAULT" }));
        }
        parts.extend(self.sequence.changes(&new.sequence).into_iter().map(|change| format!("SET {change}")));
        parts.extend(self.sequence.restart(&new.sequence));
        parts
    }
}

impl Column {
    /// As in CREATE TABLE and ADD COLUMN.
    pub(super) fn definition(&self, id: &FactId, default: Option<&str>) -> String {
        let mut sql = format!("{} {}", id.last(), self.data_type);
        if !self.foreign_options.is_empty() {
            sql.push_str(&format!(" OPTIONS ({})", fdw_options(&self.foreign_options)));
        }
        if let Some(method) = &self.compression {
            sql.push_str(&format!(" COMPRESSION {method}"));
        }
        if let Some(collation) = &self.collation {
            sql.push_str(&format!(" COLLATE {collation}"));
        }
        if let Some(expression) = &self.generated {
            let word = if self.is_virtual { "VIRTUAL" } else { "STORED" };
            sql.push_str(&format!(" GENERATED ALWAYS AS ({expression}) {word}"));
        }
        if let Some(identity) = &self.identity {
            sql.push_str(&format!(" {}", identity.definition(id, true)));
        }
        if let Some(default) = default {
            sql.push_str(&format!(" DEFAULT {default}"));
        }
        if self.not_null && self.identity.is_none() {
            sql.push_str(" NOT NULL");
        }
        sql
    }

    /// What a definition cannot say.
    pub(super) fn settings(&self, id: &FactId) -> Vec<Step> {
        let plain = Self { storage: None, statistics: None, options: Vec::new(), ..self.clone() };
        plain.setting_changes(self, id)
    }

    /// What a table says of its own about a column that it inherits.
    pub(super) fn overrides(&self, id: &FactId, cx: &Context<'_>) -> Vec<Step> {
        let inherited = cx.to.parents_of_table(&id.path).into_iter().find_map(|above| {
            let column = FactId::new(Kind::Column, above.id.path[2..].iter().chain(id.path.last()).cloned());
            cx.to
                .get(&column)
                .and_then(|fact| if let Payload::Column(column) = &fact.payload { Some(column) } else { None })
        });
        match inherited {
            Some(above) if self.not_null && !above.not_null => vec![alter(id, "SET NOT NULL".to_owned())],
            _ => Vec::new(),
        }
    }

    fn setting_changes(&self, new: &Self, id: &FactId) -> Vec<Step> {
        let mut parts = Vec::new();
        if self.storage != new.storage {
            let storage = new.storage.as_ref().unwrap_or(&new.type_storage);
            parts.push(format!("SET STORAGE {storage}"));
        }
        if self.statistics != new.statistics {
            parts.push(format!("SET STATISTICS {}", new.statistics.unwrap_or(-1)));
        }
        let (set, reset) = options_change(&self.options, &new.options);
        if !set.is_empty() {
            parts.push(format!("SET ({})", options(&set)));
        }
        if !reset.is_empty() {
            parts.push(format!("RESET ({})", reset.join(", ")));
        }
        parts.into_iter().map(|part| only(id, part).lock(LockMode::ShareUpdateExclusive, &id.path)).collect()
    }
}

/// Whether a default may be another value for each row, so that ADD COLUMN has to write them all.
fn may_vary(expression: &str) -> bool {
    let rest = ["now()", "CURRENT_TIMESTAMP", "transaction_timestamp()", "statement_timestamp()"]
        .iter()
        .fold(expression.to_owned(), |text, call| text.replace(call, ""));
    // A name before a parenthesis is a call; the modifier of a type stands after ::.
    let bytes = rest.as_bytes();
    rest.match_indices('(').any(|(at, _)| {
        let start = rest[..at]
            .rfind(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '"' | ' '))
            .map_or(0, |before| before + 1);
        let called = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'_' | b'"'));
        called && !rest[..start].ends_with("::")
    })
}

/// Moves the numbers into the new bounds.
fn narrowing(old: &Identity, new: &Identity) -> Option<Step> {
    old.sequence.narrowing(&new.sequence, &qualified(&[&old.sequence_schema, &old.sequence_name]))
}

fn alter(id: &FactId, what: String) -> Step {
    Step::new(format!("ALTER TABLE {} ALTER COLUMN {} {what}", id.table(), id.last())).exclusive(&id.path)
}

/// Partitions have values of their own for what is changed this way.
fn only(id: &FactId, what: String) -> Step {
    Step::new(format!("ALTER TABLE ONLY {} ALTER COLUMN {} {what}", id.table(), id.last())).exclusive(&id.path)
}

impl Rules for Column {
    fn address(&self, id: &FactId) -> String {
        format!("COLUMN {}", id.qualified())
    }

    fn namespaces(&self, _id: &FactId) -> Vec<(&'static str, String)> {
        self.identity.iter().map(|it| ("relation", qualified(&[&it.sequence_schema, &it.sequence_name]))).collect()
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let default = cx.carried.iter().find_map(|fact| match &fact.payload {
            Payload::Default(default) if fact.id.path == cx.id.path => Some(default.expression.as_str()),
            _ => None,
        });
        let definition = self.definition(cx.id, default);
        let mut step =
            Step::new(format!("ALTER TABLE {} ADD COLUMN {definition}", cx.id.table())).exclusive(&cx.id.path).rewrite(
                self.identity.is_some()
                    || self.generated.is_some() && !self.is_virtual
                    || default.is_some_and(may_vary),
            );
        if self.not_null && default.is_none() && self.identity.is_none() && self.generated.is_none() {
            step = step.decide(format!(
                "{} is NOT NULL and has no default, so this fails where the table has rows: give it one, or fill it first",
                cx.id.name()
            ));
        }
        let mut steps = vec![step];
        steps.extend(self.settings(cx.id));
        for below in cx.carried {
            if let Payload::Column(column) = &below.payload {
                steps.extend(column.settings(&below.id));
            }
        }
        steps
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let only = if super::drops_only(cx.id, cx.from, cx.states) { "ONLY " } else { "" };
        let step = Step::new(format!("ALTER TABLE {only}{} DROP COLUMN {}", cx.id.table(), cx.id.last()))
            .exclusive(&cx.id.path);
        vec![if self.generated.is_some() { step } else { step.loss(format!("drops {}", cx.id)) }]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if new.generated.is_some() && (self.generated != new.generated || self.is_virtual != new.is_virtual) {
            return Alteration::Replace;
        }
        // Before 14 the type of a generated column cannot be changed where its expression calls a function.
        if new.generated.is_some() && self.data_type != new.data_type && cx.from.catalog.server_version < 140_000 {
            return Alteration::Replace;
        }
        let retyped = types_made_again(cx);
        let mut again = retyped.clone();
        let mut before = self.clone();
        // What the tables above do to this column is done already.
        for above in cx.kept_parents() {
            let above = FactId::new(Kind::Column, above.iter().chain(cx.id.path.last()).cloned());
            if let (Some(Payload::Column(old)), Some(Payload::Column(new))) =
                (cx.from.get(&above).map(|fact| &fact.payload), cx.to.get(&above).map(|fact| &fact.payload))
            {
                if old.data_type != new.data_type || old.collation != new.collation {
                    before.data_type.clone_from(&new.data_type);
                    before.collation.clone_from(&new.collation);
                }
                if old.not_null != new.not_null {
                    before.not_null = new.not_null;
                }
                if old.generated != new.generated {
                    before.generated.clone_from(&new.generated);
                }
                again = None;
            }
        }
        let mut steps = Vec::new();
        let mut identity = before.identity.clone();
        if before.generated.is_some() && new.generated.is_none() {
            steps.push(alter(cx.id, "DROP EXPRESSION".to_owned()));
        }
        if identity.is_some() && new.identity.is_none() {
            steps.push(alter(cx.id, "DROP IDENTITY".to_owned()));
            identity = None;
        }
        if before.not_null && !new.not_null {
            steps.push(alter(cx.id, "DROP NOT NULL".to_owned()));
        }
        let collated = before.collation != new.collation;
        let type_changes = before.data_type != new.data_type || collated || again.is_some();
        if let (true, Some(old), Some(target)) = (type_changes, &mut identity, &new.identity) {
            // The bounds of the numbers must fit the type before it changes.
            let (min, max) = crate::catalog::sequence::Sequence::bounds(&new.data_type);
            let fits = Identity { sequence: old.sequence.with_type(&new.data_type), ..old.clone() };
            if fits.sequence.max > max || fits.sequence.min < min {
                steps.extend(narrowing(old, target));
                steps.push(alter(cx.id, old.changes(target).join(" ")));
                *old = Identity {
                    sequence: crate::catalog::sequence::Sequence {
                        data_type: old.sequence.data_type.clone(),
                        ..target.sequence.clone()
                    },
                    ..target.clone()
                };
            }
        }
        if type_changes {
            steps.push(super::column_type::change(&before, new, again.as_deref(), cx));
            if let Some(identity) = &mut identity {
                identity.sequence = identity.sequence.with_type(&new.data_type);
            }
        }
        if !before.not_null && new.not_null {
            let plain = || vec![alter(cx.id, "SET NOT NULL".to_owned()).scan(true)];
            let mut not_null = super::online::set_not_null(cx).unwrap_or_else(plain);
            if let Some(first) = not_null.first_mut() {
                first.decide.push(format!(
                    "what rows with NULL in {} get instead: this fails where there are any",
                    cx.id.name()
                ));
            }
            steps.extend(not_null);
        }
        match (&identity, &new.identity) {
            (None, Some(target)) => {
                steps.push(alter(cx.id, format!("ADD {}", target.definition(cx.id, true))));
                steps.push(Step::new(format!(
                    "SELECT pg_catalog.setval({}, (SELECT GREATEST(pg_catalog.max({}) + 1, {}) FROM {}), false)",
                    literal(&qualified(&[&target.sequence_schema, &target.sequence_name])),
                    cx.id.last(),
                    target.sequence.start,
                    cx.id.table()
                )));
            }
            (Some(old), Some(target)) => {
                let changes = old.changes(target);
                if !changes.is_empty() {
                    steps.extend(narrowing(old, target));
                    steps.push(alter(cx.id, changes.join(" ")));
                }
                let name = |it: &Identity| qualified(&[&it.sequence_schema, &it.sequence_name]);
                if old.sequence_name != target.sequence_name {
                    steps.push(Step::new(format!(
                        "ALTER SEQUENCE {} RENAME TO {}",
                        name(old),
                        ident(&target.sequence_name)
                    )));
                }
                if old.sequence.unlogged != target.sequence.unlogged {
                    let word = if target.sequence.unlogged { "UNLOGGED" } else { "LOGGED" };
                    steps.push(Step::new(format!("ALTER SEQUENCE {} SET {word}", name(target))));
                }
            }
            _ => {}
        }
        if before.compression != new.compression {
            steps.push(only(cx.id, format!("SET COMPRESSION {}", new.compression.as_deref().unwrap_or("default"))));
        }
        if type_changes {
            // The new type brings its own storage.
            before.storage = if before.type_storage == new.type_storage { before.storage } else { None };
        }
        steps.extend(before.setting_changes(new, cx.id));
        if let Some(changes) = fdw_options_change(&before.foreign_options, &new.foreign_options) {
            steps.push(alter(cx.id, format!("OPTIONS ({changes})")));
        }
        if self.data_type != new.data_type || self.collation != new.collation || retyped.is_some() {
            let related = super::column_type::related(&self.data_type, &new.data_type)
                && retyped.is_none()
                && self.collation == new.collation;
            return Alteration::Disturbing(steps, Disturbance::ColumnType { related });
        }
        Alteration::Steps(steps)
    }
}

/// What must be decided, where a type of the column is dropped and made again under its name; none if that is not so.
fn types_made_again(cx: &Context<'_>) -> Option<Vec<String>> {
    let old = cx.from.get(cx.id)?;
    let mut found = None;
    for id in old.depends_on.iter().filter(|id| super::is_type(id.kind) && cx.drops(id)) {
        let decisions: &mut Vec<String> = found.get_or_insert_default();
        if let (Some(Payload::Enum(old)), Some(Payload::Enum(new))) =
            (cx.from.get(id).map(|fact| &fact.payload), cx.to.get(id).map(|fact| &fact.payload))
        {
            let removed = super::types::removed_values(old, new);
            if !removed.is_empty() {
                decisions.push(format!(
                    "what becomes of rows with {} in {}: this fails where there are any",
                    removed.join(", "),
                    cx.id.name()
                ));
            }
        }
    }
    found
}
