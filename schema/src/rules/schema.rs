use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::schema::Schema;
use crate::fact::FactId;

impl Rules for Schema {
    fn address(&self, id: &FactId) -> String {
        format!("SCHEMA {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("CREATE {}", self.address(cx.id)))]
    }
}
