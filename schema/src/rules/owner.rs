use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::owner::Owner;
use crate::fact::FactId;
use crate::render::ident;

impl Rules for Owner {
    fn address(&self, _id: &FactId) -> String {
        self.address.clone()
    }

    /// What is made belongs to whoever makes it.
    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        if self.role == cx.from.catalog.user { Vec::new() } else { self.change() }
    }

    fn drop(&self, _cx: &Context<'_>) -> Vec<Step> {
        Vec::new()
    }

    fn alter(&self, new: &Self, _cx: &Context<'_>) -> Alteration {
        Alteration::Steps(new.change())
    }
}

impl Owner {
    fn change(&self) -> Vec<Step> {
        vec![Step::new(format!("ALTER {} OWNER TO {}", self.address, ident(&self.role)))]
    }
}
