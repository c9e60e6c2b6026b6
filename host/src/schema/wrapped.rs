//! The statements of a draft as the source of a migration in another language. Pure.

use super::drafts::Draft;
use crate::language::Language;

/// The source of a migration that runs the statements of a draft, and the name of its file in a folder; none for languages in which
/// host writes no statements. What stands above it in a file of its own is its metadata.
pub fn source(language: Language, draft: &Draft) -> Option<String> {
    let comments = |sign: &str| -> String {
        let all = draft.comments().into_iter().flat_map(|(heading, lines)| {
            std::iter::once(heading.to_owned()).chain(lines.into_iter().map(|line| format!("  {line}")))
        });
        // In C a backslash at the end of a line takes the next one into the comment.
        let closed = |line: String| if line.ends_with(['\\', '/']) { format!("{line} .") } else { line };
        all.map(|line| format!("{sign} {}\n", closed(super::drafts::one_line(&line)))).collect()
    };
    let [up, down] = draft.statements();
    Some(match language {
        Language::Python => {
            let body = |statements: &[String]| {
                let lines = statements
                    .iter()
                    .map(|sql| format!("    host.execute(\n        \"\"\"{}\"\"\"\n    )\n", triple(sql)));
                if statements.is_empty() { "    pass\n".to_owned() } else { lines.collect() }
            };
            format!(
                "{}import host\n\n\ndef upgrade() -> None:\n{}\n\ndef downgrade() -> None:\n{}",
                comments("#"),
                body(&up),
                body(&down)
            )
        }
        Language::JavaScript | Language::TypeScript => {
            let void = if language == Language::TypeScript { ": void" } else { "" };
            let body = |statements: &[String]| -> String {
                statements.iter().map(|sql| format!("  execute(`{}`);\n", template(sql))).collect()
            };
            format!(
                "{}import {{ execute }} from \"host\";\n\nexport function upgrade(){void} {{\n{}}}\n\nexport function downgrade(){void} {{\n{}}}\n",
                comments("//"),
                body(&up),
                body(&down)
            )
        }
        Language::Rust => {
            let body = |statements: &[String]| -> String {
                statements.iter().map(|sql| format!("        execute({}, &[])?;\n", raw(sql))).collect()
            };
            format!(
                "{}use host_guest::{{Failure, Migration, execute}};\n\nstruct Generated;\n\nhost_guest::export!(Generated);\n\n\
                 impl Migration for Generated {{\n    fn upgrade() -> Result<(), Failure> {{\n{}        Ok(())\n    }}\n\n    \
                 fn downgrade() -> Result<(), Failure> {{\n{}        Ok(())\n    }}\n}}\n",
                comments("//"),
                body(&up),
                body(&down)
            )
        }
        Language::Go => {
            let body = |statements: &[String]| -> String {
                let call = |sql: &String| {
                    format!("\tif _, err := host.Execute({}); err != nil {{\n\t\treturn err\n\t}}\n", go(sql))
                };
                statements.iter().map(call).collect()
            };
            format!(
                "{}package main\n\nimport \"host.example/host\"\n\nfunc init() {{ host.Register(upgrade, downgrade) }}\n\n\
                 // The compiler asks for it; host does not call it.\nfunc main() {{}}\n\n\
                 func upgrade() error {{\n{}\treturn nil\n}}\n\nfunc downgrade() error {{\n{}\treturn nil\n}}\n",
                comments("//"),
                body(&up),
                body(&down)
            )
        }
        Language::C => {
            let body = |statements: &[String]| -> String {
                statements.iter().map(|sql| format!("    HOST_TRY(host_execute({}, NULL));\n", c(sql))).collect()
            };
            format!(
                "{}#include \"host.h\"\n\nbool upgrade(void) {{\n{}    return true;\n}}\n\n\
                 bool downgrade(void) {{\n{}    return true;\n}}\n",
                comments("//"),
                body(&up),
                body(&down)
            )
        }
        _ => return None,
    })
}

/// Inside of three quotes of Python.
fn triple(sql: &str) -> String {
    sql.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Inside of a template literal of JavaScript.
fn template(sql: &str) -> String {
    sql.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${")
}

/// A raw string of Rust, with as many signs as it needs.
fn raw(sql: &str) -> String {
    let mut signs = "#".to_owned();
    while sql.contains(&format!("\"{signs}")) {
        signs.push('#');
    }
    format!("r{signs}\"{sql}\"{signs}")
}

/// A string of Go: a raw one, unless that cannot hold the text (specification of Go, "String literals").
fn go(sql: &str) -> String {
    // A raw string loses its carriage returns, and the compiler takes no byte order mark inside of a file.
    if !sql.contains(['`', '\r', '\u{feff}']) {
        return format!("`{sql}`");
    }
    let escaped = sql.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
    format!("\"{}\"", escaped.replace('\u{feff}', "\\ufeff"))
}

/// Strings of C, one for each line.
fn c(sql: &str) -> String {
    let quoted = |line: &str| {
        let escaped = line.chars().map(|character| match character {
            '\\' => "\\\\".to_owned(),
            '"' => "\\\"".to_owned(),
            // Two of them may begin a trigraph.
            '?' => "\\?".to_owned(),
            '\n' => "\\n".to_owned(),
            control if control.is_ascii_control() => format!("\\{:03o}", u32::from(control)),
            other => other.to_string(),
        });
        format!("\"{}\"", escaped.collect::<String>())
    };
    sql.split_inclusive('\n').map(quoted).collect::<Vec<_>>().join("\n                          ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use host_schema::Action;
    use host_schema::Boundary;
    use host_schema::Lock;

    use super::*;

    fn draft(up: &str, down: &str) -> Draft {
        let action = |sql: &str| Action {
            sql: sql.to_owned(),
            object: "table t".to_owned(),
            boundary: Boundary::InTransaction,
            lock: Lock::default(),
            rewrite: false,
            scan: false,
            loss: Some("drops table t".to_owned()),
            decide: Vec::new(),
        };
        let list = |sql: &str| if sql.is_empty() { Vec::new() } else { vec![action(sql)] };
        Draft { up: list(up), down: list(down), in_transaction: true, ..Draft::default() }
    }

    #[test]
    fn statements_stand_in_the_strings_of_the_language() {
        let draft = draft("COMMENT ON TABLE t IS 'a \\ \"b\" `c` ${d} \"# \"\"\"'", "");
        let python = source(Language::Python, &draft).unwrap();
        assert_eq!(
            python,
            "# upgrade loses data:\n# drops table t\nimport host\n\n\ndef upgrade() -> None:\n    host.execute(\n        \
             \"\"\"COMMENT ON TABLE t IS 'a \\\\ \\\"b\\\" `c` ${d} \\\"# \\\"\\\"\\\"'\"\"\"\n    )\n\n\ndef downgrade() -> None:\n    pass\n"
        );
        let script = source(Language::JavaScript, &draft).unwrap();
        assert!(
            script.contains("execute(`COMMENT ON TABLE t IS 'a \\\\ \"b\" \\`c\\` \\${d} \"# \"\"\"'`);"),
            "{script}"
        );
        let rust = source(Language::Rust, &draft).unwrap();
        assert!(
            rust.contains("execute(r##\"COMMENT ON TABLE t IS 'a \\ \"b\" `c` ${d} \"# \"\"\"'\"##, &[])?;"),
            "{rust}"
        );
        let go = source(Language::Go, &draft).unwrap();
        assert!(
            go.contains(r##"host.Execute("COMMENT ON TABLE t IS 'a \\ \"b\" `c` ${d} \"# \"\"\"'"); err != nil"##),
            "{go}"
        );
        let c = source(Language::C, &draft).unwrap();
        assert!(
            c.contains(r##"host_execute("COMMENT ON TABLE t IS 'a \\ \"b\" `c` ${d} \"# \"\"\"'", NULL));"##),
            "{c}"
        );
    }

    #[test]
    fn no_comment_takes_in_the_line_below_it() {
        let mut draft = draft("DROP TABLE \"t\\\"", "");
        for end in ["\\", "??/"] {
            draft.up[0].loss = Some(format!("drops table t{end}"));
            let c = source(Language::C, &draft).unwrap();
            assert!(c.contains(&format!("// drops table t{end} .\n#include")), "{c}");
        }
    }

    #[test]
    fn lines_and_signs_are_written_as_go_and_c_read_them() {
        assert_eq!(go("a\n\\b\""), "`a\n\\b\"`");
        assert_eq!(go("a\r\n\\\u{feff}"), "\"a\\r\\n\\\\\\ufeff\"");
        assert_eq!(c("a\r\n??/\tb"), "\"a\\015\\n\"\n                          \"\\?\\?/\\011b\"");
    }
}
