use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::inheritance::Inheritance;
use crate::fact::FactId;
use crate::plan::LockMode;
use crate::render::qualified;

impl Rules for Inheritance {
    fn address(&self, id: &FactId) -> String {
        format!("TABLE {}", id.table())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let (child, parent) = (cx.id.table(), qualified(&self.parent));
        vec![match &self.bound {
            Some(bound) => Step::new(format!("ALTER TABLE {parent} ATTACH PARTITION {child} {bound}"))
                .lock(LockMode::ShareUpdateExclusive, &self.parent)
                .scan(true),
            None => Step::new(format!("ALTER TABLE {child} INHERIT {parent}")).exclusive(&cx.id.path),
        }]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let (child, parent) = (cx.id.table(), qualified(&self.parent));
        vec![match &self.bound {
            Some(_) => Step::new(format!("ALTER TABLE {parent} DETACH PARTITION {child}")).exclusive(&self.parent),
            None => Step::new(format!("ALTER TABLE {child} NO INHERIT {parent}")).exclusive(&cx.id.path),
        }]
    }

    fn alter(&self, new: &Self, _cx: &Context<'_>) -> Alteration {
        // The place among several tables above cannot be changed.
        if self.bound == new.bound { Alteration::Steps(Vec::new()) } else { Alteration::Replace }
    }
}
