use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::collation::Collation;
use crate::fact::FactId;
use crate::render::literal;

impl Rules for Collation {
    fn address(&self, id: &FactId) -> String {
        format!("COLLATION {}", id.qualified())
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        vec![("collation", id.qualified())]
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let mut options = vec![format!("provider = {}", self.provider)];
        match (&self.locale, &self.collate, &self.ctype) {
            (Some(locale), _, _) => options.push(format!("locale = {}", literal(locale))),
            (None, Some(collate), Some(ctype)) if collate == ctype => {
                options.push(format!("locale = {}", literal(collate)))
            }
            (None, collate, ctype) => {
                options.extend(collate.iter().map(|name| format!("lc_collate = {}", literal(name))));
                options.extend(ctype.iter().map(|name| format!("lc_ctype = {}", literal(name))));
            }
        }
        options.extend(self.rules.iter().map(|rules| format!("rules = {}", literal(rules))));
        if !self.deterministic {
            options.push("deterministic = false".to_owned());
        }
        vec![Step::new(format!("CREATE {} ({})", self.address(cx.id), options.join(", ")))]
    }

    fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
        let name = cx.aside.clone().unwrap_or_else(|| cx.id.qualified());
        vec![Step::new(format!("DROP COLLATION {name}"))]
    }
}
