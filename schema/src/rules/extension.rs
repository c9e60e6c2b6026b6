use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::extension::Extension;
use crate::fact::FactId;
use crate::render::ident;

impl Rules for Extension {
    fn address(&self, id: &FactId) -> String {
        format!("EXTENSION {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("CREATE {} WITH SCHEMA {}", self.address(cx.id), ident(&self.schema)))]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let mut steps = Vec::new();
        let used = cx.from.dependents(cx.id).iter().any(|fact| fact.id.kind == crate::fact::Kind::Column);
        if self.schema != new.schema && !self.relocatable && !used {
            return Alteration::Replace;
        }
        if self.schema != new.schema {
            let decide = "the extension cannot move: drop it and what needs it, and make it in the other schema";
            let step = Step::new(format!("ALTER {} SET SCHEMA {}", self.address(cx.id), ident(&new.schema)));
            steps.push(if self.relocatable { step } else { step.decide(decide) });
        }
        Alteration::Steps(steps)
    }
}
