//! What a migration can import, and what to do instead of importing the rest.

use std::rc::Rc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Exception, Module, Result};

use crate::packages::OwnedPackages;

/// The name under which migrations import the SDK.
pub(crate) const SDK: &str = "host";

/// How the names of the runtime's own modules begin. No file is called like that.
const OWN: &str = "host:";

/// The SDK's modules and the two of this runtime, by name.
const SOURCES: &[(&str, &str)] = &[
    ("host:index.js", include_str!("../../../guest-sdk/javascript/src/index.js")),
    ("host:errors.js", include_str!("../../../guest-sdk/javascript/src/errors.js")),
    ("host:bulk.js", include_str!("../../../guest-sdk/javascript/src/bulk.js")),
    ("host:calendar.js", include_str!("../../../guest-sdk/javascript/src/calendar.js")),
    ("host:values.js", include_str!("../../../guest-sdk/javascript/src/values.js")),
    ("host:sql.js", include_str!("../../../guest-sdk/javascript/src/sql.js")),
    ("host:transform.js", include_str!("../../../guest-sdk/javascript/src/transform.js")),
    ("host:env.js", include_str!("../../../guest-sdk/javascript/src/env.js")),
    ("host:native.js", include_str!("native.js")),
    ("host:prelude.js", include_str!("prelude.js")),
    ("host:halt.js", "throw undefined;"),
];

/// Modules of Node, and of its like, which need a system.
const OF_NODE: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "bun",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "sqlite",
    "stream",
    "string_decoder",
    "sys",
    "test",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Drivers and mappers that connect to a database themselves.
const OF_DATABASES: &[&str] = &[
    "@databases/pg",
    "@prisma/client",
    "better-sqlite3",
    "drizzle-orm",
    "knex",
    "kysely",
    "mysql",
    "mysql2",
    "objection",
    "pg",
    "pg-native",
    "pg-promise",
    "postgres",
    "sequelize",
    "slonik",
    "sqlite3",
    "typeorm",
];

/// Why a module cannot be imported, and what to do.
pub(crate) fn refusal(name: &str) -> String {
    let package = package(name);
    let reason = if name.starts_with("node:") || name.starts_with("bun:") || OF_NODE.contains(&package) {
        "migrations have no files, no network, no processes and none of Node's modules; what a migration needs comes from the \
         database, or with -x KEY=VALUE, which runInfo() has"
    } else if OF_DATABASES.contains(&package) {
        "migrations have no network; the connection and its transaction are there already: import { execute, query } from \"host\""
    } else if name.starts_with('.') || name.starts_with('/') || name.contains("://") {
        "a migration is one file, so that it runs the same for ever: copy what it needs into it"
    } else {
        "a migration imports \"host\" and the packages of its project; list it in [javascript] dependencies of host.toml, with its \
         version, or copy what it needs"
    };
    format!("cannot import '{name}': {reason}")
}

/// `fs/promises` → `fs`, `@prisma/client/edge` → `@prisma/client`.
fn package(name: &str) -> &str {
    let parts = if name.starts_with('@') { 2 } else { 1 };
    name.match_indices('/').nth(parts - 1).and_then(|(at, _)| name.get(..at)).unwrap_or(name)
}

/// Finds modules by name.
pub(crate) struct Resolve {
    /// The name of the migration's own module.
    pub(crate) file: String,
    /// The packages that it imports.
    pub(crate) packages: Rc<OwnedPackages>,
}

impl Resolver for Resolve {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        if name == SDK {
            return Ok("host:index.js".to_owned());
        }
        if let Some(found) = self.packages.resolve(base, name) {
            return Ok(found);
        }
        let own = name.strip_prefix("./").filter(|_| base.starts_with(OWN));
        match own {
            Some("migration") => Ok(self.file.clone()),
            Some(own) => Ok(format!("{OWN}{own}")),
            None => {
                let error = Exception::from_message(ctx.clone(), &refusal(name))?;
                error.as_object().set("name", "ImportError")?;
                error.as_object().set("specifier", name)?;
                Err(error.throw())
            }
        }
    }
}

/// Gives the sources of modules.
pub(crate) struct Load {
    /// The packages that the migration imports.
    pub(crate) packages: Rc<OwnedPackages>,
}

impl Loader for Load {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        let own = SOURCES.iter().find(|(known, _)| *known == name).map(|(_, source)| *source);
        match own.or_else(|| self.packages.text(name)) {
            Some(source) => Module::declare(ctx.clone(), name, source),
            None => Err(Exception::throw_message(ctx, &refusal(name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_instead() {
        for name in ["fs", "node:fs", "fs/promises", "node:test", "child_process", "net"] {
            assert!(refusal(name).contains("no files, no network"), "{name}");
        }
        for name in ["pg", "pg/lib/client", "@prisma/client", "drizzle-orm/node-postgres"] {
            assert!(refusal(name).contains("import { execute, query } from \"host\""), "{name}");
        }
        assert!(refusal("./helpers.js").contains("one file"));
        assert!(refusal("lodash").contains("list it in [javascript] dependencies"));
    }
}
