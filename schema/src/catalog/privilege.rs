//! Privileges, and the default privileges of what a role will make.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::ReadOptions;
use super::builder::Builder;
use super::reader;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// Who has a privilege.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grantee {
    /// The owner, whoever that is.
    Owner,
    /// Everybody.
    Public,
    /// A role.
    Role(String),
}

/// Privileges by who has them; each with whether it may be granted on.
pub type Grants = BTreeMap<Grantee, BTreeMap<String, bool>>;

/// Who may do what with an object. Where it is the default of PostgreSQL there is no such fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Privileges {
    /// All that is granted.
    #[serde(with = "pairs")]
    pub grants: Grants,
}

/// Default privileges of what a role will make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultPrivileges {
    /// The role that makes it.
    pub role: String,
    /// The schema that it is made in; none is any.
    pub schema: Option<String>,
    /// TABLES, SEQUENCES, FUNCTIONS, TYPES, SCHEMAS or LARGE OBJECTS.
    pub objects: String,
    /// All that is granted, or what is granted beside that where there is a schema.
    #[serde(with = "pairs")]
    pub grants: Grants,
}

/// Maps whose keys are no strings, as lists of pairs.
pub(super) mod pairs {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serialize;
    use serde::Serializer;

    use super::Grants;

    pub(in crate::catalog) fn serialize<S: Serializer>(grants: &Grants, serializer: S) -> Result<S::Ok, S::Error> {
        grants.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(in crate::catalog) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Grants, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

/// One entry of a list of privileges.
#[derive(Debug, Deserialize)]
pub(crate) struct AclItem {
    /// `o` for the owner, `p` for everybody, `r` and the name of a role.
    grantee: String,
    privilege: String,
    grantable: bool,
}

pub(super) fn grants(options: &ReadOptions, acl: Vec<AclItem>) -> Grants {
    let mut grants = Grants::new();
    for item in acl {
        let grantee = match item.grantee.as_str() {
            "o" => Grantee::Owner,
            "p" => Grantee::Public,
            role => Grantee::Role(options.role_name(role[1..].to_owned())),
        };
        // What the owner has it may always grant on.
        let grantable = item.grantable && grantee != Grantee::Owner;
        *grants.entry(grantee).or_default().entry(item.privilege).or_default() |= grantable;
    }
    grants
}

/// Adds the privileges of an object, where they are not the default.
pub(crate) fn add(builder: &mut Builder<'_>, object: &FactId, acl: Vec<AclItem>) {
    let grants = grants(builder.options, acl);
    let version = builder.catalog.server_version;
    let usual = builder.fact(object).map(|fact| crate::rules::privilege::usual(&fact.payload, version));
    if usual.as_ref() != Some(&grants) {
        builder.detail(object, object.part(Kind::Privileges), Privileges { grants });
    }
}

#[derive(Deserialize)]
struct ViewColumn {
    view: u32,
    name: String,
    acl: Vec<AclItem>,
}

/// Privileges on columns of views, which are no facts.
pub(crate) const VIEW_COLUMNS: Source = Source {
    what: "privileges on columns of views",
    query: |_| {
        format!(
            "SELECT c.oid::int8 AS view, a.attname AS name, {} AS acl FROM pg_catalog.pg_class AS c
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL
             WHERE c.relkind IN ('v', 'm')",
            reader::acl("a.attacl", "c.relowner")
        )
    },
    take: |text, builder| {
        let row: ViewColumn = reader::row(text)?;
        let Some(view) = builder.primary((super::builder::class::CLASS, row.view, 0)).cloned() else { return Ok(()) };
        let grants = grants(builder.options, row.acl);
        if !grants.is_empty() {
            let column = FactId::new(Kind::Column, view.path.iter().cloned().chain([row.name]));
            builder.detail(&view, column.part(Kind::Privileges), Privileges { grants });
        }
        Ok(())
    },
};

#[derive(Deserialize)]
struct Row {
    role: String,
    schema: Option<String>,
    schema_oid: u32,
    objects: String,
    acl: Option<Vec<AclItem>>,
}

pub(crate) const DEFAULTS: Source = Source {
    what: "default privileges",
    query: |_| {
        format!(
            "SELECT pg_catalog.pg_get_userbyid(d.defaclrole) AS role, n.nspname AS schema, d.defaclnamespace::int8 AS schema_oid,
                    CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS objects, {} AS acl
             FROM pg_catalog.pg_default_acl AS d LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace",
            reader::acl("d.defaclacl", "d.defaclrole")
        )
    },
    take: |text, builder| {
        let mut row: Row = reader::row(text)?;
        row.role = builder.options.role_name(row.role);
        let key = (826, 0, 0);
        let schema = builder.primary((super::builder::class::NAMESPACE, row.schema_oid, 0)).cloned();
        if row.schema.is_some() && schema.is_none() {
            return Ok(());
        }
        let path = [row.role.clone(), row.schema.clone().unwrap_or_default(), row.objects.clone()];
        let id = FactId::new(Kind::DefaultPrivileges, path);
        let payload = DefaultPrivileges {
            role: row.role,
            schema: row.schema,
            objects: row.objects,
            grants: grants(builder.options, row.acl.unwrap_or_default()),
        };
        builder.object(key, id.clone(), payload);
        if let Some(schema) = schema {
            builder.need(&id, &schema);
        }
        Ok(())
    },
};
