use super::Context;
use super::Rules;
use super::Step;
use super::function::routine;
use crate::catalog::aggregate::Aggregate;
use crate::fact::FactId;
use crate::render::qualified;

impl Rules for Aggregate {
    fn address(&self, id: &FactId) -> String {
        format!("AGGREGATE {}({})", qualified(&id.path[..2]), self.signature)
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        vec![("routine", routine(id))]
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let name = qualified(&cx.id.path[..2]);
        vec![Step::new(format!("CREATE AGGREGATE {name}({}) ({})", self.arguments, self.options.join(", ")))]
    }
}
