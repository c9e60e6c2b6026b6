use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::operator::Operator;
use crate::fact::FactId;
use crate::render::ident;

impl Rules for Operator {
    fn address(&self, id: &FactId) -> String {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "NONE".to_owned());
        format!("OPERATOR {}.{} ({}, {})", ident(&id.path[0]), id.path[1], side(&self.left), side(&self.right))
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!(
            "CREATE OPERATOR {}.{} ({})",
            ident(&cx.id.path[0]),
            cx.id.path[1],
            self.options.join(", ")
        ))]
    }
}
