//! The memory of a guest, all of its parts together.

use super::Limit;
use super::Stop;

/// Entries of all tables of a guest together. An entry takes a pointer; interpreters with all their libraries have some
/// ten thousand functions.
const TABLE_ENTRIES_MAX: usize = 1 << 18;

/// Instances of core modules. A component of one module has about five, one of an interpreter and its libraries a hundred.
pub(crate) const INSTANCES_MAX: usize = 1_000;

/// Memories. Each one takes 4 GiB of addresses, of which a process has 128 TiB.
pub(crate) const MEMORIES_MAX: usize = 100;

/// Tables.
pub(crate) const TABLES_MAX: usize = 1_000;

/// How much a guest has.
#[derive(Debug)]
pub(crate) struct Memory {
    bytes: Account,
    table_entries: Account,
}

/// A sum of what was granted. Whether it then really was, shows only later.
#[derive(Debug)]
struct Account {
    used: usize,
    last: usize,
    allowed: usize,
}

impl Memory {
    pub(super) fn new(bytes_max: usize) -> Self {
        let account = |allowed| Account { used: 0, last: 0, allowed };
        Self { bytes: account(bytes_max), table_entries: account(TABLE_ENTRIES_MAX) }
    }
}

impl Account {
    /// Whether a part may grow.
    fn grow(&mut self, current: usize, desired: usize) -> bool {
        self.last = desired.saturating_sub(current);
        match self.used.checked_add(self.last).filter(|used| *used <= self.allowed) {
            Some(used) => {
                self.used = used;
                true
            }
            None => false,
        }
    }

    /// Takes back what was granted last, because the machine could not give it.
    fn give_back(&mut self) {
        self.used = self.used.saturating_sub(std::mem::take(&mut self.last));
    }
}

impl wasmtime::ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let account = &mut self.bytes;
        if account.grow(current, desired) {
            return Ok(true);
        }
        let bytes = u64::try_from(account.allowed).unwrap_or(u64::MAX);
        // Not an answer of -1: what a guest makes of it would be told in its own words, if at all.
        Err(wasmtime::Error::new(Stop::limit(Limit::Memory, bytes)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.bytes.give_back();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let account = &mut self.table_entries;
        if account.grow(current, desired) {
            return Ok(true);
        }
        let entries = u64::try_from(account.allowed).unwrap_or(u64::MAX);
        Err(wasmtime::Error::new(Stop::limit(Limit::TableEntries, entries)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.table_entries.give_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_count_together_and_what_failed_does_not() {
        let mut account = Account { used: 0, last: 0, allowed: 100 };
        assert!(account.grow(0, 60) && account.grow(0, 30));
        assert!(!account.grow(30, 41));
        assert!(account.grow(30, 40));
        account.give_back();
        account.give_back();
        assert_eq!(account.used, 90);
        assert!(!account.grow(0, usize::MAX));
    }
}
