//! Triggers of tables and views, and event triggers.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// The whole CREATE TRIGGER.
    pub definition: String,
    /// When it fires.
    pub enabled: Enabled,
    /// Whether it is a constraint trigger.
    pub constraint: bool,
}

/// When a trigger or a rule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enabled {
    /// In ordinary sessions.
    #[serde(rename = "O")]
    Origin,
    /// Never.
    #[serde(rename = "D")]
    Disabled,
    /// Where changes of another server are applied.
    #[serde(rename = "R")]
    Replica,
    /// Always.
    #[serde(rename = "A")]
    Always,
}

#[derive(Deserialize)]
struct Row {
    oid: u32,
    name: String,
    table: u32,
    constraint_oid: u32,
    parent: u32,
    #[serde(flatten)]
    payload: Trigger,
}

pub(crate) const SOURCE: Source = Source {
    what: "triggers",
    query: |_| {
        "SELECT t.oid::int8, t.tgname AS name, t.tgrelid::int8 AS table, t.tgconstraint::int8 AS constraint_oid, t.tgparentid::int8 AS parent, pg_catalog.pg_get_triggerdef(t.oid) AS definition,
                t.tgenabled AS enabled, t.tgconstraint <> 0 AS constraint
         FROM pg_catalog.pg_trigger AS t WHERE NOT t.tgisinternal ORDER BY t.tgparentid <> 0, t.oid"
            .to_owned()
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let key = (class::TRIGGER, row.oid, 0);
        if row.parent != 0 {
            // Partitions get theirs from the table above.
            return Ok(());
        }
        let table = (class::CLASS, row.table, 0);
        let Some(of) = builder.primary(table).cloned() else { return Ok(()) };
        let id = FactId::new(Kind::Trigger, of.path.iter().cloned().chain([row.name]));
        builder.part(key, table, id, row.payload);
        if row.constraint_oid != 0 {
            builder.alias((class::CONSTRAINT, row.constraint_oid, 0), key);
        }
        Ok(())
    },
};

/// An event trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTrigger {
    /// E.g. `ddl_command_end`.
    pub event: String,
    /// The commands that it fires for; none means all.
    pub tags: Vec<String>,
    /// What it runs, as SQL.
    pub function: String,
    /// When it fires.
    pub enabled: Enabled,
}

#[derive(Deserialize)]
struct Event {
    oid: u32,
    name: String,
    owner: String,
    #[serde(flatten)]
    payload: EventTrigger,
}

pub(crate) const EVENT_TRIGGERS: Source = Source {
    what: "event triggers",
    query: |_| {
        "SELECT e.oid::int8, e.evtname AS name, pg_catalog.pg_get_userbyid(e.evtowner) AS owner, e.evtevent AS event, COALESCE(e.evttags, '{}') AS tags,
                pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) AS function, e.evtenabled AS enabled
         FROM pg_catalog.pg_event_trigger AS e JOIN pg_catalog.pg_proc AS p ON p.oid = e.evtfoid JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace"
            .to_owned()
    },
    take: |text, builder| {
        let row: Event = reader::row(text)?;
        let id = FactId::new(Kind::EventTrigger, [row.name]);
        if let Some(id) = builder.object((class::EVENT_TRIGGER, row.oid, 0), id, row.payload) {
            builder.access(&id, Some(row.owner), None);
        }
        Ok(())
    },
};
