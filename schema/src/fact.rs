//! Facts: what a schema consists of, at the grain of `pg_depend`.

use serde::Deserialize;
use serde::Serialize;

use crate::catalog as c;
use crate::rules::Alteration;
use crate::rules::Context;
use crate::rules::Rules;
use crate::rules::Step;

/// The kinds of facts, in the order in which independent ones are made. A new kind is a line here, its query in
/// `catalog/` and its statements in `rules/`.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($payload:ty) $word:literal;)*) => {
        /// Which kind of object a fact is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// As lists say it, e.g. `materialized view`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }
        }

        /// What is known about a fact beside its name.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Payload {
            $($(#[$doc])* $kind($payload),)*
        }

        $(impl From<$payload> for Payload {
            fn from(payload: $payload) -> Self {
                Self::$kind(payload)
            }
        })*

        impl Payload {
            pub(crate) fn address(&self, id: &FactId) -> String {
                match self {
                    $(Self::$kind(it) => it.address(id),)*
                }
            }

            pub(crate) fn namespaces(&self, id: &FactId) -> Vec<(&'static str, String)> {
                match self {
                    $(Self::$kind(it) => it.namespaces(id),)*
                }
            }

            pub(crate) fn create(&self, cx: &Context<'_>) -> Vec<Step> {
                match self {
                    $(Self::$kind(it) => it.create(cx),)*
                }
            }

            pub(crate) fn drop(&self, cx: &Context<'_>) -> Vec<Step> {
                match self {
                    $(Self::$kind(it) => it.drop(cx),)*
                }
            }

            pub(crate) fn alter(&self, new: &Self, cx: &Context<'_>) -> Alteration {
                match (self, new) {
                    $((Self::$kind(old), Self::$kind(new)) => old.alter(new, cx),)*
                    _ => Alteration::Replace,
                }
            }
        }
    };
}

kinds! {
    /// A schema.
    Schema(c::schema::Schema) "schema";
    /// An extension; its members are no facts.
    Extension(c::extension::Extension) "extension";
    /// A collation.
    Collation(c::collation::Collation) "collation";
    /// An enum type.
    Enum(c::types::Enum) "enum";
    /// A composite type.
    Composite(c::types::Composite) "composite type";
    /// A domain; its constraints are facts of their own.
    Domain(c::types::Domain) "domain";
    /// A range type.
    Range(c::types::Range) "range type";
    /// A sequence, but not that of an identity column.
    Sequence(c::sequence::Sequence) "sequence";
    /// A foreign-data wrapper.
    Wrapper(c::foreign::Wrapper) "foreign-data wrapper";
    /// A foreign server.
    Server(c::foreign::Server) "server";
    /// A user mapping.
    UserMapping(c::foreign::UserMapping) "user mapping";
    /// A table: ordinary, partitioned or foreign.
    Table(c::table::Table) "table";
    /// A column of a table.
    Column(c::column::Column) "column";
    /// A function, procedure or window function.
    Function(c::function::Function) "function";
    /// An aggregate.
    Aggregate(c::aggregate::Aggregate) "aggregate";
    /// An operator.
    Operator(c::operator::Operator) "operator";
    /// A cast.
    Cast(c::cast::Cast) "cast";
    /// A text search object.
    TextSearch(c::text_search::TextSearch) "text search";
    /// The default of a column.
    Default(c::default::ColumnDefault) "default";
    /// A constraint of a table or a domain.
    Constraint(c::constraint::Constraint) "constraint";
    /// An index that belongs to no constraint.
    Index(c::index::Index) "index";
    /// A table that inherits from another, or is a partition of it.
    Inheritance(c::inheritance::Inheritance) "inheritance";
    /// An index that is a part of the index of a partitioned table.
    IndexAttachment(c::index::IndexAttachment) "index attachment";
    /// The column that a sequence belongs to.
    SequenceOwner(c::sequence::SequenceOwner) "sequence ownership";
    /// What identifies rows for replication, other than the primary key.
    ReplicaIdentity(c::table::ReplicaIdentity) "replica identity";
    /// The index that CLUSTER sorts by.
    Cluster(c::table::Cluster) "cluster";
    /// A statistics object.
    Statistics(c::statistics::Statistics) "statistics";
    /// A view.
    View(c::view::View) "view";
    /// A materialized view.
    MaterializedView(c::view::MaterializedView) "materialized view";
    /// A rewrite rule.
    Rule(c::rule::Rule) "rule";
    /// A trigger.
    Trigger(c::trigger::Trigger) "trigger";
    /// A policy of row security.
    Policy(c::policy::Policy) "policy";
    /// A publication.
    Publication(c::publication::Publication) "publication";
    /// A table of a publication.
    PublicationTable(c::publication::PublicationTable) "publication table";
    /// A schema of a publication.
    PublicationSchema(c::publication::PublicationSchema) "publication schema";
    /// A subscription.
    Subscription(c::subscription::Subscription) "subscription";
    /// Who owns an object.
    Owner(c::owner::Owner) "owner";
    /// Who may do what with an object, where it is not the default.
    Privileges(c::privilege::Privileges) "privileges";
    /// Who may do what with a member of an extension, where it is not what the extension gave.
    MemberPrivileges(c::member::MemberPrivileges) "privileges on a member of an extension";
    /// A comment.
    Comment(c::comment::Comment) "comment";
    /// An event trigger.
    EventTrigger(c::trigger::EventTrigger) "event trigger";
    /// Default privileges of what a role will make.
    DefaultPrivileges(c::privilege::DefaultPrivileges) "default privileges";
}

/// The identity of a fact: names, never oids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FactId {
    /// The kind of object.
    pub kind: Kind,
    /// From the schema inwards, e.g. `["shop", "orders", "total"]` for a column. Functions have their argument types
    /// last; what is a part of any kind of object (owner, comment) has the word of that kind first.
    pub path: Vec<String>,
}

impl FactId {
    pub(crate) fn new<S: Into<String>>(kind: Kind, path: impl IntoIterator<Item = S>) -> Self {
        Self { kind, path: path.into_iter().map(Into::into).collect() }
    }

    /// The identity of a part of this object that any kind of object can have.
    pub(crate) fn part(&self, kind: Kind) -> Self {
        let path = std::iter::once(self.kind.as_str().to_owned()).chain(self.path.iter().cloned()).collect();
        Self { kind, path }
    }

    /// `schema.table` as SQL, of a table or what is in it.
    pub(crate) fn table(&self) -> String {
        crate::render::qualified(&self.path[..self.path.len().min(2)])
    }

    /// All parts as SQL, joined by dots.
    pub(crate) fn qualified(&self) -> String {
        crate::render::qualified(&self.path)
    }

    /// The last part as SQL.
    pub(crate) fn last(&self) -> String {
        self.path.last().map_or_else(String::new, |name| crate::render::ident(name))
    }

    /// The name for people, without the kind: `shop.orders.total`, `shop.add(integer, integer)`.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.kind, self.path.as_slice()) {
            (Kind::Function | Kind::Aggregate, [schema, name, arguments]) => format!("{schema}.{name}({arguments})"),
            _ => self.path.join("."),
        }
    }
}

impl std::fmt::Display for FactId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name())
    }
}

/// One thing that a schema consists of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Kind and name.
    pub id: FactId,
    /// The object that it is a part of and goes away with: the table of a column.
    pub parent: Option<FactId>,
    /// What else is known about it.
    pub payload: Payload,
    /// What has to exist for it. Sorted.
    pub depends_on: Vec<FactId>,
}

/// The parts of a name at the front of `text`, separated by dots and quoted as in SQL where needed, and what follows.
pub(crate) fn split_name(text: &str) -> Option<(Vec<String>, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let part;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut chars = quoted.char_indices().peekable();
            loop {
                match chars.next()? {
                    (_, '"') if chars.peek().is_some_and(|&(_, c)| c == '"') => {
                        chars.next();
                        name.push('"');
                    }
                    (at, '"') => {
                        rest = &quoted[at + 1..];
                        break;
                    }
                    (_, c) => name.push(c),
                }
            }
            part = name;
        } else {
            let end = rest.find(['.', '=', '"']).unwrap_or(rest.len());
            part = rest[..end].to_owned();
            rest = &rest[end..];
        }
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(more) => rest = more,
            None => return Some((parts, rest)),
        }
    }
}
