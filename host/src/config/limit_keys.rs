//! The limits by the keys of host.toml.

use std::collections::BTreeMap;

use super::Limits;
use crate::units;

impl Limits {
    /// Every limit by its key, with its unit.
    pub fn by_key(&self) -> BTreeMap<String, String> {
        // Taken apart, so that a limit that is added has to be thought of here.
        let Self {
            guest_time,
            migration_time,
            memory,
            stack,
            statements,
            open_handles,
            call_size,
            result_rows,
            result_size,
            log_lines,
            log_size,
            component_size,
            compile_time,
            compile_memory,
            lock_timeout,
            statement_timeout,
            wait,
            lock_retries,
            termination_grace,
            silence,
        } = self;
        let times = [
            ("guest-time", guest_time),
            ("migration-time", migration_time),
            ("compile-time", compile_time),
            ("lock-timeout", lock_timeout),
            ("statement-timeout", statement_timeout),
            ("wait", wait),
            ("termination-grace", termination_grace),
            ("silence", silence),
        ];
        let sizes = [
            ("memory", memory),
            ("stack", stack),
            ("call-size", call_size),
            ("result-size", result_size),
            ("log-size", log_size),
            ("component-size", component_size),
            ("compile-memory", compile_memory),
        ];
        let numbers = [
            ("statements", statements),
            ("open-handles", open_handles),
            ("result-rows", result_rows),
            ("log-lines", log_lines),
            ("lock-retries", lock_retries),
        ];
        let times = times.into_iter().map(|(key, time)| (key, units::time(*time)));
        let sizes = sizes.into_iter().map(|(key, bytes)| (key, units::size(*bytes)));
        let numbers = numbers.into_iter().map(|(key, number)| (key, number.to_string()));
        times.chain(sizes).chain(numbers).map(|(key, limit)| (key.to_owned(), limit)).collect()
    }
}
