use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::default::ColumnDefault;
use crate::fact::FactId;

impl Rules for ColumnDefault {
    fn address(&self, id: &FactId) -> String {
        format!("COLUMN {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        // Partitions have defaults of their own, hence ONLY.
        let sql =
            format!("ALTER TABLE ONLY {} ALTER COLUMN {} SET DEFAULT {}", cx.id.table(), cx.id.last(), self.expression);
        vec![Step::new(sql).exclusive(&cx.id.path)]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let sql = format!("ALTER TABLE ONLY {} ALTER COLUMN {} DROP DEFAULT", cx.id.table(), cx.id.last());
        vec![Step::new(sql).exclusive(&cx.id.path)]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        Alteration::Steps(new.create(cx))
    }
}
