//! Views and materialized views.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use super::relation;
use crate::catalog::view::MaterializedView;
use crate::catalog::view::View;
use crate::fact::FactId;
use crate::render::ident;
use crate::render::options;
use crate::render::options_change;

impl View {
    fn definition(&self, id: &FactId, replace: bool) -> Step {
        let replace = if replace { "OR REPLACE " } else { "" };
        let with = if self.options.is_empty() { String::new() } else { format!(" WITH ({})", options(&self.options)) };
        Step::new(format!("CREATE {replace}VIEW {}{with} AS\n{}", id.qualified(), self.query))
    }
}

impl Rules for View {
    fn address(&self, id: &FactId) -> String {
        format!("VIEW {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        relation(id)
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![self.definition(cx.id, false)]
    }

    /// Columns can be added at the end, but neither removed nor changed.
    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.query == new.query {
            let (set, reset) = options_change(&self.options, &new.options);
            let mut steps = Vec::new();
            if !set.is_empty() {
                steps.push(Step::new(format!("ALTER VIEW {} SET ({})", cx.id.qualified(), options(&set))));
            }
            if !reset.is_empty() {
                steps.push(Step::new(format!("ALTER VIEW {} RESET ({})", cx.id.qualified(), reset.join(", "))));
            }
            if self.columns == new.columns {
                return Alteration::Steps(steps);
            }
        }
        if new.columns.starts_with(&self.columns) {
            Alteration::Steps(vec![new.definition(cx.id, true)])
        } else {
            Alteration::Replace
        }
    }
}

impl Rules for MaterializedView {
    fn address(&self, id: &FactId) -> String {
        format!("MATERIALIZED VIEW {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        relation(id)
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut sql = format!("CREATE {}", self.address(cx.id));
        if let Some(method) = &self.access_method {
            sql.push_str(&format!(" USING {}", ident(method)));
        }
        if !self.options.is_empty() {
            sql.push_str(&format!(" WITH ({})", options(&self.options)));
        }
        if let Some(tablespace) = &self.tablespace {
            sql.push_str(&format!(" TABLESPACE {}", ident(tablespace)));
        }
        sql.push_str(&format!(" AS\n{}", self.query));
        sql.push_str(if self.populated { "" } else { "\nWITH NO DATA" });
        vec![Step::new(sql)]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.query != new.query || self.columns != new.columns {
            return Alteration::Replace;
        }
        let address = self.address(cx.id);
        let mut steps = Vec::new();
        let (set, reset) = options_change(&self.options, &new.options);
        if !set.is_empty() {
            steps.push(Step::new(format!("ALTER {address} SET ({})", options(&set))));
        }
        if !reset.is_empty() {
            steps.push(Step::new(format!("ALTER {address} RESET ({})", reset.join(", "))));
        }
        if self.access_method != new.access_method {
            let method = new.access_method.as_deref().unwrap_or("heap");
            steps.push(Step::new(format!("ALTER {address} SET ACCESS METHOD {}", ident(method))));
        }
        if self.tablespace != new.tablespace {
            let tablespace = new.tablespace.as_deref().unwrap_or("pg_default");
            steps.push(Step::new(format!("ALTER {address} SET TABLESPACE {}", ident(tablespace))));
        }
        if self.populated != new.populated {
            let end = if new.populated { "" } else { " WITH NO DATA" };
            steps.push(Step::new(format!("REFRESH {address}{end}")));
        }
        Alteration::Steps(steps)
    }
}
