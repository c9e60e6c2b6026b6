//! Foreign-data wrappers, servers and user mappings.

use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::foreign::Server;
use crate::catalog::foreign::UserMapping;
use crate::catalog::foreign::Wrapper;
use crate::fact::FactId;
use crate::render::fdw_options;
use crate::render::fdw_options_change;
use crate::render::ident;
use crate::render::literal;

fn with_options(mut sql: String, options: &[String]) -> Vec<Step> {
    if !options.is_empty() {
        sql.push_str(&format!(" OPTIONS ({})", fdw_options(options)));
    }
    vec![Step::new(sql)]
}

impl Rules for Wrapper {
    fn address(&self, id: &FactId) -> String {
        format!("FOREIGN DATA WRAPPER {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let handler = self.handler.as_ref().map_or_else(String::new, |name| format!(" HANDLER {name}"));
        let validator = self.validator.as_ref().map_or_else(String::new, |name| format!(" VALIDATOR {name}"));
        with_options(format!("CREATE {}{handler}{validator}", self.address(cx.id)), &self.options)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let mut sql = format!("ALTER {}", self.address(cx.id));
        if self.handler != new.handler {
            sql.push_str(
                &new.handler.as_ref().map_or_else(|| " NO HANDLER".to_owned(), |name| format!(" HANDLER {name}")),
            );
        }
        if self.validator != new.validator {
            sql.push_str(
                &new.validator.as_ref().map_or_else(|| " NO VALIDATOR".to_owned(), |name| format!(" VALIDATOR {name}")),
            );
        }
        if let Some(changes) = fdw_options_change(&self.options, &new.options) {
            sql.push_str(&format!(" OPTIONS ({changes})"));
        }
        Alteration::Steps(vec![Step::new(sql)])
    }
}

impl Rules for Server {
    fn address(&self, id: &FactId) -> String {
        format!("SERVER {}", id.qualified())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let server_type = self.server_type.as_ref().map_or_else(String::new, |it| format!(" TYPE {}", literal(it)));
        let version = self.version.as_ref().map_or_else(String::new, |it| format!(" VERSION {}", literal(it)));
        let sql = format!(
            "CREATE {}{server_type}{version} FOREIGN DATA WRAPPER {}",
            self.address(cx.id),
            ident(&self.wrapper)
        );
        with_options(sql, &self.options)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.wrapper != new.wrapper
            || self.server_type != new.server_type
            || self.version.is_some() && new.version.is_none()
        {
            return Alteration::Replace;
        }
        let mut sql = format!("ALTER {}", self.address(cx.id));
        if let (true, Some(version)) = (self.version != new.version, &new.version) {
            sql.push_str(&format!(" VERSION {}", literal(version)));
        }
        if let Some(changes) = fdw_options_change(&self.options, &new.options) {
            sql.push_str(&format!(" OPTIONS ({changes})"));
        }
        Alteration::Steps(vec![Step::new(sql)])
    }
}

impl Rules for UserMapping {
    fn address(&self, id: &FactId) -> String {
        let role = self.role.as_ref().map_or_else(|| "PUBLIC".to_owned(), |role| ident(role));
        format!("USER MAPPING FOR {role} SERVER {}", ident(&id.path[0]))
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        with_options(format!("CREATE {}", self.address(cx.id)), &self.options)
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let changes = fdw_options_change(&self.options, &new.options);
        let step = |changes| Step::new(format!("ALTER {} OPTIONS ({changes})", self.address(cx.id)));
        Alteration::Steps(changes.map(step).into_iter().collect())
    }
}
