//! Indexes, and how those of partitions belong to that of the whole table.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::index::Index;
use crate::catalog::index::IndexAttachment;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::plan::LockMode;
use crate::render::ident;
use crate::render::options;
use crate::render::options_change;
use crate::render::qualified;

impl Rules for Index {
    fn address(&self, id: &FactId) -> String {
        format!("INDEX {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        vec![("relation", id.qualified())]
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut sql = self.definition.clone();
        if let Some(tablespace) = &self.tablespace {
            // TABLESPACE stands before WHERE.
            let at = sql.rfind(" WHERE ").unwrap_or(sql.len());
            sql.insert_str(at, &format!(" TABLESPACE {}", ident(tablespace)));
        }
        let step = Step::new(sql).lock(LockMode::Share, &self.table).scan(!self.partitioned);
        let mut steps = vec![super::online::create_index(self, cx).unwrap_or(step)];
        steps.extend(self.statistics.iter().map(|(column, target)| {
            Step::new(format!("ALTER INDEX {} ALTER COLUMN {column} SET STATISTICS {target}", cx.id.qualified()))
        }));
        steps
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        // The constraints of partitions whose indexes are parts of this one do not go without being asked.
        let constraints = cx.from.dependents(cx.id).iter().any(|fact| {
            let parent = fact.parent.as_ref().map(|parent| parent.kind);
            fact.id.kind == Kind::IndexAttachment && parent == Some(Kind::Constraint)
        });
        if let (false, Some(step)) = (constraints, super::online::drop_index(self, cx)) {
            return vec![step];
        }
        let cascade = if constraints { " CASCADE" } else { "" };
        vec![Step::new(format!("DROP {}{cascade}", self.address(cx.id))).exclusive(&self.table)]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.shape() != new.shape() || self.valid != new.valid && !self.partitioned {
            return super::online::replace_index(self, new, cx).map_or(Alteration::Replace, Alteration::Steps);
        }
        let name = cx.id.qualified();
        let mut steps = Vec::new();
        let (set, reset) = options_change(&self.options, &new.options);
        if !set.is_empty() {
            steps.push(format!("ALTER INDEX {name} SET ({})", options(&set)));
        }
        if !reset.is_empty() {
            steps.push(format!("ALTER INDEX {name} RESET ({})", reset.join(", ")));
        }
        if self.tablespace != new.tablespace {
            let tablespace = new.tablespace.as_deref().unwrap_or("pg_default");
            steps.push(format!("ALTER INDEX {name} SET TABLESPACE {}", ident(tablespace)));
        }
        for (column, _) in
            self.statistics.iter().filter(|(column, _)| !new.statistics.iter().any(|(other, _)| other == column))
        {
            steps.push(format!("ALTER INDEX {name} ALTER COLUMN {column} SET STATISTICS -1"));
        }
        for (column, target) in new.statistics.iter().filter(|it| !self.statistics.contains(it)) {
            steps.push(format!("ALTER INDEX {name} ALTER COLUMN {column} SET STATISTICS {target}"));
        }
        let steps = steps.into_iter().map(|sql| Step::new(sql).lock(LockMode::ShareUpdateExclusive, &self.table));
        Alteration::Steps(steps.collect())
    }
}

impl Rules for IndexAttachment {
    fn address(&self, id: &FactId) -> String {
        format!("INDEX {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("ALTER INDEX {} ATTACH PARTITION {}", qualified(&self.parent), cx.id.qualified()))]
    }

    /// There is no statement for it: it goes with the partition or with the index above.
    fn drop(&self, _cx: &Context<'_>) -> Vec<Step> {
        Vec::new()
    }
}
