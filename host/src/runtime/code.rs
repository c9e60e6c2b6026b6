//! Where compiled code is: in the cache, or in memory for as long as the process lives.

use std::collections::VecDeque;
use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use cap_std::fs::File;
use wasmtime::Engine;
use wasmtime::component::Component;

use super::cache;
use super::cache::CompileCache;

/// How much code is kept in memory where there is no cache, in bytes: that of a hundred migrations in Rust. What has no room
/// is compiled again when its step comes.
const KEPT_BYTES_MAX: usize = 256 << 20;

/// The code that is kept, by the digests of components.
pub(super) struct CodeStore {
    cache: Option<Arc<CompileCache>>,
    kept: Mutex<Kept>,
    compiled_for: u64,
}

/// Code in memory; what was used last is at the end.
#[derive(Default)]
struct Kept {
    entries: VecDeque<(String, Arc<Vec<u8>>)>,
    bytes: usize,
}

impl CodeStore {
    pub(super) fn new(cache: Option<Arc<CompileCache>>, engine: &Engine) -> Self {
        let mut hasher = std::collections::hash_map::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        // What is in the cache was found fit by this version of the host, which another one may judge differently.
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Self { cache, kept: Mutex::default(), compiled_for: hasher.finish() }
    }

    /// Whether there is code of a component.
    pub(super) fn has(&self, digest: &str) -> bool {
        self.kept().has(digest) || self.cache.as_ref().is_some_and(|cache| cache.has(&self.name(digest)))
    }

    /// The code of a component. None when there is none that fits this engine.
    pub(super) fn get(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let kept = self.kept().get(digest);
        if let Some(code) = kept {
            return revive(engine, Code::Bytes(&code));
        }
        let (cache, name) = (self.cache.as_ref()?, self.name(digest));
        match cache.get(&name)? {
            cache::Code::Copy(code) => revive(engine, Code::Bytes(&code)),
            // Code may not be mapped from everywhere: not without /proc, and not from a file system that is mounted `noexec`.
            cache::Code::File(file) => revive(engine, Code::File(&file))
                .or_else(|| cache.copy(&name).and_then(|code| revive(engine, Code::Bytes(&code)))),
        }
    }

    /// Keeps the code of a component, and makes it ready to run.
    pub(super) fn put(&self, engine: &Engine, digest: &str, code: Vec<u8>) -> Option<Component> {
        let component = revive(engine, Code::Bytes(&code));
        let cached = self.cache.as_ref().is_some_and(|cache| cache.put(&self.name(digest), &code).is_ok());
        if !cached {
            self.kept().put(digest, code);
        }
        component
    }

    fn name(&self, digest: &str) -> String {
        cache::entry_name(digest, self.compiled_for)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn has(&self, digest: &str) -> bool {
        self.entries.iter().any(|(kept, _)| kept == digest)
    }

    fn get(&mut self, digest: &str) -> Option<Arc<Vec<u8>>> {
        let position = self.entries.iter().position(|(kept, _)| kept == digest)?;
        let entry = self.entries.remove(position)?;
        let code = Arc::clone(&entry.1);
        self.entries.push_back(entry);
        Some(code)
    }

    fn put(&mut self, digest: &str, code: Vec<u8>) {
        if self.has(digest) {
            return;
        }
        self.bytes += code.len();
        self.entries.push_back((digest.to_owned(), Arc::new(code)));
        while self.bytes > KEPT_BYTES_MAX
            && let Some((_, code)) = self.entries.pop_front()
        {
            self.bytes -= code.len();
        }
    }
}

/// Compiled code, wherever it is.
enum Code<'a> {
    Bytes(&'a [u8]),
    /// A file that begins with it.
    File(&'a File),
}

/// Makes compiled code ready to run. None when it is that of another engine, or cannot be mapped.
fn revive(engine: &Engine, code: Code<'_>) -> Option<Component> {
    // SAFETY: the code was made by the compiler of this very program: in this process, in one that this process started
    // from the same file and talked to through a pipe of its own, or in an earlier one that kept it in the cache, where
    // only files count that this user wrote on this machine and that are whole. A file stays what it is while it is mapped:
    // the cache writes to none that has its name, and an entry that it removes is there as long as somebody has it.
    #[expect(unsafe_code, reason = "compiled code comes back from the compiler's process and from the cache")]
    let component = unsafe {
        match code {
            Code::Bytes(bytes) => Component::deserialize(engine, bytes),
            // wasmtime takes a component's file by its path only. This one leads to the very file that is open.
            Code::File(file) => Component::deserialize_file(engine, format!("/proc/self/fd/{}", file.as_raw_fd())),
        }
    };
    component.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_what_was_used_last() {
        let mut kept = Kept::default();
        let third = KEPT_BYTES_MAX / 3;
        for digest in ["a", "b", "c"] {
            kept.put(digest, vec![0; third]);
        }
        assert!(kept.get("a").is_some());
        kept.put("d", vec![0; third]);
        let there: Vec<_> = ["a", "b", "c", "d"].into_iter().filter(|digest| kept.has(digest)).collect();
        assert_eq!(there, ["a", "c", "d"]);
        kept.put("huge", vec![0; KEPT_BYTES_MAX + 1]);
        assert_eq!((kept.entries.len(), kept.bytes), (0, 0));
    }
}
