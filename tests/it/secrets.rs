//! The password of a url is nowhere: not in what is printed, not in what the server or the log table gets, and not in
//! the surroundings of compilers.

use std::process::Command;

use crate::harness::PASSWORD;
use crate::harness::TestProject;

/// A password with everything that has to be written in another way in a url, JSON, or a shell.
const SECRET: &str = "Xq7/k\"9%h ü:se&c?r#e't";

/// Where a url can come from.
const PLACES: [&str; 5] = ["argument", "HOST_DATABASE_URL", "DATABASE_URL", "host.toml", "variable"];

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// What would betray the password: itself in each of its forms, and its parts that hold no special character.
fn betrayals() -> Vec<String> {
    let all = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let json = serde_json::to_string(SECRET).expect("JSON");
    vec![SECRET.to_owned(), encoded(SECRET), encoded(SECRET).to_lowercase(), all(SECRET), json, "Xq7".to_owned()]
}

/// Runs a command with a url from one of the places.
fn command(project: &TestProject, place: &str, url: &str, arguments: &[&str]) -> Command {
    let mut command = match place {
        "argument" => project.command(&[&["--url", url], arguments].concat()),
        _ => project.command(arguments),
    };
    command.env_remove("HOST_DATABASE_URL");
    // A dollar sign would be a variable.
    let in_settings = format!("[default]\nurl = {}\n", toml_text(&url.replace('$', "$$")));
    match place {
        "HOST_DATABASE_URL" | "DATABASE_URL" => drop(command.env(place, url)),
        "host.toml" => project.write("host.toml", &in_settings),
        "variable" => {
            project.write("host.toml", "[default]\nurl = \"${SHOP_URL}\"\n");
            command.env("SHOP_URL", url);
        }
        _ => {}
    }
    command
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn no_message_has_the_password_of_a_url() {
    let project = TestProject::with_three_tables();
    let secret = encoded(SECRET);
    let database = project.database.name();
    let socket = encoded(&project.database.socket_folder());
    let urls = [
        // Nobody answers, or refuses.
        format!("postgres://me:{secret}@127.0.0.1:1/shop"),
        format!("postgres://me:{secret}@db.invalid/shop"),
        format!("postgres://me:{secret}@localhost/shop?host=/nowhere"),
        format!("postgres://with_password:{secret}@localhost/{database}?host={socket}"),
        format!("postgres://with_password@localhost/{database}?host={socket}&password={secret}"),
        format!("postgres://nobody_of_that_name:{secret}@localhost/{database}?host={socket}"),
        format!("postgres://host:{secret}@localhost/no_such_database?host={socket}"),
        format!("postgres://host:{secret}@localhost/{database}?host={socket}&options=-c%20nonsense=1"),
        format!("postgres://me:{secret}@127.0.0.1:1/shop?sslmode=verify-full&sslrootcert=/nowhere"),
        // Not urls.
        format!("postgres://me:{secret}@h:port/shop"),
        format!("postgres://me:{secret}@[::1/shop"),
        format!("mysql://me:{secret}@db/shop"),
        format!("me:{secret}@db/shop"),
        format!("postgres://me@127.0.0.1:1/shop?sslmode={secret}"),
        format!("postgres://me@127.0.0.1:1/shop?port={secret}"),
        format!("postgres://me@127.0.0.1:1/shop?{secret}"),
        format!("postgres://me@127.0.0.1:1/shop?password={secret}&sslmode=nonsense"),
        // Written without percent signs.
        format!("postgres://me:{SECRET}@127.0.0.1:1/shop"),
        format!("postgres://me:{SECRET}@127.0.0.1:port/shop"),
        format!("host=127.0.0.1 port=1 user=me password={secret}"),
    ];
    for url in &urls {
        for place in PLACES {
            for arguments in [&["upgrade", "head"][..], &["--json", "current"]] {
                let output = project.run(command(&project, place, url, arguments)).with_code(1);
                assert_kept(&output, &format!("{url} by {place}"));
            }
        }
    }
}

#[test]
fn the_url_around_a_pooler_is_kept_as_well() {
    let project = TestProject::with_three_tables();
    for direct in [
        format!("postgres://me:{}@127.0.0.1:1/shop", encoded(SECRET)),
        format!("postgres://me:{SECRET}@h:port/shop"),
        format!("postgres://me@127.0.0.1:1/shop?sslmode={}", encoded(SECRET)),
    ] {
        for place in ["HOST_DIRECT_URL", "host.toml"] {
            for json in ["--json", "--verbose"] {
                let url = toml_text(&project.database.url());
                let mut settings = format!("[default]\nurl = {url}\n");
                let mut command = project.command(&[json, "upgrade", "head"]);
                command.env_remove("HOST_DATABASE_URL");
                if place == "host.toml" {
                    settings.push_str(&format!("direct-url = {}\n", toml_text(&direct.replace('$', "$$"))));
                } else {
                    command.env(place, &direct);
                }
                project.write("host.toml", &settings);
                assert_kept(&project.run(command).with_code(1), &format!("{direct} by {place}"));
            }
        }
    }
    // Quoted as an argument that it is not.
    let secret = "asecretofitsown";
    let mut command = project.command(&["show", &format!("x{secret}x")]);
    command.env("HOST_DIRECT_URL", format!("postgres://me:{secret}@db/shop"));
    let output = project.run(command).with_code(1);
    assert!(output.stderr.contains("'x***x'"), "{}", output.stable());
}

#[test]
fn no_command_shows_the_password() {
    let project = TestProject::with_three_tables();
    let url = project.database.url_for(&format!("with_password:{}", encoded(SECRET)));
    project.sql("d", Some("c"), "SELECT 1 / 0", "SELECT 1");
    for arguments in [
        &["-v", "history", "-i"][..],
        &["log"],
        &["log", "--json"],
        &["status"],
        &["validate", "--online"],
        &["repair", "--dry-run"],
        &["dump"],
        &["stamp", "a"],
        &["show", "current"],
        &["edit", "current"],
        &["downgrade", "base"],
        &["ensure-version"],
        &["upgrade", "head", "--dry-run", "--json"],
        &["upgrade", "head", "--build", "-v"],
    ] {
        for place in PLACES {
            let output = project.run(command(&project, place, &url, arguments)).with_code(1);
            assert_kept(&output, &format!("{arguments:?} by {place}"));
        }
    }
}

/// A url in the place of something else is quoted as an argument that makes no sense, without its password.
#[test]
fn a_url_in_the_wrong_place_is_shown_without_its_password() {
    let project = TestProject::with_three_tables();
    for url in [
        format!("postgres://me:{}@db/shop", encoded(SECRET)),
        format!("postgres://me:{SECRET}@db/shop"),
        format!("postgres://db/shop?password={}", encoded(SECRET)),
    ] {
        for arguments in [
            &["upgrade", &url][..],
            &["--json", "upgrade", &url],
            &["upgrade", "head", &url],
            &["--json", "upgrade", "head", &url],
            &[&url],
            &["--ulr", &url, "current"],
            &[&format!("--ulr={url}"), "current"],
            &["-e", &url, "current"],
            &["-C", &url, "current"],
            &["-x", &url, "-q", "show", "nothing"],
            &["show", &url],
            &["stamp", &url],
            &["inspect", &url],
            &["history", "-r", &url],
            &["revision", "--head", &url],
            &["revision", "--rev-id", &url],
            &["merge", &url],
            &["log", "--limit", &url],
        ] {
            let output = project.host(arguments);
            assert_ne!(output.code, 0, "{arguments:?}");
            assert_kept(&output, &format!("{arguments:?}"));
        }
    }
}

#[test]
fn the_server_sees_no_password() {
    let project = TestProject::with_three_tables();
    project.sql(
        "d",
        Some("c"),
        "CREATE TABLE sessions AS SELECT a::text AS session FROM pg_stat_activity a;\nSELECT 1 / 0",
        "SELECT 1",
    );
    project.host(&["build"]).success();
    project.database.admin(&format!("ALTER DATABASE {} OWNER TO with_password", project.database.name()));
    project.database.admin("GRANT ALL ON SCHEMA public TO with_password");
    let url = project.database.url_for(&format!("with_password:{}", encoded(PASSWORD)));
    let output = project.host(&["--url", &url, "upgrade", "head"]).with_code(1);
    project.sql(
        "d",
        Some("c"),
        "CREATE TABLE sessions AS SELECT a::text AS session FROM pg_stat_activity a",
        "SELECT 1",
    );
    project.host(&["build"]).success();
    project.host(&["--url", &url, "upgrade", "head"]).success();
    for sql in ["SELECT string_agg(h::text, ' ') FROM host_log h", "SELECT string_agg(session, ' ') FROM sessions"] {
        let text = project.database.admin(sql);
        assert!(text.contains("with_password"), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains(&encoded(PASSWORD)), "{text}");
    }
    assert!(!output.stable().contains(PASSWORD), "{}", output.stable());
}

/// A server quotes what it does not understand, and so does a program.
#[test]
fn a_password_that_somebody_quotes_is_masked() {
    let project = TestProject::new();
    let secret = "se'c\\r\"et/wörd";
    let statement = format!("DO $$ BEGIN RAISE 'quoted: {}'; END $$", "{}");
    for form in [
        secret.to_owned(),
        secret.replace('\'', "''"),
        secret.replace('\\', "\\\\"),
        secret.replace('\'', "\\'").replace('"', "\\\""),
        encoded(secret),
        encoded(secret).to_lowercase(),
        serde_json::Value::from(secret).to_string(),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ] {
        let quoted = form.replace('%', "%%").replace('\'', "''");
        project.sql("a", None, &statement.replace("{}", &quoted), "SELECT 1");
        project.host(&["build"]).success();
        for json in ["--json", "-v"] {
            let mut command = project.command(&[json, "upgrade", "head"]);
            command.env("HOST_DIRECT_URL", project.database.url());
            // The url for reading; nobody connects to it here.
            command.env("HOST_DATABASE_URL", format!("postgres://me:{}@127.0.0.1:1/shop", encoded(secret)));
            let output = project.run(command).with_code(1);
            let text = format!("{}{}", output.stdout, output.stderr);
            assert!(
                text.contains("quoted: ***") || text.contains("quoted: \\\"***") || text.contains("quoted: \"***"),
                "{form}: {text}"
            );
            assert!(!text.contains("wörd") && !text.to_lowercase().contains("w%c3%b6rd"), "{form}: {text}");
        }
    }
}

/// Build scripts of dependencies see the environment of the compiler.
#[test]
fn compilers_get_no_url_and_no_password() {
    let project = TestProject::new();
    project.write("migrations/a/migration.toml", "revision = \"a\"\n");
    project.write("migrations/a/Cargo.toml", "[package]\nname = \"a\"\n");
    let tools = tempfile::tempdir().expect("a temporary folder");
    let seen = tools.path().join("seen");
    for tool in ["cargo", "rustc"] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = tools.path().join(tool);
        std::fs::write(&path, format!("#!/bin/sh\n/usr/bin/env >> {}\nexit 1\n", seen.display())).expect("a program");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("rights to set");
    }
    project.write(
        "host.toml",
        "[default]\nurl = \"postgres://me:${SHOP_PASSWORD}@${SHOP_HOST:-db}/shop\"\ndirect-url = \"${SHOP_DIRECT}\"\n",
    );
    let mut command = project.command(&["build"]);
    for tool in ["cargo", "rustc"] {
        command.env(tool.to_uppercase(), tools.path().join(tool));
    }
    for variable in [
        "HOST_DATABASE_URL",
        "DATABASE_URL",
        "PGPASSWORD",
        "PGPASSFILE",
        "SHOP_PASSWORD",
        "SHOP_DIRECT",
        "HOST_DIRECT_URL",
    ] {
        command.env(variable, SECRET);
    }
    // Copies of it under other names, in whatever form.
    command.env("SHOP_COPY", SECRET).env("SHOP_DSN", format!("host=db password='{}'", SECRET.replace('\'', "''")));
    command.env("SHOP_LOWER", encoded(SECRET).to_lowercase().replace("xq7", "Xq7"));
    command.env("SHOP_JSON", serde_json::json!({ "password": SECRET }).to_string());
    command.env("SHOP_OTHER_URL", "postgres://you:Xq7other@elsewhere/shop");
    command.env("SHOP_COLOUR", "green").env("HTTPS_PROXY", "http://me:token@proxy:3128");
    let output = project.run(command).with_code(1);
    assert_kept(&output, "build");
    let seen = std::fs::read_to_string(&seen).unwrap_or_else(|error| panic!("{error}: {}", output.stable()));
    assert!(seen.contains("SHOP_COLOUR=green") && seen.contains("HTTPS_PROXY=http"), "{seen}");
    assert!(!seen.contains("Xq7"), "{seen}");
}

#[track_caller]
fn assert_kept(output: &crate::harness::Output, what: &str) {
    for text in [&output.stdout, &output.stderr] {
        for betrayal in betrayals() {
            assert!(!text.contains(&betrayal), "{what}: {betrayal} in {text}");
        }
    }
}
