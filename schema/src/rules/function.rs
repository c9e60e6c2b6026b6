use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::function::Function;
use crate::fact::FactId;
use crate::render::qualified;

/// `shop.add(integer, integer)`, as COMMENT ON and DROP name a routine.
pub(super) fn routine(id: &FactId) -> String {
    format!("{}({})", qualified(&id.path[..2]), id.path[2])
}

impl Rules for Function {
    fn address(&self, id: &FactId) -> String {
        format!("{} {}", if self.procedure { "PROCEDURE" } else { "FUNCTION" }, routine(id))
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        vec![("routine", routine(id))]
    }

    fn create(&self, _cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(self.definition.replacen("CREATE OR REPLACE", "CREATE", 1))]
    }

    /// Whoever depends on it may rely on what it takes and returns.
    fn alter(&self, new: &Self, _cx: &Context<'_>) -> Alteration {
        let same = self.procedure == new.procedure
            && self.result == new.result
            && self.signature == new.signature
            && self.outputs == new.outputs
            && self.defaults <= new.defaults
            && self.window == new.window;
        if same { Alteration::Steps(vec![Step::new(new.definition.clone())]) } else { Alteration::Replace }
    }
}
