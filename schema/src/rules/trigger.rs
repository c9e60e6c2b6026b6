//! Triggers of tables and views, and event triggers.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::trigger::Enabled;
use crate::catalog::trigger::EventTrigger;
use crate::catalog::trigger::Trigger;
use crate::fact::FactId;
use crate::plan::LockMode;
use crate::render::literal;

impl Enabled {
    /// As ALTER TABLE says it.
    pub(super) const fn as_sql(self) -> &'static str {
        match self {
            Self::Origin => "ENABLE",
            Self::Disabled => "DISABLE",
            Self::Replica => "ENABLE REPLICA",
            Self::Always => "ENABLE ALWAYS",
        }
    }
}

impl Trigger {
    fn enable(&self, cx: &Context<'_>) -> Step {
        let sql = format!("ALTER TABLE {} {} TRIGGER {}", cx.id.table(), self.enabled.as_sql(), cx.id.last());
        Step::new(sql).lock(LockMode::ShareRowExclusive, &cx.id.path)
    }
}

impl Rules for Trigger {
    fn address(&self, id: &FactId) -> String {
        format!("TRIGGER {} ON {}", id.last(), id.table())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut steps = vec![Step::new(self.definition.clone()).lock(LockMode::ShareRowExclusive, &cx.id.path)];
        if self.enabled != Enabled::Origin {
            steps.push(self.enable(cx));
        }
        steps
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("DROP {}", self.address(cx.id))).exclusive(&cx.id.path)]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.definition == new.definition { Alteration::Steps(vec![new.enable(cx)]) } else { Alteration::Replace }
    }
}

impl Rules for EventTrigger {
    fn address(&self, id: &FactId) -> String {
        format!("EVENT TRIGGER {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let tags: Vec<_> = self.tags.iter().map(|tag| literal(tag)).collect();
        let when = if tags.is_empty() { String::new() } else { format!(" WHEN TAG IN ({})", tags.join(", ")) };
        let sql =
            format!("CREATE {} ON {}{when} EXECUTE FUNCTION {}()", self.address(cx.id), self.event, self.function);
        let mut steps = vec![Step::new(sql)];
        if self.enabled != Enabled::Origin {
            steps.push(Step::new(format!("ALTER {} {}", self.address(cx.id), self.enabled.as_sql())));
        }
        steps
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.event != new.event || self.tags != new.tags || self.function != new.function {
            return Alteration::Replace;
        }
        Alteration::Steps(vec![Step::new(format!("ALTER {} {}", self.address(cx.id), new.enabled.as_sql()))])
    }
}
