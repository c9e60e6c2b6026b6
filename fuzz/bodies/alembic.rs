//! Any text as a file of a project of Alembic: a revision, `env.py`, `alembic.ini`, `pyproject.toml`, a template of names and of files, what
//! the runtime gets and what it answers. Reading never panics, and nothing leads out of the project's folder.

use host::alembic::AlembicSettings;
use host::alembic::Authored;
use host::alembic::Document;
use host::alembic::FileName;
use host::alembic::Include;
use host::alembic::Location;
use host::alembic::NewRevisionFile;
use host::alembic::PythonFacts;
use host::alembic::PythonFile;
use host::alembic::SettingsTexts;
use host::alembic::new_file;
use host::alembic::read_job;

/// Tries one input.
pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    python(&text);
    settings(&text);
    templates(&text);
    let _ = (Document::source_of(&text), Authored::read(&text), Include::new(&text));
}

fn python(text: &str) {
    let files = [PythonFile { path: "alembic/versions/a.py".to_owned(), text: text.to_owned() }];
    let answer = read_job(&serde_json::to_vec(&files).expect("JSON")).expect("an answer");
    let facts: Vec<PythonFacts> = serde_json::from_slice(&answer).expect("facts");
    let [facts] = facts.as_slice() else { panic!("one file has one answer") };
    let lines = text.lines().count() + 1;
    if let Some(problem) = &facts.broken {
        assert!(!problem.message.contains("gave up"), "the parser fails");
    }
    let problems = facts.broken.iter().chain(facts.revision.iter().filter_map(|revision| revision.as_ref().err()));
    for problem in problems {
        assert!((1..=lines).contains(&problem.line), "line {} of {lines}: {}", problem.line, problem.message);
    }
}

fn settings(text: &str) {
    let ini = SettingsTexts { ini: Some(("alembic.ini", text)), pyproject: None };
    let toml = SettingsTexts { ini: None, pyproject: Some(("pyproject.toml", text)) };
    for (file, texts) in [("alembic.ini", ini), ("pyproject.toml", toml)] {
        let Ok(settings) = AlembicSettings::read(file, "alembic", texts) else { continue };
        for location in [&settings.script_location].into_iter().chain(&settings.version_locations) {
            let (Location::Path(path) | Location::Package { folder: path, .. }) = location;
            let leads_out = path.starts_with('/') || path.split('/').any(|part| part == "..");
            assert!(!leads_out, "{path} leads out of the project");
        }
    }
}

fn templates(text: &str) {
    let name = FileName { rev: "a1", message: text, slug_characters: 40, epoch: 0, time: [2026, 1, 2, 3, 4, 5] };
    let _ = (name.formatted(text), name.formatted("%(rev)s_%(slug)s"));
    let labels = [text.to_owned()];
    let file = NewRevisionFile {
        revision: "a1",
        down_revision: &[],
        branch_labels: &labels,
        depends_on: &[],
        message: text,
        create_date: "2026-01-02",
        imports: "",
        upgrades: "",
        downgrades: "",
    };
    let _ = new_file(Some(text), &file);
    // The file of any message is Python whose revision is the one that was asked for.
    let (written, _) = new_file(None, &file);
    let files = [PythonFile { path: "a.py".to_owned(), text: written }];
    let answer = read_job(&serde_json::to_vec(&files).expect("JSON")).expect("an answer");
    let facts: Vec<PythonFacts> = serde_json::from_slice(&answer).expect("facts");
    let revision = facts.first().and_then(|facts| facts.revision.as_ref()?.as_ref().ok()?.revision.clone());
    // A conflict marker of git is refused wherever it stands, and no argument has a NUL.
    let is_refused = facts.iter().any(|facts| facts.broken.as_ref().is_some_and(|it| it.message.contains("conflict")));
    if is_refused || text.contains('\0') {
        return;
    }
    assert_eq!(
        revision.as_deref(),
        Some("a1"),
        "{}",
        facts.first().map(|facts| format!("{facts:?}")).unwrap_or_default()
    );
}
