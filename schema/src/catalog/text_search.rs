//! Text search: configurations, dictionaries, parsers and templates.

use serde::Deserialize;
use serde::Serialize;

use super::builder::class;
use super::reader;
use super::reader::Named;
use super::reader::Source;
use crate::fact::FactId;
use crate::fact::Kind;

/// A text search object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSearch {
    /// CONFIGURATION, DICTIONARY, PARSER or TEMPLATE.
    pub what: String,
    /// What stands in the parentheses of CREATE, each as `NAME = value`.
    pub options: Vec<String>,
    /// Each kind of token of a configuration with its dictionaries as SQL.
    pub mappings: Vec<(String, String)>,
}

pub(crate) const SOURCE: Source = Source {
    what: "text search objects",
    query: |_| {
        format!(
            "SELECT 'CONFIGURATION' AS what, c.oid::int8, n.nspname AS schema, c.cfgname AS name, pg_catalog.pg_get_userbyid(c.cfgowner) AS owner,
                    ARRAY['PARSER = ' || pg_catalog.quote_ident(pn.nspname) || '.' || pg_catalog.quote_ident(p.prsname)] AS options,
                    COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(m.token, m.dictionaries) ORDER BY m.token) FROM
                        (SELECT (SELECT t.alias FROM pg_catalog.ts_token_type(c.cfgparser) AS t WHERE t.tokid = g.maptokentype) AS token,
                                pg_catalog.string_agg(g.mapdict::pg_catalog.regdictionary::pg_catalog.text, ', ' ORDER BY g.mapseqno) AS dictionaries
                         FROM pg_catalog.pg_ts_config_map AS g WHERE g.mapcfg = c.oid GROUP BY g.maptokentype) AS m), '[]') AS mappings
             FROM pg_catalog.pg_ts_config AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.cfgnamespace JOIN pg_catalog.pg_ts_parser AS p ON p.oid = c.cfgparser
             JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.prsnamespace WHERE {user}
             UNION ALL
             SELECT 'DICTIONARY', d.oid::int8, n.nspname, d.dictname, pg_catalog.pg_get_userbyid(d.dictowner),
                    pg_catalog.array_remove(ARRAY['TEMPLATE = ' || pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.tmplname), d.dictinitoption], NULL), '[]'
             FROM pg_catalog.pg_ts_dict AS d JOIN pg_catalog.pg_namespace AS n ON n.oid = d.dictnamespace JOIN pg_catalog.pg_ts_template AS t ON t.oid = d.dicttemplate
             JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.tmplnamespace WHERE {user}
             UNION ALL
             SELECT 'PARSER', p.oid::int8, n.nspname, p.prsname, NULL,
                    pg_catalog.array_remove(ARRAY['START = ' || p.prsstart::pg_catalog.text, 'GETTOKEN = ' || p.prstoken::pg_catalog.text, 'END = ' || p.prsend::pg_catalog.text,
                        'LEXTYPES = ' || p.prslextype::pg_catalog.text, CASE WHEN p.prsheadline <> 0 THEN 'HEADLINE = ' || p.prsheadline::pg_catalog.text END], NULL), '[]'
             FROM pg_catalog.pg_ts_parser AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.prsnamespace WHERE {user}
             UNION ALL
             SELECT 'TEMPLATE', t.oid::int8, n.nspname, t.tmplname, NULL,
                    pg_catalog.array_remove(ARRAY[CASE WHEN t.tmplinit <> 0 THEN 'INIT = ' || t.tmplinit::pg_catalog.text END, 'LEXIZE = ' || t.tmpllexize::pg_catalog.text], NULL), '[]'
             FROM pg_catalog.pg_ts_template AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.tmplnamespace WHERE {user}",
            user = reader::USER_SCHEMA
        )
    },
    take: |text, builder| {
        let row: Named<TextSearch> = reader::row(text)?;
        let class = match row.payload.what.as_str() {
            "CONFIGURATION" => class::TS_CONFIGURATION,
            "DICTIONARY" => class::TS_DICTIONARY,
            "PARSER" => class::TS_PARSER,
            _ => class::TS_TEMPLATE,
        };
        let id = FactId::new(Kind::TextSearch, [row.schema, row.name, row.payload.what.to_lowercase()]);
        if let Some(id) = builder.object((class, row.oid, 0), id, row.payload) {
            builder.access(&id, row.owner, None);
        }
        Ok(())
    },
};
