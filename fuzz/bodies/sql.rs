//! Any text: cutting, judging, dividing and pointing never panic, and agree with each other.

use host::grant::Classes;
use host::grant::Grant;
use host::sql;

/// Tries one input.
pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let text = text.as_ref();
    let statements = match sql::split(text) {
        Ok(statements) => statements,
        Err(error) => {
            let _ = (error.to_string(), error.hint());
            Vec::new()
        }
    };
    let mut end = 0;
    for statement in &statements {
        assert!(statement.bytes.start >= end, "statements overlap");
        assert_eq!(&text[statement.bytes.clone()], statement.text);
        end = statement.bytes.end;
        judge(statement.text);
        // Here it belongs to the statement; at the beginning of a text it is left out.
        if statement.text.starts_with('\u{feff}') {
            continue;
        }
        // A statement that was cut out is one statement, the same one.
        let again = sql::split(statement.text).expect("what was cut can be cut");
        assert_eq!(again.iter().map(|again| again.text).collect::<Vec<_>>(), [statement.text]);
        let _ = sql::execution_mode(statement.text);
        let _ = sql::name_of(statement.text);
        let _ = sql::may_return_rows(statement.text);
        let _ = sql::names_any(statement.text, &["host_version", "a"]);
        if sql::not_plain(statement.text).is_none() {
            assert!(sql::reads_alike(statement.text), "psql may read it otherwise: {}", statement.text);
            let followed = format!("{};SELECT 2", statement.text);
            assert_eq!(sql::split(&followed).map(|statements| statements.len()).ok(), Some(2), "{followed}");
        }
        let _ = sql::parameter_set(statement.text);
        if let Ok(written) = sql::substitute(statement.text, &["NULL".to_owned(), "('x')".to_owned()]) {
            // Values take the place of parameters, not the place of the end.
            assert_eq!(sql::split(&written).map(|statements| statements.len()).ok(), Some(1), "{written}");
        }
    }
    if judge(text) {
        assert_eq!(statements.len(), 1, "the guard let pass what is not one statement");
    }
    for statement in &statements {
        let Some(data) = &statement.copy_data else { continue };
        assert!(text[data.clone()].is_empty() || text[data.clone()].ends_with('\n'), "data that are no lines");
        let _ = sql::check_statement(statement, &Grant::of_asks(Classes::usual()));
        if let Ok(written) = sql::script_data(statement.text, &text[data.clone()]) {
            let block = format!("{};\n{written}\\.\n", statement.text);
            let again = sql::split(&block).expect("a block that psql reads");
            assert_eq!(again.len(), 1, "data that end too early");
        }
    }
    if let Err(error) = sql::check_whole_sql_file(text) {
        let _ = (error.to_string(), error.hint());
    }
    match sql::sections(text) {
        Ok(sections) => {
            let _ = (sections.undecided(text), sections.is_silent(text));
            let parts: Vec<_> = std::iter::once(sections.upgrade).chain(sections.downgrade).collect();
            assert!(parts.iter().all(|part| text.get(part.clone()).is_some()), "a section that cuts a character");
            let grant = Grant::of_asks(Classes::usual());
            if let Err(error) = sql::check_sql_file(text, &parts, &grant) {
                let _ = (error.to_string(), error.hint());
                // What would be asked for is what is missing.
                let missing = sql::missing_classes(text, &parts, &grant);
                assert!(error.asks().is_none_or(|asks| asks == grant.allowed().union(missing)), "{error}");
            }
            for part in parts {
                let checks =
                    [sql::check_transactional_sql_file(text, part.clone()), sql::check_new_enum_values(text, part)];
                for error in checks.into_iter().filter_map(Result::err) {
                    let _ = (error.to_string(), error.hint());
                }
            }
        }
        Err(error) => {
            let _ = (error.to_string(), error.hint());
        }
    }
    let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    for position in [0, 1, characters / 2, characters, characters.saturating_add(1), u32::MAX] {
        if let Some(place) = sql::place(text, position) {
            let _ = sql::excerpt(text, place);
        }
    }
}

/// Whether the guard lets a text pass where everything is granted. Less granted lets no more pass.
fn judge(text: &str) -> bool {
    let passes = |classes: Classes| match sql::check(text, &Grant::of_asks(classes)) {
        Ok(()) => true,
        Err(refusal) => {
            assert!(!refusal.message().is_empty());
            let _ = refusal.hint();
            false
        }
    };
    let all = passes(Classes::all());
    assert!(all || !passes(Classes::usual()), "a smaller grant lets more pass");
    assert!(all || !passes(Classes::default()), "no grant lets more pass");
    if let Ok(needs) = sql::classify(text) {
        let _ = needs.command.to_string();
    }
    all
}
