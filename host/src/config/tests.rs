#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::backfill::BackfillSection;
use super::file::LimitsSection;
use super::file::LocalSection;
use super::grants::GrantsSection;
use super::schema::SchemaSection;
use super::*;
use crate::grant::Class;
use crate::grant::Classes;

fn environment(text: &str, name: &str) -> Environment {
    Config::parse(text, "host.toml").unwrap().environment(name).unwrap().clone()
}

/// A file of the development database is not written because another one was migrated.
#[test]
fn the_schema_file_is_that_of_its_section() {
    let dump = |name| {
        environment("[default]\ndump = \"schema.sql\"\n[prod]\n[other]\ndump = \"\"\n[own]\ndump = \"x\"", name).dump
    };
    assert_eq!(dump("default").as_deref(), Some("schema.sql"));
    assert_eq!((dump("prod"), dump("other"), dump("own").as_deref()), (None, None, Some("x")));
}

#[test]
fn the_reference_names_every_key_and_its_default() {
    let text = include_str!("reference.toml");
    assert_eq!(environment(text, "default"), environment("", "default"));

    let File { dotenv, python, javascript, alembic, mut sections } = toml::from_str(text).unwrap();
    assert_eq!(alembic, None, "it is a project of Alembic only where the section is there");
    assert_eq!(dotenv, Some(false));
    assert!(python.requirements.is_empty() && javascript.dependencies.is_empty());
    // A new key does not compile here until it is taken apart, and fails until the reference has it.
    let Section {
        url: _,
        direct_url: _,
        protect,
        downgrade,
        role: _,
        require_restricted_role,
        migrations,
        dump: _,
        version_table,
        log_table,
        journal_table,
        rejected_table,
        local,
        schema,
        grants,
        limits,
        backfill,
    } = sections.remove("default").unwrap();
    assert!(protect.is_some() && downgrade.is_some() && require_restricted_role.is_some());
    assert!(migrations.is_some() && version_table.is_some() && log_table.is_some() && journal_table.is_some());
    assert!(rejected_table.is_some());
    let LocalSection { extensions } = local;
    assert_eq!(extensions.as_deref(), Some(&[][..]));
    let SchemaSection { models, exclude, shadow_url } = schema;
    assert_eq!((models, exclude.as_deref(), shadow_url), (None, Some(&[][..]), None));
    assert!(["# files = ", "# url = ", "# command = ", "# shadow-url = "].iter().all(|key| text.contains(key)));
    let GrantsSection { data, schema, function, extension, privilege, role, session, foreign } = grants;
    let written = [data, schema, function, extension, privilege, role, session, foreign];
    assert!(written.iter().all(Option::is_some));
    let classes = Class::ALL.iter().filter(|class| **class != Class::Query).map(|class| format!("\n{class} = "));
    assert!(classes.map(|key| text.contains(&key)).eq(written.map(|key| key.is_some())), "a class without a key");
    let LimitsSection {
        guest_time,
        migration_time,
        memory,
        stack,
        statements,
        open_handles,
        call_size,
        result_rows,
        result_size,
        log_lines,
        log_size,
        component_size,
        compile_time,
        compile_memory,
        lock_timeout,
        statement_timeout,
        wait,
        lock_retries,
        termination_grace,
        silence,
    } = limits;
    assert!(guest_time.is_some() && migration_time.is_some() && memory.is_some() && stack.is_some());
    assert!(statements.is_some() && open_handles.is_some() && call_size.is_some());
    assert!(log_lines.is_some() && log_size.is_some() && result_rows.is_some() && result_size.is_some());
    assert!(component_size.is_some() && compile_time.is_some() && compile_memory.is_some());
    assert!(lock_timeout.is_some() && statement_timeout.is_some() && wait.is_some() && lock_retries.is_some());
    assert!(termination_grace.is_some() && silence.is_some());
    let BackfillSection {
        rows_per_second,
        active_sessions,
        replication_lag,
        hours,
        lease,
        on_row_error,
        rejected_rows,
    } = backfill;
    assert!(rows_per_second.is_some() && active_sessions.is_some() && replication_lag.is_some());
    assert!(hours.is_some() && lease.is_some() && on_row_error.is_some() && rejected_rows.is_some());
    for key in ["url", "direct-url", "role"] {
        assert!(text.contains(&format!("\n# {key} = ")), "{key}");
    }
}

#[test]
fn environments_inherit_key_by_key() {
    let text = r#"
        [default]
        url = "postgres://${PASSWORD}@db/"
        version-table = "audit.versions"
        [default.limits]
        guest-time = "5s"
        result-rows = 10
        [default.grants]
        function = true
        role = true
        [prod]
        grants.role = false
        grants.data = false
        migrations = "db"
        limits.result-rows = 20
    "#;
    let prod = environment(text, "prod");
    assert_eq!(prod.name, "prod");
    assert_eq!(prod.migrations, "db");
    assert_eq!(prod.version_table.to_string(), "audit.versions");
    assert_eq!(prod.log_table.to_string(), "host_log");
    assert_eq!((prod.limits.guest_time, prod.limits.result_rows), (Duration::from_secs(5), 20));
    assert_eq!(environment(text, "default").limits.result_rows, 10);
    assert_eq!(environment(text, "default").grants, Classes::usual().with(Class::Function).with(Class::Role));
    assert_eq!(prod.grants, [Class::Query, Class::Schema, Class::Function].into_iter().collect());
    assert_eq!(environment("", "default").grants, Classes::usual());

    // A list is all of it; a table in another section changes it key by key.
    let text = "[default]\ngrants = ['schema', 'role']\n[prod.grants]\nrole = false\ndata = true\n[test]\ngrants = []";
    let granted = |name: &str| environment(text, name).grants.as_toml();
    assert_eq!(
        (granted("default"), granted("prod")),
        (r#"["schema", "role"]"#.to_owned(), r#"["data", "schema"]"#.to_owned())
    );
    assert_eq!(granted("test"), "[]");

    let url = prod.url.unwrap();
    assert!(!format!("{url:?}").contains("postgres"));
    assert_eq!(url.expand(&|_| Some("x".to_owned())).unwrap(), "postgres://x@db/");
    let error = url.expand(&|_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "'default.url' in host.toml needs the environment variable PASSWORD, which is not set or empty"
    );
    assert_eq!(error.hint().unwrap(), "set PASSWORD, or give a value for its absence: ${PASSWORD:-value}");
}

#[test]
fn a_direct_url_belongs_to_the_url_beside_it() {
    let text = "[default]\nurl = 'a'\ndirect-url = 'b'\nrole = 'owner'\n[same]\n[other]\nurl = 'c'\nrole = ''\n\
                [own]\nurl = 'd'\ndirect-url = 'e'\nrequire-restricted-role = true";
    let direct = |name: &str| environment(text, name).direct_url.map(|url| url.expand(&|_| None).unwrap());
    assert_eq!((direct("default"), direct("same")), (Some("b".to_owned()), Some("b".to_owned())));
    assert_eq!((direct("other"), direct("own")), (None, Some("e".to_owned())));
    assert_eq!(environment(text, "same").role.as_deref(), Some("owner"));
    assert_eq!(environment(text, "other").role, None);
    assert!(environment(text, "own").require_restricted_role && !environment(text, "same").require_restricted_role);
}

#[test]
fn what_is_protected() {
    let text = "[default]\n[prod]\n[Production-EU]\n[product-tests]\nprotect = false\n[staging]\nprotect = true\n\
                downgrade = 'never'\n[local]";
    let protected = |text: &str, name: &str| environment(text, name).protect;
    for (name, expected) in [
        ("default", false),
        ("prod", true),
        ("Production-EU", true),
        ("product-tests", false),
        ("staging", true),
        ("local", false),
    ] {
        assert_eq!(protected(text, name), expected, "{name}");
    }
    assert_eq!(environment(text, "staging").downgrade, Downgrade::Never);
    assert_eq!(environment(text, "prod").downgrade, Downgrade::Allow);
    let all = "[default]\nprotect = true\ndowngrade = 'never'\n[test]\n[own]\nprotect = false\ndowngrade = 'allow'";
    assert!(protected(all, "default") && protected(all, "test") && !protected(all, "own"));
    assert_eq!(environment(all, "test").downgrade, Downgrade::Never);
    assert_eq!(environment(all, "own").downgrade, Downgrade::Allow);
    // [default] speaks of itself there.
    assert!(protected("[default]\nprotect = false\n[prod]", "prod"));
}

#[test]
fn a_section_with_a_url_names_a_database() {
    let text = "[default]\nurl = 'a'\n[same]\n[other]\nurl = 'c'";
    let names = |name: &str| environment(text, name).names_a_database();
    assert!(names("default") && names("other") && !names("same"));
    assert_eq!(environment(text, "same").url.unwrap().section(), "default");
}

#[test]
fn a_file_with_variables_is_asked_for() {
    for (text, expected) in [("", false), ("dotenv = true", true), ("dotenv = false\n[default]", false)] {
        assert_eq!(Config::parse(text, "host.toml").unwrap().dotenv(), expected, "{text}");
    }
}

#[test]
fn packages_are_no_environment() {
    let text = "[python]\nrequirements = [\"six==1.17.0\"]\n[javascript]\ndependencies = [\"slugify@1.6.6\"]\n[dev]";
    let config = Config::parse(text, "host.toml").unwrap();
    assert_eq!(config.python_requirements(), ["six==1.17.0"]);
    assert_eq!(config.javascript_dependencies(), ["slugify@1.6.6"]);
    assert!(config.environments().all(|environment| !["python", "javascript"].contains(&environment.name.as_str())));
    config.environment("python").unwrap_err();
    config.environment("javascript").unwrap_err();
}

#[test]
fn a_broken_reference_does_not_show_the_url() {
    let url = environment("[default]\nurl = 'postgres://me:secret${@db'", "default").url.unwrap();
    let error = url.expand(&|_| None).unwrap_err();
    assert_eq!(error.to_string(), "'default.url' in host.toml has a '${' without a variable's name and '}' after it");
}

#[test]
fn an_unknown_environment_lists_those_there_are() {
    let config = Config::parse("[prod]\n[test]", "host.toml").unwrap();
    assert_eq!(config.names().collect::<Vec<_>>(), ["default", "prod", "test"]);
    let error = config.environment("staging").unwrap_err();
    assert_eq!(error.to_string(), "host.toml has no environment 'staging', only: default, prod, test");
    assert!(error.hint().unwrap().contains("[staging]"));
}

#[test]
fn errors_name_line_key_and_what_is_known() {
    for (text, expected) in [
        (
            "[default]\n\nurll = 'x'\n",
            "host.toml:3: 'default.urll': unknown field `urll`, expected one of `url`, `direct-url`, `protect`, `downgrade`, `role`, \
             `require-restricted-role`, `migrations`, `dump`, `version-table`, `log-table`, \
             `journal-table`, `rejected-table`, `local`, `schema`, `grants`, `limits`, `backfill`",
        ),
        (
            "[prod.limits]\nheap = 5",
            "host.toml:2: 'prod.limits.heap': unknown field `heap`, expected one of `guest-time`, `migration-time`, \
             `memory`, `stack`, `statements`, `open-handles`, `call-size`, `result-rows`, `result-size`, `log-lines`, \
             `log-size`, `component-size`, `compile-time`, `compile-memory`, `lock-timeout`, `statement-timeout`, `wait`, \
             `lock-retries`, `termination-grace`, `silence`",
        ),
        ("[prod.limits]\nmemory-mebibytes = 5", "host.toml:2: 'prod.limits.memory-mebibytes': the key was renamed"),
        (
            "[default.grants]\nnetwork = true",
            "host.toml:2: 'default.grants.network': unknown field `network`, expected one of `data`, `schema`, `function`, \
             `extension`, `privilege`, `role`, `session`, `foreign`",
        ),
        (
            "[default]\ngrants = ['data', 'functions']",
            "host.toml:2: 'default.grants': unknown class `functions`, expected one of `query`, `data`, `schema`, `function`, \
             `extension`, `privilege`, `role`, `session`, `foreign`",
        ),
        (
            "[default]\ngrants = true",
            "host.toml:2: 'default.grants': invalid type: boolean `true`, expected a list of classes, or a table",
        ),
        (
            "[default.grants]\nfunction = 'yes'",
            "host.toml:2: 'default.grants.function': invalid type: string, expected a boolean",
        ),
        (
            "[default]\nlimits = { memory = 0 }",
            "host.toml:2: 'default.limits.memory': invalid value: 0 bytes, expected a size from 1 MiB to 4 GiB",
        ),
        (
            "[default]\n[default.limits]\nlock-timeout = -1",
            "host.toml:3: 'default.limits.lock-timeout': invalid value: integer `-1`, expected a time from 0 ms to \
             2147483647 ms",
        ),
        (
            "[default.limits]\nguest-time = 'postgres://me:secret@db/'",
            "host.toml:2: 'default.limits.guest-time': invalid value: string, expected a time from 1 ms to 87600 h",
        ),
        (
            "[default.limits]\nresult-rows = '7'",
            "host.toml:2: 'default.limits.result-rows': invalid type: string, expected a whole number from 1 to \
             4294967295",
        ),
        ("[python]\nurl = 'local:'", "host.toml:2: 'python.url': unknown field `url`, expected `requirements`"),
        (
            "[javascript]\npackages = []",
            "host.toml:2: 'javascript.packages': unknown field `packages`, expected `dependencies`",
        ),
        (
            "[python]\nrequirements = 'six'",
            "host.toml:2: 'python.requirements': invalid type: string, expected a sequence",
        ),
        ("dotenv = 'yes'", "host.toml:1: 'dotenv': invalid type: string, expected a boolean"),
        (
            "[default]\ndowngrade = 'no'",
            "host.toml:2: 'default.downgrade': unknown variant `no`, expected `allow` or `never`",
        ),
        (
            "url = 'local:'",
            "host.toml:1: 'url': invalid type: string, expected a section such as [default] around this key",
        ),
        (
            "[default]\nversion-table = 'a.b.c'",
            "host.toml:2: 'default.version-table': 'a.b.c' is not a table's name: expected `table` or `schema.table`, \
             each of 1 to 63 bytes",
        ),
        ("[default]\nurl = 'a'\nurl = 'b'", "host.toml:3: duplicate key"),
        ("[default]\nurl = \n", "host.toml:2: string values must be quoted, expected literal string"),
    ] {
        let error = Config::parse(text, "host.toml").unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn times_and_sizes_have_units() {
    let limits =
        environment("[default.limits]\nlock-timeout = 0\nwait = '5m'\nmemory = '1GiB'\nlog-size = '1KiB'", "default")
            .limits;
    assert_eq!((limits.lock_timeout, limits.wait), (Duration::ZERO, Duration::from_secs(300)));
    assert_eq!((limits.memory, limits.log_size), (1 << 30, 1 << 10));
    for (line, hint) in [
        ("wait = 10", "write \"10s\" or \"10ms\""),
        ("wait = '10'", "write \"10s\" or \"10ms\""),
        ("memory = 512", "write \"512MiB\" or \"512KiB\""),
        ("memory = 'much'", "write a number with a unit, such as \"10MiB\" or \"10KiB\""),
        ("memory = '8GiB'", "correct this line"),
        ("runner-lock-seconds = 60", "write wait = \"1min\""),
        ("memory-mebibytes = 512", "write memory = \"512MiB\""),
    ] {
        let error = Config::parse(&format!("[default.limits]\n{line}"), "host.toml").unwrap_err();
        assert_eq!(error.hint().as_deref(), Some(hint), "{line}");
    }
}

#[test]
fn table_names() {
    for (text, expected) in [
        ("t", Some((None, "t"))),
        ("s.t", Some((Some("s"), "t"))),
        ("größe", Some((None, "größe"))),
        ("", None),
        (".t", None),
        ("s.", None),
        ("a b", None),
        ("a\"b", None),
        (&"x".repeat(64), None),
    ] {
        let name = TableName::new(text).ok();
        let parts = name.as_ref().map(|name| (name.schema.as_deref(), name.name.as_str()));
        assert_eq!(parts, expected, "{text}");
    }
}

#[test]
fn the_variables_of_all_urls_are_known() {
    let text = "[default]\nurl = \"postgres://${USER:-me}:${PASSWORD}@db/$${NOT}\"\n[live]\nurl = \"${LIVE_URL}\"\ndirect-url = \"${LIVE_DIRECT}\"\n[bad]\nurl = \"${\"\n";
    let variables = Config::parse(text, "host.toml").unwrap().url_variables();
    assert_eq!(
        variables.iter().map(String::as_str).collect::<Vec<_>>(),
        ["LIVE_DIRECT", "LIVE_URL", "PASSWORD", "USER"]
    );
}

#[test]
fn a_project_of_alembic_has_a_section() {
    let alembic = |text: &str| Config::parse(text, "host.toml").map(|config| config.alembic().cloned());
    let usual = AlembicProject {
        config: "alembic.ini".to_owned(),
        section: "alembic".to_owned(),
        include: Vec::new(),
        env: true,
    };
    assert_eq!(alembic("[alembic]\n").unwrap(), Some(usual.clone()));
    let text = "[alembic]\nconfig = 'pyproject.toml'\nsection = 'x'\ninclude = ['app']\nenv = false\n";
    let other = AlembicProject {
        config: "pyproject.toml".to_owned(),
        section: "x".to_owned(),
        include: vec!["app".to_owned()],
        env: false,
    };
    assert_eq!(alembic(text).unwrap(), Some(other));
    assert_eq!(alembic("").unwrap(), None);
    // The reference has its keys as comments.
    let reference: String = include_str!("reference.toml")
        .lines()
        .filter_map(|line| Some(format!("{}\n", line.strip_prefix("# ")?)))
        .collect();
    let keys = reference.split_once("[alembic]\n").unwrap().1.lines().filter(|line| line.contains(" = "));
    let section = keys.take(4).collect::<Vec<_>>().join("\n");
    assert_eq!(
        alembic(&format!("[alembic]\n{section}")).unwrap(),
        Some(AlembicProject { include: vec!["app".to_owned()], ..usual })
    );
}

#[test]
fn the_schema_comes_from_one_place() {
    let schema = |text: &str, name: &str| environment(text, name).schema;
    let text = "[default.schema]\nfiles = [\"a.sql\"]\nexclude = [\"audit.*\"]\n[dev.schema]\ncommand = [\"models\"]\n[prod]\n";
    assert_eq!(schema(text, "default").models, Some(ModelsSetting::Files(vec!["a.sql".to_owned()])));
    assert_eq!(schema(text, "dev").models, Some(ModelsSetting::Command(vec!["models".to_owned()])));
    assert_eq!(schema(text, "prod"), schema(text, "default"));
    assert_eq!(schema(text, "dev").exclude, ["audit.*"]);
    for (text, expected) in [
        ("files = [\"a\"]\nurl = \"b\"", "one of `files`, `url` and `command`"),
        ("command = []", "`command` names no program"),
        ("files = []", "`files` names no file"),
        ("file = [\"a\"]", "unknown field `file`"),
    ] {
        let error = Config::parse(&format!("[default.schema]\n{text}\n"), "host.toml").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_url_of_the_schema_may_name_variables() {
    let text = "[default.schema]\nurl = \"${MODELS}\"\nshadow-url = \"${SHADOW}\"\n";
    let config = Config::parse(text, "host.toml").unwrap();
    assert_eq!(config.url_variables().into_iter().collect::<Vec<_>>(), ["MODELS", "SHADOW"]);
    let Some(ModelsSetting::Url(url)) = &config.environment("default").unwrap().schema.models else { panic!("a url") };
    assert_eq!(url.place(), "'default.schema.url' in host.toml");
}

#[test]
fn a_backfill_has_limits() {
    let text = "[default.backfill]\nrows-per-second = 5000\nactive-sessions = 20\nreplication-lag = \"10s\"\nhours = \"22:00-06:00\"\n\
                [prod.backfill]\nactive-sessions = 0\nhours = \"\"";
    let default = environment(text, "default").backfill;
    assert_eq!((default.rows_per_second, default.active_sessions), (5_000, 20));
    assert_eq!(default.replication_lag, Duration::from_secs(10));
    assert_eq!(default.hours, Hours::read("22:00-06:00"));
    let prod = environment(text, "prod").backfill;
    assert_eq!((prod.rows_per_second, prod.active_sessions, prod.hours), (5_000, 0, None));
    for (line, expected) in [
        (
            "rows-per-second = -1",
            "2: 'default.backfill.rows-per-second': invalid value: integer `-1`, expected a whole number from 0",
        ),
        (
            "replication-lag = 10",
            "2: 'default.backfill.replication-lag': invalid value: `10` without a unit, expected a time from",
        ),
        (
            "hours = \"22-6\"",
            "2: 'default.backfill.hours': invalid value: string, expected hours such as \"22:00-06:00\" or",
        ),
        ("lag = \"1s\"", "2: 'default.backfill.lag': unknown field `lag`, expected one of"),
    ] {
        let error = Config::parse(&format!("[default.backfill]\n{line}\n"), "host.toml").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
