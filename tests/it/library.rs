//! The library without the command line, as a web application uses it when it starts.

use std::sync::Arc;

use host::Direction;
use host::Error;
use host::Event;
use host::Options;
use host::Project;
use host::RunError;
use host::Runner;
use host::Silent;
use host::cap_std::ambient_authority;
use host::cap_std::fs::Dir;
use host::digest::Digest;
use host::execute::Cause;
use host::language::Language;
use host::runtime::Compiler;
use host::runtime::Runtime;
use host::runtime::RuntimeRegistry;
use host::store::BuildTrust;
use host::store::EmbeddedMigrations;
use host::store::MANIFEST_FORMAT;
use host::store::Manifest;
use host::store::Metadata;
use host::store::add_manifest;
use host::toolchain;
use host::toolchain::BuildOptions;
use host::toolchain::ProcessEnvironment;
use host::worker::Limits;

use crate::harness::TestProject;
use crate::harness::guests;

const TABLES: &str = "SELECT coalesce(string_agg(tablename, ' ' ORDER BY tablename), '') FROM pg_tables WHERE tablename LIKE 'table\\__'";

/// A project of three migrations that no command has touched.
fn sources() -> TestProject {
    let files = TestProject::new();
    let mut parent = None;
    for id in ["a", "b", "c"] {
        files.sql(id, parent, &format!("CREATE TABLE table_{id} (id int)"), &format!("DROP TABLE table_{id}"));
        parent = Some(id);
    }
    files
}

fn open(files: &TestProject) -> Project {
    let folder = Dir::open_ambient_dir(files.path("."), ambient_authority()).expect("the project's folder");
    Project::open(folder, "default").expect("a project")
}

/// Believes what the command built.
fn open_trusting(files: &TestProject) -> Project {
    let folder = Dir::open_ambient_dir(files.path("."), ambient_authority()).expect("the project's folder");
    Project::open_with(folder, "default", BuildTrust { key: None, any: true }).expect("a project")
}

fn build(files: &TestProject, project: &Project) -> toolchain::Summary {
    let options = BuildOptions {
        project: &files.path("."),
        target: None,
        environment: &ProcessEnvironment::default(),
        force: false,
        worker: None,
        limits: Limits::default(),
        time_limits: host::grant::TimeLimits::default(),
        runtimes: &RuntimeRegistry::default().digests(),
        python: None,
        javascript: None,
        check_source: None,
    };
    toolchain::build(project.store().expect("a folder"), project.migrations(), options, &mut |_| {})
        .expect("components")
}

/// Two worker threads, so that a task that is spawned really moves between threads.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn assert_send<T: Send>(future: T) -> T {
    future
}

#[test]
fn an_application_upgrades_its_database_when_it_starts() {
    let files = sources();
    let built = build(&files, &open(&files));
    assert_eq!((built.built, built.fresh), (3, 0));
    let (project, url) = (open(&files), files.database.url());
    let started = async move {
        let database = project.connect(&url).await?;
        let mut runner = Runner::new(&project, database, Options::default());
        let plan = runner.plan(Direction::Upgrade, "head").await?;
        let mut told = Vec::new();
        let mut observer = |event: Event| match event {
            Event::Planned { steps, .. } => told.push(format!("{steps} steps")),
            Event::StepStarted { revision, message, .. } => told.push(format!("{revision}: {message}")),
            Event::StepDone { revision, statements, .. } => told.push(format!("{revision} done, {statements}")),
            _ => {}
        };
        let report = runner.run(Direction::Upgrade, "head", &mut observer).await?;
        let revisions: Vec<_> = report.plan.steps.iter().map(|step| step.revision.clone()).collect();
        assert_eq!(plan.steps.iter().map(|step| step.revision.clone()).collect::<Vec<_>>(), revisions);
        let again = runner.run(Direction::Upgrade, "head", &mut Silent).await?;
        assert!(again.plan.steps.is_empty());
        let applied = runner.applied().await?;
        runner.close().await;
        Ok::<_, Error>((told, applied.heads))
    };
    let (told, heads) = runtime()
        .block_on(async { tokio::spawn(assert_send(started)).await })
        .expect("the task ends")
        .expect("the upgrade succeeds");
    assert_eq!(
        told,
        ["3 steps", "a: migration a", "a done, 1", "b: migration b", "b done, 1", "c: migration c", "c done, 1"]
    );
    assert_eq!(heads.iter().map(ToString::to_string).collect::<Vec<_>>(), ["c"]);
    assert_eq!(files.database.query(TABLES), "table_a table_b table_c");
}

#[test]
fn a_step_that_fails_says_where_and_leaves_those_before_it() {
    let files = sources();
    files.sql("c", Some("b"), "CREATE TABLE table_c (id int);\nCREATE TABLE table_a (id int)", "DROP TABLE table_c");
    let project = open(&files);
    build(&files, &project);
    let error = runtime().block_on(async {
        let database = project.connect(&files.database.url()).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        runner.run(Direction::Upgrade, "head", &mut Silent).await.expect_err("the last step fails")
    });
    assert_eq!(error.to_string(), "migration c failed: relation \"table_a\" already exists (42P07)");
    let RunError::Step(step) = error else { panic!("{error}") };
    assert_eq!((step.steps_done, step.recorded), (2, true));
    let Cause::Statement { failure, .. } = step.cause else { panic!("{:?}", step.cause) };
    assert_eq!(failure.statement, "CREATE TABLE table_a (id int)");
    assert_eq!(files.database.query(TABLES), "table_a table_b");
}

#[test]
fn an_interrupt_stops_a_run_from_another_task() {
    let files = TestProject::new();
    files.sql("a", None, "CREATE TABLE table_a (id int)", "DROP TABLE table_a");
    files.sql("slow", Some("a"), "SELECT pg_sleep(600)", "SELECT 1");
    let project = open(&files);
    build(&files, &project);
    let url = files.database.url();
    let error = runtime().block_on(async {
        let database = project.connect(&url).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        let interrupt = runner.interrupt();
        let mut observer = move |event: Event| {
            if matches!(event, Event::StepStarted { revision, .. } if revision.as_str() == "slow") {
                interrupt.request();
            }
        };
        let error = runner.run(Direction::Upgrade, "head", &mut observer).await.expect_err("it is interrupted");
        assert_eq!(files.database.query("SELECT version_num FROM host_version"), "a");
        // The next run is another one.
        runner.run(Direction::Downgrade, "base", &mut Silent).await.expect("it runs to its end");
        error
    });
    assert_eq!(error.kind(), "interrupted");
    assert_eq!(files.database.query("SELECT count(*) FROM host_version"), "0");
}

#[test]
fn an_interrupt_of_a_stamp_is_not_meant_for_the_next_run() {
    let files = sources();
    let project = open(&files);
    build(&files, &project);
    runtime().block_on(async {
        let database = project.connect(&files.database.url()).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        // It comes too late for the stamp, which waits for nobody.
        runner.interrupt().request();
        runner.stamp(&["a"], false, &mut Silent).await.expect("it stamps");
        runner.run(Direction::Downgrade, "base", &mut Silent).await.expect_err("there is no table to drop");
        runner.stamp(&["base"], false, &mut Silent).await.expect("it stamps");
        runner.run(Direction::Upgrade, "a", &mut Silent).await.expect("it runs to its end");
    });
    assert_eq!(files.database.query(TABLES), "table_a");
}

#[test]
fn a_run_that_is_dropped_leaves_nothing_and_says_so() {
    let files = TestProject::new();
    files.sql("slow", None, "CREATE TABLE table_a (id int);\nSELECT pg_sleep(600)", "DROP TABLE table_a");
    let project = open(&files);
    build(&files, &project);
    let url = files.database.url();
    let error = runtime().block_on(async {
        let database = project.connect(&url).await.expect("a connection");
        let mut runner = Runner::new(&project, database, Options::default());
        let sleeping = tokio::sync::Notify::new();
        let mut observer = |event: Event| {
            if matches!(event, Event::StepStarted { .. }) {
                sleeping.notify_one();
            }
        };
        tokio::select! {
            _ = runner.run(Direction::Upgrade, "head", &mut observer) => panic!("it does not end"),
            () = async {
                sleeping.notified().await;
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            } => {}
        }
        runner.applied().await.expect_err("the connection is gone")
    });
    assert!(error.to_string().contains("a run that was dropped"), "{error}");
    assert_eq!(files.database.query(TABLES), "");
}

async fn upgrade_in(shared: &Arc<Runtime>, project: &Project, url: String) -> Result<usize, Error> {
    let database = project.connect(&url).await?;
    let options = Options { runtime: Some(Arc::clone(shared)), ..Options::default() };
    let mut runner = Runner::new(project, database, options);
    let result = runner.run(Direction::Upgrade, "head", &mut Silent).await;
    runner.close().await;
    Ok(result?.plan.steps.len())
}

#[test]
fn two_runs_share_a_sandbox_that_compiles_each_component_once() {
    let (one, other) = (TestProject::new(), TestProject::new());
    for files in [&one, &other] {
        files.binary("a", &guests::idle(1));
        files.host(&["build"]).success();
    }
    let (one_project, other_project) = (open_trusting(&one), open_trusting(&other));
    let limits = &one_project.environment().limits;
    let shared = Arc::new(host::execute::runtime(&Compiler::default(), limits).expect("a sandbox"));
    let run = |project, url| upgrade_in(&shared, project, url);
    let both = async { tokio::join!(run(&one_project, one.database.url()), run(&other_project, other.database.url())) };
    let (first, second) = runtime().block_on(both);
    assert_eq!((first.expect("it runs"), second.expect("it runs")), (1, 1));
    assert_eq!(shared.compiled(), 1);
    // A run with another stack would not be the run that its settings ask for.
    one.write("host.toml", "[default.limits]\nstack = \"512KiB\"\n");
    let project = open_trusting(&one);
    let nothing = runtime().block_on(run(&project, one.database.url()));
    assert_eq!(nothing.expect("there is nothing to do, so nothing is compared"), 0);
    one.database.query("DELETE FROM host_version");
    let error = runtime().block_on(run(&project, one.database.url())).expect_err("another stack");
    assert_eq!(
        error.to_string(),
        "cannot set up the sandbox: the shared one gives guests a stack of 1048576 bytes, host.toml one of 524288 bytes"
    );
}

#[test]
fn an_application_carries_its_migrations_with_it() {
    let files = sources();
    build(&files, &open(&files));
    let read = |id: &str| std::fs::read(files.path(&format!(".host/build/{id}.wasm"))).expect("a component");
    // In any order: what comes after what, they say themselves.
    let embedded = EmbeddedMigrations::new(["c", "a", "b"].map(|id| (id, read(id)))).expect("components");
    std::fs::remove_dir_all(files.path("migrations")).expect("a folder to remove");
    let project = Project::from_source("[default]", "default", embedded).expect("a project");
    let (started, url) = (&project, files.database.url());
    runtime().block_on(async {
        let database = started.connect(&url).await.expect("a connection");
        let mut runner = Runner::new(started, database, Options::default());
        let plan = runner.plan(Direction::Upgrade, "head").await.expect("a plan");
        assert!(plan.steps.iter().all(|step| step.component_digest.is_some()));
        let report = runner.apply(&plan, &mut Silent).await.expect("it runs");
        assert_eq!(report.plan.steps.len(), 3);
        let applied = runner.applied().await.expect("it can be read");
        assert!(project.changed(&applied).is_empty());
        runner.run(Direction::Downgrade, "a", &mut Silent).await.expect("it runs");
        runner.close().await;
    });
    assert_eq!(files.database.query(TABLES), "table_a");
    // From their sources they are the same migrations.
    for (id, parent) in [("a", None), ("b", Some("a")), ("c", Some("b"))] {
        files.sql(id, parent, &format!("CREATE TABLE table_{id} (id int)"), &format!("DROP TABLE table_{id}"));
    }
    files.host(&["upgrade", "head"]).success();
    let error = project.store().map(drop).expect_err("there is no folder");
    assert_eq!(error.to_string(), "the migrations of this project are not in a folder");
}

#[test]
fn what_is_included_has_to_be_a_migration() {
    let error = host::include_migrations!["../../host/src/runtime/script/sql.wasm"].expect_err("it is a runtime");
    assert_eq!(error.to_string(), "'../../host/src/runtime/script/sql.wasm' carries no metadata");
    let error = EmbeddedMigrations::new([("a", &b"text"[..])]).expect_err("it is a text");
    assert_eq!(error.to_string(), "'a' is not a component with a migration");
    let twice = b"\0asm\x0d\0\x01\0".to_vec();
    let manifest = |file: &str| Manifest {
        format: MANIFEST_FORMAT,
        metadata: Metadata::from_toml("revision = \"a\"").expect("metadata"),
        source_digest: Digest::of(b""),
        lock_digest: None,
        language: Language::Wasm,
        file: file.to_owned(),
        runtime: None,
        runtime_digest: None,
        sections: None,
        packages: Vec::new(),
        built_with: "0.0.0".to_owned(),
    };
    let twice = ["one", "two"].map(|name| {
        let mut bytes = twice.clone();
        add_manifest(&mut bytes, &manifest(name), None).expect("sections");
        (name, bytes)
    });
    let embedded = EmbeddedMigrations::new(twice).expect("components");
    let error = Project::from_source("[default]", "default", embedded).map(drop).expect_err("one id twice");
    assert_eq!(error.to_string(), "Revision a is present more than once: in one and in two");
}
