use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::rule::Rule;
use crate::catalog::trigger::Enabled;
use crate::fact::FactId;

impl Rule {
    fn enable(&self, cx: &Context<'_>) -> Step {
        let sql = format!("ALTER TABLE {} {} RULE {}", cx.id.table(), self.enabled.as_sql(), cx.id.last());
        Step::new(sql).exclusive(&cx.id.path)
    }
}

impl Rules for Rule {
    fn address(&self, id: &FactId) -> String {
        format!("RULE {} ON {}", id.last(), id.table())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut steps = vec![Step::new(self.definition.clone()).exclusive(&cx.id.path)];
        if self.enabled != Enabled::Origin {
            steps.push(self.enable(cx));
        }
        steps
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.definition == new.definition {
            return Alteration::Steps(vec![new.enable(cx)]);
        }
        let mut steps =
            vec![Step::new(new.definition.replacen("CREATE RULE", "CREATE OR REPLACE RULE", 1)).exclusive(&cx.id.path)];
        if self.enabled != new.enabled {
            steps.push(new.enable(cx));
        }
        Alteration::Steps(steps)
    }
}
