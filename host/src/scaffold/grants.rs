//! Sets of grants that a new project may begin with.

use crate::grant::Class;
use crate::grant::Classes;

/// A set of grants that a new project may begin with. Each has all of the one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GrantSet {
    /// Rows and tables: what is granted where host.toml does not say.
    #[default]
    App,
    /// Everything that belongs to the database alone: also code in the server, extensions, rights and owners.
    Ddl,
    /// Every class: also roles, parameters of the session and other servers.
    All,
}

impl GrantSet {
    /// Every set, the smallest first.
    pub const ALL: [Self; 3] = [Self::App, Self::Ddl, Self::All];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Ddl => "ddl",
            Self::All => "all",
        }
    }

    /// What is in it.
    pub fn classes(self) -> Classes {
        match self {
            Self::App => Classes::usual(),
            Self::Ddl => Classes::usual().with(Class::Function).with(Class::Extension).with(Class::Privilege),
            Self::All => Classes::all(),
        }
    }

    /// What migrations may do with it, in a few words.
    pub fn ability(self) -> &'static str {
        match self {
            Self::App => "change rows and the schema",
            Self::Ddl => "change everything in the database: also functions, extensions, rights and owners",
            Self::All => "change everything, also roles, which all databases of the server share, and time limits",
        }
    }

    /// The lines of host.toml that grant it, with what each class allows.
    pub(super) fn lines(self) -> String {
        let mut lines = format!(
            "# What migrations may ask for with `asks` in their metadata. This is `--grants {}` of `host init`: migrations may\n\
             # {}.\n",
            self.name(),
            self.ability()
        );
        for class in Class::ALL.into_iter().filter(|class| *class != Class::Query) {
            let granted = if self.classes().contains(class) { "" } else { " (not granted)" };
            lines.push_str(&format!("#   {:<10} {}{granted}\n", class.word(), class.ability()));
        }
        lines.push_str(&format!("grants = {}\n", self.classes().as_toml()));
        lines
    }
}
