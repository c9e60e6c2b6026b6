//! A project folder with a database.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use super::Output;
use super::TestDatabase;
use super::guests;
use host::digest::Digest;
use host::grant::Classes;
use host::language::Language;
use host::store::MANIFEST_FORMAT;
use host::store::Manifest;
use host::store::Metadata;
use host::store::add_manifest;

/// All that can be granted, so that a test has to say only what it is about.
const GRANTS: &str = "[default.grants]\nfunction = true\nextension = true\nprivilege = true\nrole = true\n\
                      session = true\nforeign = true\n";

/// A project in a temporary folder, with a database of its own.
pub(crate) struct TestProject {
    pub(crate) database: TestDatabase,
    folder: tempfile::TempDir,
    /// For compiled code, beside the project.
    cache: tempfile::TempDir,
    /// Whether compiled code is shared with other projects instead.
    shares_code: bool,
}

impl TestProject {
    /// A project with settings and no migrations.
    pub(crate) fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a temporary folder");
        let project = Self { database: TestDatabase::new(), folder: folder(), cache: folder(), shares_code: false };
        project.write("host.toml", &format!("[default]\n\n{GRANTS}"));
        std::fs::create_dir(project.path("migrations")).expect("a folder for migrations");
        project
    }

    /// Lets a file be the models. Shadow databases are made on the server of the tests.
    pub(crate) fn compare_with(&self, file: &str, models: &str) {
        self.compare_by(&format!("files = [\"{file}\"]"));
        self.write(file, models);
    }

    /// Lets the models come from somewhere: a line of `[default.schema]`.
    pub(crate) fn compare_by(&self, line: &str) {
        let section = format!("[default.schema]\n{line}\nshadow-url = \"${{HOST_DATABASE_URL}}\"\n");
        self.write("host.toml", &format!("[default]\n\n{GRANTS}{section}"));
    }

    /// A project that finds the code that others compiled, so that the runtime of a language is compiled once for all tests.
    pub(crate) fn sharing_code() -> Self {
        Self { shares_code: true, ..Self::new() }
    }

    /// Writes the migration `b` on top of `a`, without a transaction: its second statement fails, and the step stays unfinished.
    pub(crate) fn stops_half_way(&self) {
        self.write(
            "migrations/b.sql",
            "-- /// migration\n-- revision = \"b\"\n-- revises = [\"a\"]\n-- transaction = \"none\"\n-- ///\n-- upgrade\n\
             INSERT INTO table_a VALUES (1);\nINSERT INTO table_x VALUES (1);\n-- downgrade\nSELECT 1;\n",
        );
    }

    /// A project with the migrations `a`, `b` and `c`, each making one table, built.
    pub(crate) fn with_three_tables() -> Self {
        let project = Self::new();
        let mut parent = None;
        for id in ["a", "b", "c"] {
            project.sql(id, parent, &format!("CREATE TABLE table_{id} (id int)"), &format!("DROP TABLE table_{id}"));
            parent = Some(id);
        }
        project.host(&["build"]).success();
        project
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The folder of compiled code.
    pub(crate) fn cache(&self) -> &Path {
        self.cache.path()
    }

    /// Writes a file; folders on its way are made.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Writes a migration in SQL, `migrations/<id>.sql`. It asks for what its statements need.
    pub(crate) fn sql(&self, id: &str, revises: Option<&str>, upgrade: &str, downgrade: &str) {
        let asks = asks(&[upgrade, downgrade]);
        let revises = revises.map(|parent| format!("-- revises = [\"{parent}\"]\n")).unwrap_or_default();
        self.write(
            &format!("migrations/{id}.sql"),
            &format!(
                "-- /// migration\n-- revision = \"{id}\"\n{revises}{asks}-- message = \"migration {id}\"\n-- ///\n\
                 -- upgrade\n{upgrade};\n-- downgrade\n{downgrade};\n"
            ),
        );
    }

    /// A project whose only migration is a guest of tests/guests, built.
    pub(crate) fn with_guest(name: &str) -> Self {
        let project = Self::new();
        project.guest(name);
        project
    }

    /// Adds a guest of tests/guests as a migration, with the component that was built of it.
    pub(crate) fn guest(&self, name: &str) {
        if let Some(module) = guests::module(name) {
            self.write(&format!("migrations/{name}/migration.toml"), &guests::metadata(name));
            std::fs::write(self.path("migrations").join(name).join("guest.wasm"), module).expect("the module");
            self.host(&["build"]).success();
            return;
        }
        let built = guests::built_project();
        guests::copy(name, &self.path("migrations").join(name));
        std::fs::create_dir_all(self.path(".host/build")).expect("a folder");
        for extension in ["wasm", "seal"] {
            let file = format!(".host/build/{}.{extension}", guests::revision(name));
            std::fs::copy(built.join(&file), self.path(&file)).expect("the component and its seal");
        }
    }

    /// Adds a migration of this revision that is a core module or a component. Not built.
    pub(crate) fn binary(&self, revision: &str, bytes: &[u8]) {
        self.write(&format!("migrations/{revision}/migration.toml"), &format!("revision = \"{revision}\"\n"));
        std::fs::write(self.path("migrations").join(revision).join("guest.wasm"), bytes).expect("the binary");
    }

    /// Adds a migration of this revision that is a component and used as it is, `migrations/<revision>.wasm`.
    pub(crate) fn prebuilt(&self, revision: &str, revises: Option<&str>, mut component: Vec<u8>) {
        let revises = revises.map(|parent| format!("\"{parent}\"")).unwrap_or_default();
        let metadata = format!("revision = \"{revision}\"\nrevises = [{revises}]\nmessage = \"made elsewhere\"\n");
        let manifest = Manifest {
            format: MANIFEST_FORMAT,
            metadata: Metadata::from_toml(&metadata).expect("metadata"),
            source_digest: Digest::of(revision.as_bytes()),
            lock_digest: None,
            language: Language::Wasm,
            file: "elsewhere".to_owned(),
            runtime: None,
            runtime_digest: None,
            sections: None,
            packages: Vec::new(),
            built_with: "0.0.0".to_owned(),
        };
        add_manifest(&mut component, &manifest, None).expect("sections");
        std::fs::write(self.path("migrations").join(format!("{revision}.wasm")), component).expect("the component");
    }

    /// Runs `host` on the project and its database.
    #[must_use = "compare it with a snapshot, or ask for success()"]
    pub(crate) fn host(&self, arguments: &[&str]) -> Output {
        self.run(self.command(arguments))
    }

    /// Runs `host` with one more environment variable, or another value for one.
    #[must_use = "compare it with a snapshot, or ask for success()"]
    pub(crate) fn host_with(&self, variable: (&str, &str), arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.env(variable.0, variable.1);
        self.run(command)
    }

    /// `host` in a sealed environment: nothing of this process's surroundings reaches it but PATH and what building needs.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
        command.env_clear().current_dir(self.folder.path()).args(arguments);
        for variable in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(variable) {
                command.env(variable, value);
            }
        }
        guests::set_folders(&mut command);
        command.env("HOST_DATABASE_URL", self.database.url());
        command.env("HOST_CACHE_DIR", if self.shares_code { guests::shared_cache() } else { self.cache().to_owned() });
        command
    }

    #[must_use = "compare it with a snapshot, or ask for success()"]
    pub(crate) fn run(&self, mut command: Command) -> Output {
        let output = command.stdin(std::process::Stdio::null()).output().expect("host runs");
        Output::new(output, self.replacements())
    }

    pub(super) fn replacements(&self) -> Vec<(String, &'static str)> {
        vec![
            (self.folder.path().to_string_lossy().into_owned(), "[project]"),
            (self.cache.path().to_string_lossy().into_owned(), "[cache]"),
            (self.database.name().to_owned(), "[database]"),
            (self.database.socket_folder(), "[socket]"),
        ]
    }
}

/// The line `asks` of a migration's metadata, where it needs one.
fn asks(directions: &[&str]) -> String {
    let statements = directions.iter().flat_map(|sql| host::sql::split(sql).unwrap_or_default());
    let needed = statements.filter_map(|statement| host::sql::classify(statement.text).ok());
    let asks = needed.fold(Classes::usual(), |asks, needs| asks.union(needs.classes));
    if asks == Classes::usual() { String::new() } else { format!("-- asks = {}\n", asks.as_toml()) }
}
