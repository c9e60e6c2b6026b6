//! Enums, composite types, domains and ranges.

use std::collections::BTreeSet;

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use super::relation;
use crate::catalog::types::Attribute;
use crate::catalog::types::Composite;
use crate::catalog::types::Domain;
use crate::catalog::types::Enum;
use crate::catalog::types::Range;
use crate::fact::FactId;
use crate::fact::Kind;
use crate::fact::Payload;
use crate::render::ident;
use crate::render::literal;

fn type_name(id: &FactId) -> Vec<(&'static str, String)> {
    vec![("type", id.qualified())]
}

/// Drops what may have been moved aside.
fn drop_type(word: &str, cx: &Context<'_>) -> Vec<Step> {
    let name = cx.aside.clone().unwrap_or_else(|| cx.id.qualified());
    vec![Step::new(format!("DROP {word} {name}"))]
}

impl Rules for Enum {
    fn address(&self, id: &FactId) -> String {
        format!("TYPE {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        type_name(id)
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let values: Vec<_> = self.values.iter().map(|value| literal(value)).collect();
        vec![Step::new(format!("CREATE {} AS ENUM ({})", self.address(cx.id), values.join(", ")))]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        drop_type("TYPE", cx)
    }

    /// Values can be added anywhere, but neither removed nor moved.
    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let added: Vec<_> = new.values.iter().filter(|value| !self.values.contains(value)).collect();
        let kept: Vec<_> = new.values.iter().filter(|value| self.values.contains(value)).collect();
        if kept.len() != self.values.len() || !kept.iter().copied().eq(&self.values) {
            return Alteration::Replace;
        }
        let mut steps = Vec::new();
        for value in added {
            let at = new.values.iter().position(|other| other == value).unwrap_or_default();
            let place = if self.values.is_empty() && at == 0 {
                String::new()
            } else if at == 0 {
                format!(" BEFORE {}", literal(&self.values[0]))
            } else {
                format!(" AFTER {}", literal(&new.values[at - 1]))
            };
            steps.push(Step::new(format!("ALTER {} ADD VALUE {}{place}", self.address(cx.id), literal(value))));
        }
        Alteration::Steps(steps)
    }
}

fn attribute(attribute: &Attribute) -> String {
    let collation = attribute.collation.as_ref().map_or_else(String::new, |name| format!(" COLLATE {name}"));
    format!("{} {}{collation}", ident(&attribute.name), attribute.data_type)
}

impl Rules for Composite {
    fn address(&self, id: &FactId) -> String {
        format!("TYPE {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        relation(id)
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let attributes: Vec<_> = self.attributes.iter().map(attribute).collect();
        vec![Step::new(format!("CREATE {} AS ({})", self.address(cx.id), attributes.join(", ")))]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        drop_type("TYPE", cx)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let name = |list: &[Attribute], name: &str| list.iter().find(|attribute| attribute.name == name).cloned();
        let used = cx.from.dependents(cx.id).iter().any(|fact| fact.id.kind == Kind::Column);
        let mut parts = Vec::new();
        let mut after: Vec<Attribute> = Vec::new();
        let mut lost = Vec::new();
        for old in &self.attributes {
            match name(&new.attributes, &old.name) {
                None => {
                    parts.push(format!("DROP ATTRIBUTE {}", ident(&old.name)));
                    lost.push(old.name.clone());
                }
                Some(target) => {
                    if target != *old {
                        if used {
                            // PostgreSQL does not rewrite the tables that hold values of the type.
                            return Alteration::Replace;
                        }
                        let rest = attribute(&target);
                        let rest = rest[ident(&target.name).len()..].to_owned();
                        parts.push(format!("ALTER ATTRIBUTE {} TYPE{rest}", ident(&target.name)));
                    }
                    after.push(target);
                }
            }
        }
        for target in &new.attributes {
            if name(&self.attributes, &target.name).is_none() {
                parts.push(format!("ADD ATTRIBUTE {}", attribute(target)));
                after.push(target.clone());
            }
        }
        if after != new.attributes {
            return Alteration::Replace;
        }
        let step = Step::new(format!("ALTER {} {}", self.address(cx.id), parts.join(", ")));
        let loses = used && !lost.is_empty();
        let step = if loses { step.loss(format!("drops attribute {} of {}", lost.join(", "), cx.id)) } else { step };
        Alteration::Steps(vec![step])
    }
}

impl Rules for Domain {
    fn address(&self, id: &FactId) -> String {
        format!("DOMAIN {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        type_name(id)
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut sql = format!("CREATE {} AS {}", self.address(cx.id), self.base);
        if let Some(collation) = &self.collation {
            sql.push_str(&format!(" COLLATE {collation}"));
        }
        if let Some(default) = &self.default {
            sql.push_str(&format!(" DEFAULT {default}"));
        }
        if self.not_null {
            sql.push_str(" NOT NULL");
        }
        for fact in cx.carried {
            if let Payload::Constraint(constraint) = &fact.payload {
                sql.push_str(&format!(" CONSTRAINT {} {}", fact.id.last(), constraint.definition));
            }
        }
        vec![Step::new(sql)]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        drop_type("DOMAIN", cx)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.base != new.base || self.collation != new.collation {
            return Alteration::Replace;
        }
        let address = self.address(cx.id);
        let mut steps = Vec::new();
        if self.default != new.default {
            steps.push(Step::new(match &new.default {
                Some(default) => format!("ALTER {address} SET DEFAULT {default}"),
                None => format!("ALTER {address} DROP DEFAULT"),
            }));
        }
        if self.not_null != new.not_null {
            let word = if new.not_null { "SET" } else { "DROP" };
            steps.push(Step::new(format!("ALTER {address} {word} NOT NULL")).scan(new.not_null));
        }
        Alteration::Steps(steps)
    }
}

impl Range {
    /// The name of its multirange as SQL.
    pub(crate) fn multirange(&self) -> Option<&str> {
        self.options.iter().find_map(|option| option.strip_prefix("MULTIRANGE_TYPE_NAME = "))
    }
}

impl Range {
    /// The type of its bounds.
    pub(crate) fn subtype(&self) -> Option<&str> {
        self.options.iter().find_map(|option| option.strip_prefix("SUBTYPE = "))
    }
}

impl Rules for Range {
    fn address(&self, id: &FactId) -> String {
        format!("TYPE {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        type_name(id).into_iter().chain(self.multirange().map(|name| ("type", name.to_owned()))).collect()
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("CREATE {} AS RANGE ({})", self.address(cx.id), self.options.join(", ")))]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        drop_type("TYPE", cx)
    }
}

/// Values that the new enum does not have.
pub(super) fn removed_values(old: &Enum, new: &Enum) -> Vec<String> {
    let kept: BTreeSet<_> = new.values.iter().collect();
    old.values.iter().filter(|value| !kept.contains(value)).map(|value| literal(value)).collect()
}
