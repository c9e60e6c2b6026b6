//! Constraints of tables and domains.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::constraint::Constraint;
use crate::catalog::constraint::ConstraintType;
use crate::fact::FactId;
use crate::plan::LockMode;
use crate::render::ident;
use crate::render::options;
use crate::render::options_change;
use crate::render::qualified;

impl Constraint {
    /// As in CREATE TABLE, after CONSTRAINT name.
    pub(super) fn inline(&self) -> String {
        let with = if self.options.is_empty() { String::new() } else { format!(" WITH ({})", options(&self.options)) };
        let tablespace = self
            .tablespace
            .as_ref()
            .map_or_else(String::new, |name| format!(" USING INDEX TABLESPACE {}", ident(name)));
        // They stand before WHERE and DEFERRABLE.
        let end = if self.has_index() {
            [" WHERE (", " DEFERRABLE"].iter().find_map(|word| self.definition.find(word))
        } else {
            None
        };
        let (start, rest) = self.definition.split_at(end.unwrap_or(self.definition.len()));
        format!("{start}{with}{tablespace}{rest}")
    }

    fn alter_table(&self, cx: &Context<'_>, only: bool) -> String {
        let only = if only { "ONLY " } else { "" };
        let word = if self.of_domain { "DOMAIN" } else { "TABLE" };
        format!("ALTER {word} {only}{}", cx.id.table())
    }

    fn lock(&self) -> LockMode {
        match self.constraint_type {
            ConstraintType::ForeignKey => LockMode::ShareRowExclusive,
            _ => LockMode::AccessExclusive,
        }
    }

    /// Whether the table above makes it.
    fn comes_from_above(&self, cx: &Context<'_>) -> bool {
        match self.constraint_type {
            ConstraintType::ForeignKey => self.is_inherited(),
            ConstraintType::Check => self.is_inherited() && !cx.kept_parents().is_empty(),
            _ => false,
        }
    }
}

impl Rules for Constraint {
    fn address(&self, id: &FactId) -> String {
        let of = if self.of_domain { "DOMAIN " } else { "" };
        format!("CONSTRAINT {} ON {of}{}", id.last(), id.table())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        let mut names = Vec::new();
        if self.has_index() {
            names.push(("relation", qualified(&[&id.path[0], &id.path[2]])));
        }
        if self.constraint_type == ConstraintType::PrimaryKey {
            names.push(("primary key", id.table()));
        }
        names
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        if self.comes_from_above(cx) {
            // The rows of a partition may be known to satisfy it when those of the whole table are not.
            let above = cx.kept_parents().into_iter().find_map(|above| {
                let id = FactId::new(cx.id.kind, above.iter().chain(cx.id.path.last()).cloned());
                cx.to.get(&id).and_then(|fact| {
                    if let crate::fact::Payload::Constraint(it) = &fact.payload { Some(it.validated) } else { None }
                })
            });
            let validate = self.validated && above == Some(false) && self.constraint_type == ConstraintType::Check;
            let sql = format!("{} VALIDATE CONSTRAINT {}", self.alter_table(cx, false), cx.id.last());
            return if validate {
                vec![Step::new(sql).lock(LockMode::ShareUpdateExclusive, &cx.id.path).scan(true)]
            } else {
                Vec::new()
            };
        }
        if let Some(steps) = super::online::add_constraint(self, cx) {
            return steps;
        }
        // The indexes of partitions are made apart and attached.
        let only = self.partitioned && self.has_index();
        let sql = format!("{} ADD CONSTRAINT {} {}", self.alter_table(cx, only), cx.id.last(), self.inline());
        let step = Step::new(sql).scan(self.validated || self.has_index());
        vec![if self.of_domain { step } else { step.lock(self.lock(), &cx.id.path) }]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let above =
            self.is_inherited() && matches!(self.constraint_type, ConstraintType::Check | ConstraintType::ForeignKey);
        let kept = cx.from.parents_of_table(&cx.id.path).into_iter().any(|fact| !cx.drops(&fact.id));
        if above && kept {
            return Vec::new();
        }
        let step = Step::new(format!("{} DROP CONSTRAINT {}", self.alter_table(cx, false), cx.id.last()));
        vec![if self.of_domain { step } else { step.exclusive(&cx.id.path) }]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.constraint_type == ConstraintType::ForeignKey && self.is_inherited() && new.is_inherited() {
            return Alteration::Steps(Vec::new());
        }
        if new.validated && self.definition == format!("{} NOT VALID", new.definition) {
            let sql = format!("{} VALIDATE CONSTRAINT {}", self.alter_table(cx, false), cx.id.last());
            let step = Step::new(sql).scan(true);
            return Alteration::Steps(vec![if self.of_domain {
                step
            } else {
                step.lock(LockMode::ShareUpdateExclusive, &cx.id.path)
            }]);
        }
        if self.has_index() && self.definition == new.definition && self.tablespace == new.tablespace {
            let index = qualified(&[&cx.id.path[0], &cx.id.path[2]]);
            let (set, reset) = options_change(&self.options, &new.options);
            let set = (!set.is_empty()).then(|| format!("ALTER INDEX {index} SET ({})", options(&set)));
            let reset = (!reset.is_empty()).then(|| format!("ALTER INDEX {index} RESET ({})", reset.join(", ")));
            let steps = set
                .into_iter()
                .chain(reset)
                .map(|sql| Step::new(sql).lock(LockMode::ShareUpdateExclusive, &cx.id.path));
            return Alteration::Steps(steps.collect());
        }
        let strip = |it: &Self| it.definition.replace(" INITIALLY DEFERRED", "").replace(" DEFERRABLE", "");
        if self.constraint_type == ConstraintType::ForeignKey && self.validated && strip(self) == strip(new) {
            let when = match (new.deferrable, new.deferred) {
                (false, _) => "NOT DEFERRABLE",
                (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
                (true, true) => "DEFERRABLE INITIALLY DEFERRED",
            };
            let sql = format!("{} ALTER CONSTRAINT {} {when}", self.alter_table(cx, false), cx.id.last());
            return Alteration::Steps(vec![Step::new(sql).exclusive(&cx.id.path)]);
        }
        Alteration::Replace
    }
}
