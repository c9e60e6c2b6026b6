//! A cluster that an earlier version of host made: its only role was the superuser. What it has in its database is given to an
//! ordinary role of the same name, so that nothing changes for whoever connects.

use std::path::Path;

use super::error::LocalError;
use super::place::Place;
use super::single_user::FIRST_NORMAL_OID;
use super::single_user::NAME;
use super::single_user::ROLE_OPTIONS;
use super::single_user::SUPERUSER;
use super::single_user::own_schema_public;
use super::single_user::run_alone;

/// A role for the moment in which the superuser is renamed. It cannot log in.
const HELPER: &str = "host_conversion";

/// Gives the database and what is in it to the ordinary role. What was done is not done again, so that a crash does no harm.
/// Call it under the lock, when no server runs.
pub(super) fn convert(place: &Place, binaries: &Path) -> Result<(), LocalError> {
    run_alone(place, binaries, "data", "postgres", &[rename_superuser()])?;
    let drop_helper = format!("DROP ROLE IF EXISTS {HELPER};");
    run_alone(place, binaries, "data", NAME, &[drop_helper, give_objects(), own_schema_public()])
}

/// The role with number 10 is the one of initdb. It cannot lose its rights (from PostgreSQL 16 on), so it loses its name; and no
/// role can rename itself, and the one that does cannot drop itself in the same session.
fn rename_superuser() -> String {
    format!(
        "DO $do$ BEGIN \
           IF pg_get_userbyid(10) = '{NAME}' THEN \
             CREATE ROLE {HELPER} SUPERUSER; \
             SET LOCAL SESSION AUTHORIZATION {HELPER}; \
             ALTER ROLE {NAME} RENAME TO {SUPERUSER}; \
             CREATE ROLE {NAME} {ROLE_OPTIONS}; \
             ALTER DATABASE {NAME} OWNER TO {NAME}; \
           END IF; \
           ALTER ROLE {NAME} {ROLE_OPTIONS}; \
         END $do$;"
    )
}

/// REASSIGN OWNED refuses to take from the superuser of initdb, because that owns the system's objects as well. So each object is
/// given away by itself. What belongs to an extension, to a table or to a column goes with that; what only a superuser may own
/// (event triggers, foreign data wrappers, languages) stays. So do functions in untrusted languages, which nobody may call any more.
fn give_objects() -> String {
    let untrusted = "(prokind <> 'a' AND prolang IN (SELECT oid FROM pg_language WHERE NOT lanpltrusted))";
    let part_of_other = "EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid \
                         AND deptype IN ('e', 'i'))";
    format!(
        "DO $do$ DECLARE object record; BEGIN \
           FOR object IN \
             SELECT described.type, described.identity FROM ( \
               SELECT 'pg_namespace'::regclass AS class, oid, nspowner AS owner FROM pg_namespace \
               UNION ALL SELECT 'pg_class'::regclass, oid, relowner FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') \
               UNION ALL SELECT 'pg_type'::regclass, oid, typowner FROM pg_type \
                 WHERE typtype IN ('b', 'd', 'e', 'r') AND NOT (typlen = -1 AND typelem <> 0 AND typtype = 'b') \
                 OR typtype = 'c' AND typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c') \
               UNION ALL SELECT 'pg_proc'::regclass, oid, proowner FROM pg_proc WHERE NOT {untrusted} \
               UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner FROM pg_operator \
               UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner FROM pg_opclass \
               UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner FROM pg_opfamily \
               UNION ALL SELECT 'pg_collation'::regclass, oid, collowner FROM pg_collation \
               UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner FROM pg_conversion \
               UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner FROM pg_ts_config \
               UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner FROM pg_ts_dict \
               UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner FROM pg_statistic_ext \
               UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner FROM pg_foreign_server \
               UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner FROM pg_publication WHERE NOT puballtables \
               UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner FROM pg_largeobject_metadata \
             ) owned \
             CROSS JOIN LATERAL pg_identify_object(owned.class, owned.oid, 0) described \
             WHERE owned.owner = 10 AND owned.oid >= {FIRST_NORMAL_OID} AND NOT EXISTS ( \
               SELECT 1 FROM pg_depend WHERE classid = owned.class AND objid = owned.oid \
                 AND (deptype = 'e' OR deptype = 'i' AND refobjid <> objid OR deptype = 'a' AND described.type = 'sequence')) \
           LOOP \
             EXECUTE format('ALTER %s %s OWNER TO {NAME}', \
               CASE object.type WHEN 'composite type' THEN 'type' WHEN 'statistics object' THEN 'statistics' ELSE object.type END, \
               object.identity); \
           END LOOP; \
           FOR object IN SELECT oid::regprocedure AS identity FROM pg_proc \
             WHERE {untrusted} AND oid >= {FIRST_NORMAL_OID} AND NOT {part_of_other} \
           LOOP \
             EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', object.identity); \
           END LOOP; \
         END $do$;"
    )
}
