//! What a migration in another language than SQL costs: building, the first run, a small migration, a hundred of them, rows.
//!
//! The language runtimes come from `target/runtimes`, where `scripts/runtimes` puts them; Go and C need their compilers.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::Result;
use crate::figures::Figures;
use crate::figures::Limit;
use crate::figures::mebibytes;
use crate::figures::median;
use crate::figures::milliseconds;
use crate::figures::spread;
use crate::process;
use crate::project::TestProject;
use crate::project::revision;
use crate::server::Server;

/// How often a pair of runs is measured.
const PAIRS: usize = 15;

/// How many rows are read and written.
const ROWS: usize = 20_000;

/// Longer than code has to lie in the cache before it is not digested in each run any more.
const CODE_SETTLES: Duration = Duration::from_millis(2_300);

/// The migrations of a run of many.
const MANY: usize = 100;

/// One language with a small migration in it.
struct Small {
    name: &'static str,
    /// Files in the folder `migrations`, with `{metadata}` for the block of a text file.
    files: &'static [(&'static str, &'static str)],
    comment: &'static str,
    /// What it may take longer than the same migration in SQL, in milliseconds.
    limit: Limit,
}

const TEN: Limit = Limit { value: 10.0, shown: "10 ms" };
const TWENTY: Limit = Limit { value: 20.0, shown: "20 ms" };

const SQL: &[(&str, &str)] = &[("small.sql", include_str!("languages/small.sql"))];

const LANGUAGES: &[Small] = &[
    Small { name: "Python", files: &[("small.py", include_str!("languages/small.py"))], comment: "#", limit: TWENTY },
    Small { name: "JavaScript", files: &[("small.js", include_str!("languages/small.js"))], comment: "//", limit: TEN },
    Small {
        name: "Go",
        files: &[
            ("small/migration.toml", "revision = \"a\"\n"),
            ("small/go.mod", include_str!("languages/go.mod.txt")),
            ("small/migration.go", include_str!("languages/small.go.txt")),
        ],
        comment: "",
        limit: TEN,
    },
    Small {
        name: "C",
        files: &[
            ("small/migration.toml", "revision = \"a\"\n"),
            ("small/migration.c", include_str!("languages/small.c")),
        ],
        comment: "",
        limit: TEN,
    },
];

pub(crate) fn measure(figures: &mut Figures, server: &Server, folder: &Path) -> Result<()> {
    let folder = folder.join("languages");
    add_runtimes(&folder)?;
    let sql = written(&folder, "sql", SQL, "--")?;
    for language in LANGUAGES {
        if let Err(error) = small(figures, server, &folder, &sql, language) {
            figures.add(format!("a small migration in {}", language.name), format!("not measured: {error}"));
        }
    }
    many(figures, server, &folder)?;
    no_change(figures, &folder)?;
    for (name, file, text, comment) in [
        ("Python", "rows.py", include_str!("languages/rows.py"), "#"),
        ("JavaScript", "rows.js", include_str!("languages/rows.js"), "//"),
    ] {
        rows(figures, server, &folder, name, (file, text, comment))?;
    }
    Ok(())
}

/// Puts the runtimes that were built last where the projects of this benchmark find them.
fn add_runtimes(folder: &Path) -> Result<()> {
    ["python", "javascript"].iter().try_for_each(|name| add_runtime(folder, name))
}

/// Puts a runtime that was built last where the projects in this folder find it.
pub(crate) fn add_runtime(folder: &Path, name: &str) -> Result<()> {
    let project = TestProject { folder: folder.join("none") };
    std::fs::create_dir_all(&project.folder)?;
    let built = runtimes().join(name);
    let line = std::fs::read_to_string(built.join("built"))
        .map_err(|error| format!("{}: {error}; run scripts/runtimes", built.display()))?;
    let digest = line.split_whitespace().nth(1).ok_or("the digest of a runtime")?;
    let file = built.join(format!("{digest}.wasm"));
    process::run(
        project.host("postgres://unused@localhost/unused", &["runtime", "add", name, &file.to_string_lossy()]),
    )?;
    Ok(())
}

fn runtimes() -> PathBuf {
    // A benchmark may have a target folder of its own.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/runtimes")
}

/// A project with these files, built.
pub(crate) fn written(folder: &Path, name: &str, files: &[(&str, &str)], comment: &str) -> Result<TestProject> {
    let project = TestProject { folder: folder.join(name) };
    for (file, text) in files {
        let block = format!("{comment} /// migration\n{comment} revision = \"a\"\n{comment} ///\n");
        let path = project.folder.join("migrations").join(file);
        std::fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        let text = if comment.is_empty() { (*text).to_owned() } else { format!("{block}{text}") };
        std::fs::write(path, text)?;
    }
    std::fs::write(project.folder.join("host.toml"), "[default]\n")?;
    build(&project)?;
    Ok(project)
}

/// `host build` with what compilers need besides.
fn build(project: &TestProject) -> Result<Duration> {
    let mut command = project.host("postgres://unused@localhost/unused", &["build"]);
    for variable in ["HOME", "GOPATH", "GOMODCACHE", "GOROOT"] {
        if let Some(value) = std::env::var_os(variable) {
            command.env(variable, value);
        }
    }
    process::run(command)
}

/// One migration against the same one in SQL, in turns.
fn small(figures: &mut Figures, server: &Server, folder: &Path, sql: &TestProject, language: &Small) -> Result<()> {
    // One each: where both were applied, a migration of the same name looks like one that was changed.
    let databases = ["sql", language.name].map(|name| format!("small_{}_{}", language.name, name).to_lowercase());
    let [url_of_sql, url] = [server.create_database(&databases[0])?, server.create_database(&databases[1])?];
    let project = written(folder, language.name, language.files, language.comment)?;
    let first = process::run(project.host(&url, &["upgrade", "head"]))?;
    process::run(project.host(&url, &["downgrade", "base"]))?;
    figures.add(
        format!("a small migration in {}, after its build", language.name),
        milliseconds(first.as_secs_f64() * 1e3),
    );
    std::thread::sleep(CODE_SETTLES);
    for (project, url) in [(&project, &url), (sql, &url_of_sql)] {
        process::run(project.host(url, &["upgrade", "head"]))?;
        process::run(project.host(url, &["downgrade", "base"]))?;
    }
    let (mut times, mut of_sql) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        for (project, url, times) in [(&project, &url, &mut times), (sql, &url_of_sql, &mut of_sql)] {
            times.push(process::run(project.host(url, &["upgrade", "head"]))?);
            process::run(project.host(url, &["downgrade", "base"]))?;
        }
    }
    let more = (median(&times).as_secs_f64() - median(&of_sql).as_secs_f64()) * 1e3;
    figures.add(
        format!("the same, warm: {} and SQL", language.name),
        format!("{} and {}", spread(&times), spread(&of_sql)),
    );
    figures.limited(format!("what {} adds to it", language.name), milliseconds(more), more, language.limit);
    let peak = process::peak_memory(project.host(&url, &["upgrade", "head"]))?;
    figures.add(format!("the same, peak memory, {}", language.name), mebibytes(peak));
    databases.iter().try_for_each(|database| server.drop_database(database))
}

/// Migrations that each write a row, in one language or two.
fn chain(folder: &Path, name: &str, languages: &[(&str, &str, &str)]) -> Result<TestProject> {
    let project = TestProject { folder: folder.join(name) };
    std::fs::create_dir_all(project.folder.join("migrations"))?;
    std::fs::write(project.folder.join("host.toml"), "[default]\n")?;
    for number in 0..MANY * languages.len() {
        let (extension, comment, text) = languages[number % languages.len()];
        let id = revision(number);
        let revises = number.checked_sub(1).map(|parent| format!("{comment} revises = [\"{}\"]\n", revision(parent)));
        let block = format!(
            "{comment} /// migration\n{comment} revision = \"{id}\"\n{}{comment} ///\n",
            revises.unwrap_or_default()
        );
        let text = text.replace("{number}", &number.to_string());
        std::fs::write(project.folder.join(format!("migrations/{id}.{extension}")), format!("{block}{text}"))?;
    }
    Ok(project)
}

const PYTHON: (&str, &str, &str) = ("py", "#", include_str!("languages/one.py"));
const JAVASCRIPT: (&str, &str, &str) = ("js", "//", include_str!("languages/one.js"));

fn many(figures: &mut Figures, server: &Server, folder: &Path) -> Result<()> {
    for (name, language) in [("python", PYTHON), ("javascript", JAVASCRIPT)] {
        let project = chain(folder, &format!("many_{name}"), &[language])?;
        build(&project)?;
        let times = (0..3)
            .map(|run| {
                let database = format!("many_{name}_{run}");
                let url = server.create_database(&database)?;
                let time = process::run(project.host(&url, &["upgrade", "head"]))?;
                server.drop_database(&database)?;
                Ok(time)
            })
            .collect::<Result<Vec<_>>>()?;
        let each = median(&times).as_secs_f64() * 1e3 / f64::from(u32::try_from(MANY)?);
        let figure = format!("a run of {MANY} migrations in {name}, each");
        match name {
            "python" => figures.limited(figure, milliseconds(each), each, Limit { value: 8.0, shown: "8 ms" }),
            _ => figures.add(figure, milliseconds(each)),
        }
    }
    Ok(())
}

fn no_change(figures: &mut Figures, folder: &Path) -> Result<()> {
    let project = chain(folder, "no_change", &[PYTHON, JAVASCRIPT])?;
    let first = build(&project)?;
    figures.add(
        format!("`host build` of {MANY} migrations in Python and {MANY} in JavaScript"),
        milliseconds(first.as_secs_f64() * 1e3),
    );
    std::thread::sleep(Duration::from_millis(2_200));
    build(&project)?;
    let times = (0..PAIRS).map(|_| build(&project)).collect::<Result<Vec<_>>>()?;
    let value = median(&times).as_secs_f64() * 1e3;
    figures.limited("the same when nothing changed", spread(&times), value, Limit { value: 200.0, shown: "200 ms" });
    Ok(())
}

/// Reads and writes rows: the time of a run with many less that of one with none.
fn rows(figures: &mut Figures, server: &Server, folder: &Path, name: &str, source: (&str, &str, &str)) -> Result<()> {
    let (file, text, comment) = source;
    let project = written(folder, &format!("rows_{name}"), &[(file, text)], comment)?;
    let database = format!("rows_{}", name.to_lowercase());
    let url = server.create_database(&database)?;
    let run = |case: &str, rows: usize| {
        let (case, rows) = (format!("case={case}"), format!("rows={rows}"));
        let time = process::run(project.host(&url, &["-x", &case, "-x", &rows, "upgrade", "head"]))?;
        process::run(project.host(&url, &["downgrade", "base"]))?;
        Ok::<_, Box<dyn std::error::Error>>(time)
    };
    run("read", 0)?;
    for (case, what, limit) in [
        ("read", "reading a row of 5 columns", Limit { value: 10.0, shown: "10 µs" }),
        ("write", "`execute_many`, a row of 5 columns", Limit { value: 30.0, shown: "30 µs" }),
    ] {
        let times = |rows| (0..5).map(|_| run(case, rows)).collect::<Result<Vec<_>>>();
        let (none, all) = (median(&times(0)?), median(&times(ROWS)?));
        let each = (all.as_secs_f64() - none.as_secs_f64()) * 1e6 / f64::from(u32::try_from(ROWS)?);
        figures.limited(format!("{what}, {name}"), milliseconds(each / 1e3), each, limit);
    }
    server.drop_database(&database)
}
