//! Tables, and what identifies and sorts their rows.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use super::relation;
use crate::catalog::table::Cluster;
use crate::catalog::table::ReplicaIdentity;
use crate::catalog::table::Table;
use crate::fact::FactId;
use crate::fact::Payload;
use crate::plan::LockMode;
use crate::render::fdw_options;
use crate::render::fdw_options_change;
use crate::render::ident;
use crate::render::options;
use crate::render::options_change;
use crate::render::qualified;

impl Rules for Table {
    fn address(&self, id: &FactId) -> String {
        let word = if self.foreign.is_some() { "FOREIGN TABLE" } else { "TABLE" };
        format!("{word} {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        relation(id)
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut columns = Vec::new();
        let mut constraints = Vec::new();
        let mut parents = Vec::new();
        let mut later = Vec::new();
        let partition = cx
            .to
            .parents_of_table(&cx.id.path)
            .iter()
            .any(|fact| matches!(&fact.payload, Payload::Inheritance(it) if it.bound.is_some()));
        for fact in cx.carried {
            match &fact.payload {
                Payload::Column(column) => {
                    if partition || column.local || column.inherited == 0 {
                        let default = cx.carried.iter().find_map(|other| match &other.payload {
                            Payload::Default(default) if other.id.path == fact.id.path => {
                                Some(default.expression.as_str())
                            }
                            _ => None,
                        });
                        columns.push((column.position, column.definition(&fact.id, default)));
                    } else {
                        later.extend(column.overrides(&fact.id, cx));
                    }
                    later.extend(column.settings(&fact.id));
                }
                Payload::Constraint(constraint) if partition || !constraint.is_inherited() => {
                    constraints.push(format!("CONSTRAINT {} {}", fact.id.last(), constraint.inline()));
                }
                Payload::Inheritance(above) => parents.push((above.position, qualified(&above.parent))),
                _ => {}
            }
        }
        columns.sort();
        parents.sort();
        let items: Vec<_> = columns
            .into_iter()
            .map(|(_, column)| column)
            .chain(constraints)
            .map(|item| format!("\n    {item}"))
            .collect();
        let unlogged = if self.unlogged { "UNLOGGED " } else { "" };
        let end = if items.is_empty() { "" } else { "\n" };
        let mut sql = format!("CREATE {unlogged}{} ({}{end})", self.address(cx.id), items.join(","));
        if !parents.is_empty() {
            let parents: Vec<_> = parents.into_iter().map(|(_, parent)| parent).collect();
            sql.push_str(&format!(" INHERITS ({})", parents.join(", ")));
        }
        if let Some(key) = &self.partition_key {
            sql.push_str(&format!(" PARTITION BY {key}"));
        }
        if let Some(foreign) = &self.foreign {
            sql.push_str(&format!(" SERVER {}", ident(&foreign.server)));
            if !foreign.options.is_empty() {
                sql.push_str(&format!(" OPTIONS ({})", fdw_options(&foreign.options)));
            }
        }
        if let Some(method) = &self.access_method {
            sql.push_str(&format!(" USING {}", ident(method)));
        }
        if !self.options.is_empty() {
            sql.push_str(&format!(" WITH ({})", options(&self.options)));
        }
        if let Some(tablespace) = &self.tablespace {
            sql.push_str(&format!(" TABLESPACE {}", ident(tablespace)));
        }
        let mut steps = vec![Step::new(sql)];
        if let Some(of) = &self.of_type {
            steps.push(Step::new(format!("ALTER TABLE {} OF {of}", cx.id.qualified())));
        }
        steps.extend(later);
        steps.extend(self.row_security_steps(cx, false, false));
        steps
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        if let Some(name) = &cx.aside {
            return vec![Step::new(format!("DROP TABLE {name}"))];
        }
        let step = Step::new(format!("DROP {}", self.address(cx.id))).exclusive(&cx.id.path);
        vec![if self.foreign.is_some() { step } else { step.loss(format!("drops {}", cx.id)) }]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let server = |table: &Self| table.foreign.as_ref().map(|foreign| foreign.server.clone());
        if server(self) != server(new) || self.partition_key != new.partition_key {
            return Alteration::Replace;
        }
        let name = cx.id.qualified();
        let alter = |what: String| Step::new(format!("ALTER TABLE {name} {what}")).exclusive(&cx.id.path);
        let mut steps = Vec::new();
        if self.of_type != new.of_type {
            steps.push(alter(new.of_type.as_ref().map_or_else(|| "NOT OF".to_owned(), |of| format!("OF {of}"))));
        }
        if self.unlogged != new.unlogged {
            steps.push(alter(format!("SET {}", if new.unlogged { "UNLOGGED" } else { "LOGGED" })).rewrite(true));
        }
        if self.access_method != new.access_method {
            let method = new.access_method.clone().unwrap_or_else(|| "heap".to_owned());
            steps.push(alter(format!("SET ACCESS METHOD {}", ident(&method))).rewrite(true));
        }
        if self.tablespace != new.tablespace {
            let tablespace = new.tablespace.clone().unwrap_or_else(|| "pg_default".to_owned());
            steps.push(alter(format!("SET TABLESPACE {}", ident(&tablespace))).rewrite(true));
        }
        let (set, reset) = options_change(&self.options, &new.options);
        let share = |what: String| {
            Step::new(format!("ALTER TABLE {name} {what}")).lock(LockMode::ShareUpdateExclusive, &cx.id.path)
        };
        if !set.is_empty() {
            steps.push(share(format!("SET ({})", options(&set))));
        }
        if !reset.is_empty() {
            steps.push(share(format!("RESET ({})", reset.join(", "))));
        }
        if let (Some(old), Some(new)) = (&self.foreign, &new.foreign)
            && let Some(changes) = fdw_options_change(&old.options, &new.options)
        {
            steps.push(Step::new(format!("ALTER FOREIGN TABLE {name} OPTIONS ({changes})")));
        }
        steps.extend(new.row_security_steps(cx, self.row_security, self.force_row_security));
        Alteration::Steps(steps)
    }
}

impl Table {
    fn row_security_steps(&self, cx: &Context<'_>, enabled: bool, forced: bool) -> Vec<Step> {
        let alter = |what: &str| {
            Step::new(format!("ALTER TABLE {} {what} ROW LEVEL SECURITY", cx.id.qualified())).exclusive(&cx.id.path)
        };
        let mut steps = Vec::new();
        if self.row_security != enabled {
            steps.push(alter(if self.row_security { "ENABLE" } else { "DISABLE" }));
        }
        if self.force_row_security != forced {
            steps.push(alter(if self.force_row_security { "FORCE" } else { "NO FORCE" }));
        }
        steps
    }
}

impl Rules for ReplicaIdentity {
    fn address(&self, id: &FactId) -> String {
        format!("TABLE {}", id.table())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let what = match &self.index {
            Some(index) => format!("USING INDEX {}", ident(index)),
            None if self.full => "FULL".to_owned(),
            None => "NOTHING".to_owned(),
        };
        vec![Step::new(format!("ALTER TABLE ONLY {} REPLICA IDENTITY {what}", cx.id.table())).exclusive(&cx.id.path)]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("ALTER TABLE ONLY {} REPLICA IDENTITY DEFAULT", cx.id.table())).exclusive(&cx.id.path)]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        Alteration::Steps(new.create(cx))
    }
}

impl Rules for Cluster {
    fn address(&self, id: &FactId) -> String {
        format!("TABLE {}", id.table())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let sql = format!("ALTER TABLE {} CLUSTER ON {}", cx.id.table(), ident(&self.index));
        vec![Step::new(sql).lock(LockMode::ShareUpdateExclusive, &cx.id.path)]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let sql = format!("ALTER TABLE {} SET WITHOUT CLUSTER", cx.id.table());
        vec![Step::new(sql).lock(LockMode::ShareUpdateExclusive, &cx.id.path)]
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        Alteration::Steps(new.create(cx))
    }
}
