use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::comment::Comment;
use crate::fact::FactId;
use crate::render::literal;

impl Rules for Comment {
    fn address(&self, _id: &FactId) -> String {
        self.address.clone()
    }

    fn create(&self, _cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("COMMENT ON {} IS {}", self.address, literal(&self.text)))]
    }

    fn drop(&self, _cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("COMMENT ON {} IS NULL", self.address))]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        Alteration::Steps(new.create(cx))
    }
}
