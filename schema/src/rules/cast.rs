use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::cast::Cast;
use crate::fact::FactId;

impl Rules for Cast {
    fn address(&self, id: &FactId) -> String {
        format!("CAST ({} AS {})", id.path[0], id.path[1])
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(
            format!("CREATE {} {} {}", self.address(cx.id), self.method, self.context).trim_end().to_owned(),
        )]
    }
}
