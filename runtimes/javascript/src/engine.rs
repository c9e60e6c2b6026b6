//! One engine for one call: it is made, runs a source, and is left where it is, because the instance ends with the call.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use rquickjs::{CatchResultExt, Context, Ctx, Function, Module, Object, Persistent, Promise, Runtime, Value as Js};

use crate::bindings::host::migration::env;
use crate::bindings::host::migration::types::{Failure, Tuples};
use crate::clock;
use crate::failure::Teller;
use crate::modules::{Load, Resolve};
use crate::native::{self, Calls};
use crate::packages::{OwnedPackages, Packages};

/// How much of the stack JavaScript may use, in bytes. It lies in memory; besides, each call takes some of the host's own stack,
/// whose limit is 1 MiB by default. With this one a recursion ends as a RangeError, which the migration can tell about, before it
/// meets the other.
const STACK_BYTES: usize = 320 << 10;

/// How much is allocated between two searches for circles, at first. Migrations are short, so there is little to find.
const COLLECT_AFTER_BYTES: usize = 8 << 20;

/// Promises that were rejected while nothing handled that, with the reasons.
type Rejections = Rc<RefCell<Vec<(usize, Persistent<Js<'static>>)>>>;

/// Looks for what can be found without running anything: syntax, imports, the two functions.
pub(crate) fn check(file: &str, source: &str) -> Result<(), String> {
    let (packages, source) = Packages::split(source)?;
    let packages = Rc::new(packages.to_owned());
    let teller = Teller::new(file, source, Rc::clone(&packages));
    let (_runtime, context) = engine(file, packages).map_err(|error| error.to_string())?;
    context.with(|ctx| {
        // The whole graph of modules is linked before the first one runs, and the first one stops everything.
        let linked = || -> rquickjs::Result<()> {
            Module::declare(ctx.clone(), file, source)?;
            for direction in ["upgrade", "downgrade"] {
                let text = format!("import './halt.js'; import {{ {direction} }} from './migration';");
                let name = format!("host:check-{direction}.js");
                let outcome = Module::declare(ctx.clone(), name, text)?.eval().and_then(|(_, ready)| ready.finish());
                match outcome.catch(&ctx) {
                    Ok(()) => {}
                    Err(rquickjs::CaughtError::Value(thrown)) if thrown.is_undefined() => {}
                    Err(error) => return Err(error.throw(&ctx)),
                }
            }
            Ok(())
        };
        linked().catch(&ctx).map_err(|error| match error {
            rquickjs::CaughtError::Exception(error) => teller.tell(&error.into_object().into_value()),
            error => error.to_string(),
        })
    })
}

/// Runs one direction of a migration.
pub(crate) fn run(file: &str, source: &str, direction: &str) -> Result<(), Failure> {
    inside(file, source, |ctx, _, exports| {
        let exported: Js<'_> = exports.get(direction)?;
        let Some(function) = exported.as_function().cloned() else {
            let message = format!("{file} exports no function '{direction}'");
            return Err(rquickjs::Exception::throw_type(ctx, &message));
        };
        let returned: Js<'_> = function.call(())?;
        match Promise::from_value(returned) {
            Ok(promise) => promise.finish::<Js<'_>>().map(|_| ()),
            Err(_) => Ok(()),
        }
    })
}

/// Runs one batch of a transform of a migration.
pub(crate) fn apply(file: &str, source: &str, pipeline: &str, input: Tuples) -> Result<Tuples, Failure> {
    inside(file, source, |ctx, calls, exports| {
        calls.batch.replace(input);
        let name = "host:apply.js";
        let (module, ready) = Module::declare(ctx.clone(), name, "export { apply } from './transform.js';")?.eval()?;
        ready.finish::<()>()?;
        let apply: Function<'_> = module.get("apply")?;
        apply.call::<_, ()>((exports.clone(), pipeline))?;
        Ok(calls.batch.replace(Tuples { rows: 0, data: Vec::new() }))
    })
}

/// Loads a migration, and does something with what it exports.
fn inside<T>(
    file: &str,
    source: &str,
    work: impl for<'js> FnOnce(&Ctx<'js>, &Calls<'js>, &Object<'js>) -> rquickjs::Result<T>,
) -> Result<T, Failure> {
    clock::set(&env::run());
    let broken = |error: rquickjs::Error| Failure::Message(format!("the JavaScript engine cannot be set up: {error}"));
    let (packages, source) = Packages::split(source).map_err(Failure::Message)?;
    let packages = Rc::new(packages.to_owned());
    let (runtime, context) = engine(file, Rc::clone(&packages)).map_err(broken)?;
    let rejections = track(&runtime);
    let teller = Rc::new(Teller::new(file, source, packages));
    context.with(|ctx| {
        let calls = Calls::new(Rc::clone(&teller));
        set_up(&ctx, &calls).catch(&ctx).map_err(|error| Failure::Message(format!("the SDK cannot be set up: {error}")))?;
        let loaded = || {
            let exports = load(&ctx, &calls, file, source)?;
            work(&ctx, &calls, &exports)
        };
        let done = loaded().catch(&ctx).map_err(|error| teller.failure(error))?;
        // What was begun and not waited for.
        while ctx.execute_pending_job() {}
        let rejected = rejections.borrow_mut().drain(..).next();
        if let Some((_, reason)) = rejected {
            let reason = reason.restore(&ctx).map_err(broken)?;
            let told = teller.tell(&reason);
            return Err(Failure::Message(format!("a promise was rejected, and nothing waits for it (is an `await` missing?)\n{told}")));
        }
        if native::forgot_savepoint() {
            let message = "a savepoint was begun, and neither released nor rolled back; savepoint(() => { … }) does that by itself";
            return Err(Failure::Message(message.to_owned()));
        }
        Ok(done)
    })
}

fn engine(file: &str, packages: Rc<OwnedPackages>) -> rquickjs::Result<(ManuallyDrop<Runtime>, ManuallyDrop<Context>)> {
    let runtime = Runtime::new()?;
    runtime.set_max_stack_size(STACK_BYTES);
    runtime.set_gc_threshold(COLLECT_AFTER_BYTES);
    runtime.set_loader(Resolve { file: file.to_owned(), packages: Rc::clone(&packages) }, Load { packages });
    let context = Context::full(&runtime)?;
    Ok((ManuallyDrop::new(runtime), ManuallyDrop::new(context)))
}

/// Remembers what is rejected, until something handles it.
fn track(runtime: &Runtime) -> Rejections {
    let rejections = Rejections::default();
    let noted = Rc::clone(&rejections);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(
        move |ctx: Ctx<'_>, promise: Js<'_>, reason: Js<'_>, is_handled| {
            // SAFETY: a promise is an object, and so a pointer.
            let promise = unsafe { rquickjs::qjs::JS_VALUE_GET_PTR(promise.as_raw()) } as usize;
            let mut noted = noted.borrow_mut();
            if is_handled {
                noted.retain(|(known, _)| *known != promise);
            } else {
                noted.push((promise, Persistent::save(&ctx, reason)));
            }
        },
    )));
    rejections
}

fn set_up<'js>(ctx: &Ctx<'js>, calls: &Rc<Calls<'js>>) -> rquickjs::Result<()> {
    native::bind(ctx, calls)?;
    let prelude = Module::declare(ctx.clone(), "host:set-up.js", "import './prelude.js';")?;
    let (_, ready) = prelude.eval()?;
    ready.finish()
}

/// Runs the module of a migration, and gives what it exports.
fn load<'js>(ctx: &Ctx<'js>, calls: &Calls<'js>, file: &str, source: &str) -> rquickjs::Result<Object<'js>> {
    let (module, ready) = Module::declare(ctx.clone(), file, source)?.eval()?;
    ready.finish::<()>()?;
    let exports = module.namespace()?;
    // There is one module of a migration.
    let _ = calls.exports.set(exports.clone());
    Ok(exports)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &str) -> String {
        check("migrations/a.js", source).expect_err("not accepted")
    }

    #[test]
    fn a_migration_with_both_directions_is_accepted() {
        let source = "import { execute } from 'host';\nawait null;\nfetch();\nexport const upgrade = async () => execute('');\n\
                      export function downgrade() {}";
        assert_eq!(check("migrations/a.js", source), Ok(()));
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let source = "export function upgrade() {\n  const größe = (1;\n}\n";
        assert_eq!(
            refused(source),
            "SyntaxError: Unexpected token ';'\n  at migrations/a.js:2:19\n    2 |   const größe = (1;\n      |                   ^"
        );
    }

    #[test]
    fn a_function_that_is_not_exported_is_said() {
        let no_upgrade = refused("function upgrade() {}\nexport function downgrade() {}");
        assert!(
            no_upgrade.starts_with("migrations/a.js exports no function 'upgrade': write export function"),
            "{no_upgrade}"
        );
        let no_downgrade = refused("export function upgrade() {}");
        assert!(no_downgrade.contains("exports no function 'downgrade'"), "{no_downgrade}");
        assert!(no_downgrade.contains("throw new Irreversible()"), "{no_downgrade}");
    }

    #[test]
    fn packages_are_linked_with_the_migration() {
        let with = |package: &str, source: &str| {
            let framed = format!("\0packages 1\n1 {}\na{package}{source}", package.len());
            check("migrations/a.js", &framed)
        };
        let both = "\nexport function upgrade() {}\nexport function downgrade() {}";
        assert_eq!(with("export var x = 1;", &format!("import {{ x }} from 'a';{both}")), Ok(()));
        let missing = with("export var x = 1;", &format!("import {{ y }} from 'a';{both}")).expect_err("no y");
        assert!(missing.starts_with("SyntaxError: \"a\" has no export 'y'\n  at migrations/a.js:1:10\n"), "{missing}");
        let broken = with("// node_modules/a/x.js\nvar x = ;", &format!("import 'a';{both}")).expect_err("no syntax");
        assert_eq!(broken, "SyntaxError: unexpected token in expression: ';'\n  in the package file a/x.js");
    }

    #[test]
    fn an_import_that_is_not_there_has_its_place() {
        let both = "\nexport function upgrade() {}\nexport function downgrade() {}";
        let module = refused(&format!("import fs from \"node:fs\";{both}"));
        assert!(module.starts_with("ImportError: cannot import 'node:fs': migrations have no files"), "{module}");
        assert!(module.contains("\n  at migrations/a.js:1:16\n    1 | import fs from \"node:fs\";\n"), "{module}");
        let name = refused(&format!("import {{ excute }} from \"host\";{both}"));
        assert!(
            name.starts_with("SyntaxError: \"host\" has no export 'excute'\n  at migrations/a.js:1:10\n"),
            "{name}"
        );
    }
}
