use super::Alteration;
use super::Context;
use super::Rules;
use super::Step;
use crate::catalog::text_search::TextSearch;
use crate::fact::FactId;
use crate::render::ident;
use crate::render::qualified;

impl Rules for TextSearch {
    fn address(&self, id: &FactId) -> String {
        format!("TEXT SEARCH {} {}", self.what, qualified(&id.path[..2]))
    }

    fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
        vec![("text search", self.address(id))]
    }

    fn create(&self, cx: &Context<'_>) -> Vec<Step> {
        let address = self.address(cx.id);
        let mut steps = vec![Step::new(format!("CREATE {address} ({})", self.options.join(", ")))];
        for (token, dictionaries) in &self.mappings {
            steps.push(Step::new(format!("ALTER {address} ADD MAPPING FOR {} WITH {dictionaries}", ident(token))));
        }
        steps
    }

    fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
        if self.options != new.options {
            return Alteration::Replace;
        }
        let address = self.address(cx.id);
        let mut steps = Vec::new();
        for (token, _) in
            self.mappings.iter().filter(|(token, _)| !new.mappings.iter().any(|(other, _)| other == token))
        {
            steps.push(Step::new(format!("ALTER {address} DROP MAPPING FOR {}", ident(token))));
        }
        for (token, dictionaries) in new.mappings.iter().filter(|mapping| !self.mappings.contains(mapping)) {
            let verb = if self.mappings.iter().any(|(other, _)| other == token) { "ALTER" } else { "ADD" };
            steps.push(Step::new(format!("ALTER {address} {verb} MAPPING FOR {} WITH {dictionaries}", ident(token))));
        }
        Alteration::Steps(steps)
    }
}
