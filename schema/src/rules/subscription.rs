//! Subscriptions. The plan never talks to the other server: slots are neither made nor dropped there.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::subscription::Subscription;
use crate::fact::FactId;
use crate::render::ident;
use crate::render::idents;
use crate::render::literal;

impl Subscription {
    fn slot(&self) -> String {
        self.slot.as_ref().map_or_else(|| "NONE".to_owned(), |name| literal(name))
    }
}

impl Rules for Subscription {
    fn address(&self, id: &FactId) -> String {
        format!("SUBSCRIPTION {}", ident(&id.path[0]))
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let address = self.address(cx.id);
        let mut options = vec!["connect = false".to_owned(), format!("slot_name = {}", self.slot())];
        options.extend(self.options.iter().cloned());
        let connection = literal(self.connection.as_deref().unwrap_or_default());
        let sql = format!(
            "CREATE {address} CONNECTION {connection} PUBLICATION {} WITH ({})",
            idents(&self.publications),
            options.join(", ")
        );
        let step = Step::new(sql);
        let step = if self.connection.is_none() {
            step.decide("the connection may not be read by this role: write it here")
        } else {
            step
        };
        let mut steps = vec![step];
        if self.enabled {
            steps.push(Step::new(format!("ALTER {address} ENABLE")));
        }
        steps
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let address = self.address(cx.id);
        let mut steps = Vec::new();
        if self.enabled {
            steps.push(Step::new(format!("ALTER {address} DISABLE")));
        }
        if let Some(slot) = &self.slot {
            // With a slot DROP would connect, and could not run in a transaction.
            let decide = format!("the replication slot {slot} stays on the other server: drop it there");
            steps.push(Step::new(format!("ALTER {address} SET (slot_name = NONE)")).decide(decide));
        }
        steps.push(Step::new(format!("DROP {address}")));
        steps
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let address = self.address(cx.id);
        let mut steps = Vec::new();
        if self.enabled && (!new.enabled || self.slot != new.slot) {
            steps.push(Step::new(format!("ALTER {address} DISABLE")));
        }
        if let (true, Some(connection)) = (self.connection != new.connection, &new.connection) {
            steps.push(Step::new(format!("ALTER {address} CONNECTION {}", literal(connection))));
        }
        if self.publications != new.publications {
            let sql = format!("ALTER {address} SET PUBLICATION {} WITH (refresh = false)", idents(&new.publications));
            steps.push(Step::new(sql));
        }
        let mut options: Vec<String> =
            new.options.iter().filter(|option| !self.options.contains(option)).cloned().collect();
        if options.iter().any(|option| option.starts_with("two_phase")) {
            return Alteration::Replace;
        }
        if self.slot != new.slot {
            options.push(format!("slot_name = {}", new.slot()));
        }
        if !options.is_empty() {
            steps.push(Step::new(format!("ALTER {address} SET ({})", options.join(", "))));
        }
        if new.enabled && (!self.enabled || self.slot != new.slot) {
            steps.push(Step::new(format!("ALTER {address} ENABLE")));
        }
        Alteration::Steps(steps)
    }
}
