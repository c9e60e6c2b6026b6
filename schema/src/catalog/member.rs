//! Privileges on members of extensions, where they are not those that the extension gave.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::privilege::AclItem;
use super::privilege::Grants;
use super::privilege::grants;
use super::privilege::pairs;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// Who may do what with a member of an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPrivileges {
    /// How GRANT names it, e.g. `FUNCTION public.hstore(text, text)`.
    pub address: String,
    /// Who owns it.
    pub owner: String,
    /// What the extension gave.
    #[serde(with = "pairs")]
    pub initial: Grants,
    /// All that is granted.
    #[serde(with = "pairs")]
    pub grants: Grants,
}

#[derive(Deserialize)]
struct Row {
    extension: u32,
    word: String,
    name: String,
    owner: String,
    acl: Vec<AclItem>,
    initial: Vec<AclItem>,
}

pub(crate) const SOURCE: Source = Source {
    what: "privileges on members of extensions",
    query: |_| {
        let part = |word: &str, name: &str, table: &str, class: u32, acl: &str, owner: &str, letter: &str| {
            format!(
                "SELECT d.refobjid::int8 AS extension, {word} AS word, {name} AS name, pg_catalog.pg_get_userbyid(o.{owner}) AS owner, {now} AS acl, {before} AS initial
                 FROM pg_catalog.pg_depend AS d JOIN pg_catalog.{table} AS o ON o.oid = d.objid JOIN pg_catalog.pg_namespace AS n ON n.oid = o.{namespace}
                 LEFT JOIN pg_catalog.pg_init_privs AS i ON i.classoid = {class} AND i.objoid = o.oid AND i.objsubid = 0
                 WHERE d.deptype = 'e' AND d.classid = {class} AND d.objid >= 16384 AND o.{acl} IS DISTINCT FROM i.initprivs{kinds}",
                now = reader::acl(&format!("COALESCE(o.{acl}, pg_catalog.acldefault({letter}, o.{owner}))"), &format!("o.{owner}")),
                before = reader::acl(&format!("COALESCE(i.initprivs, pg_catalog.acldefault({letter}, o.{owner}))"), &format!("o.{owner}")),
                namespace = if table == "pg_proc" { "pronamespace" } else { "relnamespace" },
                kinds = if table == "pg_proc" { "" } else { " AND o.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')" },
            )
        };
        let name = |name: &str| format!("pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(o.{name})");
        let function = format!("{} || '(' || pg_catalog.oidvectortypes(o.proargtypes) || ')'", name("proname"));
        let routine = "CASE WHEN o.prokind = 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END";
        let relation = "CASE WHEN o.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END";
        let letter = "(CASE WHEN o.relkind = 'S' THEN 's' ELSE 'r' END)::\"char\"";
        format!(
            "{} UNION ALL {}",
            part(routine, &function, "pg_proc", class::PROC, "proacl", "proowner", "'f'"),
            part(relation, &name("relname"), "pg_class", class::CLASS, "relacl", "relowner", letter)
        )
    },
    take: |text, builder| {
        let row: Row = reader::row(text)?;
        let Some(extension) = builder.primary((class::EXTENSION, row.extension, 0)).cloned() else { return Ok(()) };
        let id = FactId::new(Kind::MemberPrivileges, [extension.path[0].clone(), row.name.clone()]);
        let (grants, initial) = (grants(builder.options, row.acl), grants(builder.options, row.initial));
        let address = format!("{} {}", row.word, row.name);
        if grants != initial {
            builder.detail(&extension, id, MemberPrivileges { address, owner: row.owner, initial, grants });
        }
        Ok(())
    },
};
