//! Sequences, and the columns that they belong to.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use super::relation;
use crate::catalog::sequence::Sequence;
use crate::catalog::sequence::SequenceOwner;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::render::ident;
use crate::render::qualified;

impl Sequence {
    /// The least and the greatest value of its type.
    pub(super) fn bounds(data_type: &str) -> (i64, i64) {
        match data_type {
            "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
            "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        }
    }

    /// What a sequence of this type and direction is where nothing is said.
    fn usual(data_type: &str, increment: i64) -> Self {
        let (least, greatest) = Self::bounds(data_type);
        let (min, max) = if increment > 0 { (1, greatest) } else { (least, -1) };
        let start = if increment > 0 { min } else { max };
        Self { data_type: data_type.to_owned(), start, increment, min, max, cache: 1, cycle: false, unlogged: false }
    }

    /// What is not usual, as options of CREATE, without the type.
    pub(super) fn options(&self) -> Vec<String> {
        let usual = Self::usual(&self.data_type, self.increment);
        let start = if self.increment > 0 { self.min } else { self.max };
        let mut options = Vec::new();
        if self.start != start {
            options.push(format!("START WITH {}", self.start));
        }
        if self.increment != 1 {
            options.push(format!("INCREMENT BY {}", self.increment));
        }
        if self.min != usual.min {
            options.push(format!("MINVALUE {}", self.min));
        }
        if self.max != usual.max {
            options.push(format!("MAXVALUE {}", self.max));
        }
        if self.cache != 1 {
            options.push(format!("CACHE {}", self.cache));
        }
        if self.cycle {
            options.push("CYCLE".to_owned());
        }
        options
    }

    /// What it is after ALTER … AS: bounds at the end of the old type move with it.
    pub(super) fn with_type(&self, data_type: &str) -> Self {
        let (old, new) = (Self::bounds(&self.data_type), Self::bounds(data_type));
        let mut next = Self { data_type: data_type.to_owned(), ..self.clone() };
        if self.max == old.1 {
            next.max = new.1;
        }
        if self.min == old.0 {
            next.min = new.0;
        }
        next
    }

    /// Moves the last value into the bounds of `new`, where it may be outside of them.
    pub(super) fn narrowing(&self, new: &Self, name: &str) -> Option<Step> {
        let narrower = new.min > self.min || new.max < self.max;
        let overlaps = new.min <= self.max && new.max >= self.min;
        (narrower && overlaps).then(|| {
            Step::new(format!(
                "SELECT pg_catalog.setval({}, LEAST(GREATEST(last_value, {}), {}), is_called AND last_value BETWEEN {} AND {}) FROM {name}",
                crate::render::literal(name),
                new.min,
                new.max,
                new.min,
                new.max
            ))
        })
    }

    /// Where no value is in the bounds of both, it begins anew.
    pub(super) fn restart(&self, new: &Self) -> Option<String> {
        (new.min > self.max || new.max < self.min).then(|| format!("RESTART WITH {}", new.start))
    }

    /// What ALTER has to say to turn it into `new`, without type and logging; each part once.
    pub(super) fn changes(&self, new: &Self) -> Vec<String> {
        let mut parts = Vec::new();
        if self.increment != new.increment {
            parts.push(format!("INCREMENT BY {}", new.increment));
        }
        if self.min != new.min {
            parts.push(format!("MINVALUE {}", new.min));
        }
        if self.max != new.max {
            parts.push(format!("MAXVALUE {}", new.max));
        }
        if self.start != new.start {
            parts.push(format!("START WITH {}", new.start));
        }
        if self.cache != new.cache {
            parts.push(format!("CACHE {}", new.cache));
        }
        if self.cycle != new.cycle {
            parts.push(if new.cycle { "CYCLE" } else { "NO CYCLE" }.to_owned());
        }
        parts
    }
}

impl Rules for Sequence {
    fn address(&self, id: &FactId) -> String {
        format!("SEQUENCE {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        relation(id)
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let unlogged = if self.unlogged { "UNLOGGED " } else { "" };
        let mut sql = format!("CREATE {unlogged}{}", self.address(cx.id));
        if self.data_type != "bigint" {
            sql.push_str(&format!(" AS {}", self.data_type));
        }
        for option in self.options() {
            sql.push(' ');
            sql.push_str(&option);
        }
        vec![Step::new(sql)]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("DROP {}", self.address(cx.id)))]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let address = self.address(cx.id);
        let mut steps = Vec::new();
        let mut before = self.clone();
        let mut parts = Vec::new();
        if self.data_type != new.data_type {
            parts.push(format!("AS {}", new.data_type));
            before = self.with_type(&new.data_type);
        }
        parts.extend(before.changes(new));
        parts.extend(self.restart(new));
        steps.extend(self.narrowing(new, &cx.id.qualified()));
        if !parts.is_empty() {
            steps.push(Step::new(format!("ALTER {address} {}", parts.join(" "))));
        }
        if self.unlogged != new.unlogged {
            let word = if new.unlogged { "UNLOGGED" } else { "LOGGED" };
            steps.push(Step::new(format!("ALTER {address} SET {word}")));
        }
        Alteration::Steps(steps)
    }
}

impl Rules for SequenceOwner {
    fn address(&self, id: &FactId) -> String {
        format!("SEQUENCE {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        let sequence = FactId { kind: Kind::Sequence, path: cx.id.path.clone() };
        let table = FactId::new(Kind::Table, self.column.iter().take(2).cloned());
        // Both must have the same owner; a table that is made here gets its owner later, and the sequence with it.
        let table_owner = if cx.creates(&table) { Some(cx.from.catalog.user.as_str()) } else { cx.from.owner(&table) };
        let own_owner =
            if cx.creates(&sequence) { Some(cx.from.catalog.user.as_str()) } else { cx.from.owner(&sequence) };
        if let (Some(role), true) = (table_owner, table_owner != own_owner) {
            steps.push(Step::new(format!("ALTER {} OWNER TO {}", self.address(cx.id), ident(role))));
        }
        steps.push(Step::new(format!("ALTER {} OWNED BY {}", self.address(cx.id), qualified(&self.column))));
        steps
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("ALTER {} OWNED BY NONE", self.address(cx.id)))]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        // A new role comes with that of the table.
        if self.column == new.column { Alteration::Steps(Vec::new()) } else { Alteration::Steps(new.create(cx)) }
    }
}
