use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::statistics::Statistics;
use crate::fact::FactId;

impl Rules for Statistics {
    fn address(&self, id: &FactId) -> String {
        format!("STATISTICS {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        vec![("statistics", id.qualified())]
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut steps = vec![Step::new(self.definition.clone())];
        if let Some(target) = self.target {
            steps.push(Step::new(format!("ALTER {} SET STATISTICS {target}", self.address(cx.id))));
        }
        steps
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if (Self { target: new.target, ..self.clone() }) != *new {
            return Alteration::Replace;
        }
        let target = new.target.unwrap_or(-1);
        Alteration::Steps(vec![Step::new(format!("ALTER {} SET STATISTICS {target}", self.address(cx.id)))])
    }
}
