//! Publications, and the tables and schemas in them.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::publication::Publication;
use crate::catalog::publication::PublicationSchema;
use crate::catalog::publication::PublicationTable;
use crate::fact::FactId;
use crate::render::ident;
use crate::render::idents;
use crate::render::literal;
use crate::render::qualified;

impl Publication {
    fn options(&self) -> String {
        format!("publish = {}, publish_via_partition_root = {}", literal(&self.publish), self.via_root)
    }
}

impl Rules for Publication {
    fn address(&self, id: &FactId) -> String {
        format!("PUBLICATION {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let all = if self.all_tables { " FOR ALL TABLES" } else { "" };
        vec![Step::new(format!("CREATE {}{all} WITH ({})", self.address(cx.id), self.options()))]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.all_tables != new.all_tables {
            return Alteration::Replace;
        }
        Alteration::Steps(vec![Step::new(format!("ALTER {} SET ({})", self.address(cx.id), new.options()))])
    }
}

fn publication(id: &FactId) -> String {
    ident(&id.path[0])
}

impl Rules for PublicationTable {
    fn address(&self, id: &FactId) -> String {
        format!("PUBLICATION {}", publication(id))
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let columns = self.columns.as_ref().map_or_else(String::new, |names| format!(" ({})", idents(names)));
        let condition = self.condition.as_ref().map_or_else(String::new, |it| format!(" WHERE ({it})"));
        let table = qualified(&cx.id.path[1..]);
        vec![Step::new(format!("ALTER {} ADD TABLE ONLY {table}{columns}{condition}", self.address(cx.id)))]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("ALTER {} DROP TABLE ONLY {}", self.address(cx.id), qualified(&cx.id.path[1..])))]
    }
}

impl Rules for PublicationSchema {
    fn address(&self, id: &FactId) -> String {
        format!("PUBLICATION {}", publication(id))
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("ALTER {} ADD TABLES IN SCHEMA {}", self.address(cx.id), cx.id.last()))]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("ALTER {} DROP TABLES IN SCHEMA {}", self.address(cx.id), cx.id.last()))]
    }
}
