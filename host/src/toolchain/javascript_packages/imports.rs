//! What a migration imports. Its text may be hostile, so a worker reads it.

use serde::Deserialize;
use serde::Serialize;
use swc_common::BytePos;
use swc_ecma_ast::ExportSpecifier;
use swc_ecma_ast::ImportSpecifier;
use swc_ecma_ast::ModuleDecl;
use swc_ecma_ast::ModuleExportName;
use swc_ecma_ast::ModuleItem;
use swc_ecma_ast::Str;
use swc_ecma_parser::EsSyntax;
use swc_ecma_parser::Parser;
use swc_ecma_parser::StringInput;
use swc_ecma_parser::Syntax;

/// The name of finding imports between the processes.
pub const IMPORTS_JOB: &str = "imports";

/// One module that a migration imports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageImport {
    /// What is imported.
    pub specifier: String,
    /// The names that are taken from it, sorted; `default` is one of them.
    pub names: Vec<String>,
    /// Whether all of its names are.
    pub all: bool,
}

/// The imports of a module of JavaScript as JSON. What cannot be read has none: that it is wrong, the runtime tells better. Takes as
/// much time, memory and stack as the text makes it take.
///
/// # Errors
/// None that is known.
pub fn imports(text: &[u8]) -> Result<Vec<u8>, String> {
    let text = str::from_utf8(text).map_err(|error| error.to_string())?;
    serde_json::to_vec(&found(text)).map_err(|error| error.to_string())
}

fn found(text: &str) -> Vec<PackageImport> {
    // Places of the compiler begin at 1.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let input = StringInput::new(text, BytePos(1), BytePos(length.saturating_add(1)));
    let syntax = Syntax::Es(EsSyntax { import_attributes: true, ..EsSyntax::default() });
    let Ok(module) = Parser::new(syntax, input, None).parse_module() else { return Vec::new() };
    let mut found: Vec<PackageImport> = Vec::new();
    for item in &module.body {
        let ModuleItem::ModuleDecl(item) = item else { continue };
        let Some(import) = import(item) else { continue };
        match found.iter_mut().find(|known| known.specifier == import.specifier) {
            Some(known) => {
                known.names.extend(import.names);
                known.all |= import.all;
            }
            None => found.push(import),
        }
    }
    for import in &mut found {
        import.names.sort();
        import.names.dedup();
    }
    found
}

fn import(item: &ModuleDecl) -> Option<PackageImport> {
    let of = |source: &Str| PackageImport { specifier: text(source), ..PackageImport::default() };
    match item {
        ModuleDecl::Import(import) => {
            let mut found = of(&import.src);
            for specifier in &import.specifiers {
                match specifier {
                    ImportSpecifier::Named(named) => found.names.push(match &named.imported {
                        Some(name) => export_name(name),
                        None => named.local.sym.to_string(),
                    }),
                    ImportSpecifier::Default(_) => found.names.push("default".to_owned()),
                    ImportSpecifier::Namespace(_) => found.all = true,
                }
            }
            Some(found)
        }
        ModuleDecl::ExportNamed(export) => {
            let mut found = of(export.src.as_ref()?);
            for specifier in &export.specifiers {
                match specifier {
                    ExportSpecifier::Named(named) => found.names.push(export_name(&named.orig)),
                    ExportSpecifier::Default(_) => found.names.push("default".to_owned()),
                    ExportSpecifier::Namespace(_) => found.all = true,
                }
            }
            Some(found)
        }
        ModuleDecl::ExportAll(export) => Some(PackageImport { all: true, ..of(&export.src) }),
        _ => None,
    }
}

fn export_name(name: &ModuleExportName) -> String {
    match name {
        ModuleExportName::Ident(name) => name.sym.to_string(),
        ModuleExportName::Str(name) => text(name),
    }
}

fn text(literal: &Str) -> String {
    literal.value.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_imported_is_found_with_its_names() {
        let text = "// import x from 'not';\nimport slugify, { extend as more } from \"slugify\";\nimport 'host';\n\
                    export { a } from 'b'; export * from 'c';\nimport * as all from '@x/y/z.js';\n\
                    const text = `import 'neither'`;\nimport { extend } from 'slugify';\n";
        let import = |specifier: &str, names: &[&str], all| PackageImport {
            specifier: specifier.to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            all,
        };
        assert_eq!(
            found(text),
            [
                import("slugify", &["default", "extend"], false),
                import("host", &[], false),
                import("b", &["a"], false),
                import("c", &[], true),
                import("@x/y/z.js", &[], true),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_has_no_imports() {
        assert_eq!(found("import x from 'y'; const = ;"), []);
        assert_eq!(imports(b"").as_deref(), Ok(&b"[]"[..]));
        assert!(imports(b"\xff").is_err());
    }
}
