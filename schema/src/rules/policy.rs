use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::policy::Policy;
use crate::fact::FactId;

impl Policy {
    fn conditions(&self) -> String {
        let using = self.using_expression.as_ref().map_or_else(String::new, |it| format!(" USING ({it})"));
        let check = self.check_expression.as_ref().map_or_else(String::new, |it| format!(" WITH CHECK ({it})"));
        format!("{using}{check}")
    }
}

impl Rules for Policy {
    fn address(&self, id: &FactId) -> String {
        format!("POLICY {} ON {}", id.last(), id.table())
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let restrictive = if self.permissive { "" } else { " AS RESTRICTIVE" };
        let command = if self.command == "ALL" { String::new() } else { format!(" FOR {}", self.command) };
        let roles = if self.roles == ["PUBLIC"] { String::new() } else { format!(" TO {}", self.roles.join(", ")) };
        let sql = format!("CREATE {}{restrictive}{command}{roles}{}", self.address(cx.id), self.conditions());
        vec![Step::new(sql).exclusive(&cx.id.path)]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        vec![Step::new(format!("DROP {}", self.address(cx.id))).exclusive(&cx.id.path)]
    }

    /// Conditions can be changed, but not taken away.
    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        let gone = |old: &Option<String>, new: &Option<String>| old.is_some() && new.is_none();
        if self.command != new.command
            || self.permissive != new.permissive
            || gone(&self.using_expression, &new.using_expression)
            || gone(&self.check_expression, &new.check_expression)
        {
            return Alteration::Replace;
        }
        let roles = if self.roles == new.roles { String::new() } else { format!(" TO {}", new.roles.join(", ")) };
        let sql = format!("ALTER {}{roles}{}", self.address(cx.id), new.conditions());
        Alteration::Steps(vec![Step::new(sql).exclusive(&cx.id.path)])
    }
}
