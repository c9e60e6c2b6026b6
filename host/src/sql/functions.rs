//! Built-in functions, and some of widely used extensions, that do more than a statement of their class may.
//!
//! A fence, not a wall: it stops accidents and the cheap attacks. A view, an operator, a cast, a trigger or another function may
//! call each of these, and an extension may bring others. The wall is what the database role may execute.
//!
//! The names are those of the PostgreSQL manual, "Functions and Operators" (versions 13 to 18), and of its appendix F.

use super::refusal::Reason;
use crate::grant::Class;

/// What a call of a function comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The migration has to have these classes.
    Needs(&'static [Class]),
    /// No migration may call it.
    Refused(Reason),
}

/// The functions, by what they do. A name that ends with `*` stands for all that begin with it.
const FUNCTIONS: [(Effect, &[&str]); 8] = [
    // They change rows, sequences or large objects.
    (
        Effect::Needs(&[Class::Data]),
        &[
            "nextval",
            "setval",
            "lo_creat",
            "lo_create",
            "lo_from_bytea",
            "lo_put",
            "lo_truncate",
            "lo_truncate64",
            "lo_unlink",
            "lowrite",
        ],
    ),
    // They do what ANALYZE, VACUUM or REINDEX would.
    (
        Effect::Needs(&[Class::Schema]),
        &[
            "brin_desummarize_range",
            "brin_summarize_new_values",
            "brin_summarize_range",
            "gin_clean_pending_list",
            "pg_clear_attribute_stats",
            "pg_clear_relation_stats",
            "pg_restore_attribute_stats",
            "pg_restore_relation_stats",
            "pg_import_system_collations",
        ],
    ),
    // They run a statement that is given as a string, which the guard does not see, as DO would.
    (
        Effect::Needs(&[Class::Function]),
        &[
            "connectby",
            "crosstab*",
            "cursor_to_xml",
            "cursor_to_xmlschema",
            "pg_background_launch",
            "query_to_xml",
            "query_to_xml_and_xmlschema",
            "query_to_xmlschema",
            "ts_rewrite",
            "ts_stat",
            "xpath_table",
        ],
    ),
    // They send statements to another server or through another session, outside of the transaction.
    (Effect::Needs(&[Class::Function, Class::Foreign]), &["dblink*", "postgres_fdw_disconnect*"]),
    // Files of the server.
    (
        Effect::Refused(Reason::Files),
        &[
            "lo_export",
            "lo_import",
            "pg_file_*",
            "pg_logdir_ls",
            "pg_ls_*",
            "pg_read_binary_file",
            "pg_read_file",
            "pg_read_file_old",
            "pg_stat_file",
        ],
    ),
    // Other sessions, replication, backups, statistics and the log: the server as a whole.
    (
        Effect::Refused(Reason::Server),
        &[
            "binary_upgrade_*",
            "heap_force_freeze",
            "heap_force_kill",
            "pg_backup_start",
            "pg_backup_stop",
            "pg_buffercache_evict*",
            "pg_cancel_backend",
            "pg_copy_logical_replication_slot",
            "pg_copy_physical_replication_slot",
            "pg_create_logical_replication_slot",
            "pg_create_physical_replication_slot",
            "pg_create_restore_point",
            "pg_drop_replication_slot",
            "pg_log_backend_memory_contexts",
            "pg_logical_slot_get_binary_changes",
            "pg_logical_slot_get_changes",
            "pg_promote",
            "pg_reload_conf",
            "pg_replication_origin_advance",
            "pg_replication_origin_create",
            "pg_replication_origin_drop",
            "pg_replication_origin_session_*",
            "pg_replication_origin_xact_*",
            "pg_replication_slot_advance",
            "pg_rotate_logfile*",
            "pg_start_backup",
            "pg_stat_reset*",
            "pg_stat_statements_reset",
            "pg_stop_backup",
            "pg_switch_wal",
            "pg_sync_replication_slots",
            "pg_terminate_backend",
            "pg_truncate_visibility_map",
            "pg_wal_replay_pause",
            "pg_wal_replay_resume",
        ],
    ),
    // What the host's lock rests on.
    (
        Effect::Refused(Reason::SessionState),
        &["pg_advisory_unlock", "pg_advisory_unlock_all", "pg_advisory_unlock_shared"],
    ),
    // Other sessions get to know of it.
    (Effect::Refused(Reason::Notification), &["pg_logical_emit_message", "pg_notify"]),
];

/// What a call of the function of that name comes to, in whatever schema it is. None where it is an ordinary one.
pub(super) fn effect(name: &str) -> Option<(&'static str, Effect)> {
    FUNCTIONS.iter().find_map(|(effect, names)| {
        let is_it = |known: &&&'static str| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => **known == name,
        };
        names.iter().find(is_it).map(|known| (*known, *effect))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_and_by_beginning() {
        for (name, expected) in [
            ("nextval", Some(Effect::Needs(&[Class::Data]))),
            ("dblink_exec", Some(Effect::Needs(&[Class::Function, Class::Foreign]))),
            ("pg_ls_waldir", Some(Effect::Refused(Reason::Files))),
            ("lo_import", Some(Effect::Refused(Reason::Files))),
            ("lo_import_all", None),
            ("Nextval", None),
            ("lower", None),
        ] {
            assert_eq!(effect(name).map(|(_, effect)| effect), expected, "{name}");
        }
    }
}
