#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests make folders of their own")]

use cap_std::ambient_authority;

use super::*;
use crate::config::Config;
use crate::grant::Class;
use crate::grant::Classes;
use crate::store::Store;

fn metadata(message: &str) -> Metadata {
    Metadata {
        revises: vec![RevisionId::new("1975ea83b712").unwrap()],
        message: message.to_owned(),
        created: Some("2026-11-22T09:05:00Z".to_owned()),
        ..Metadata::new(new_revision_id([0, 1, 0x7f, 0xff, 0xab, 0x20]))
    }
}

fn files(language: Language, metadata: &Metadata) -> Vec<NewFile> {
    let time = jiff::civil::date(2026, 11, 2).at(9, 5, 59, 0);
    new_migration(NewMigration { language, metadata, time, merges: false, migrations: "migrations" }).unwrap()
}

#[test]
fn slugs() {
    for (message, expected) in [
        ("create users", "create_users"),
        ("  Add: Größe/2 ", "add_grosse_2"),
        ("", "migration"),
        ("ограничение", "ogranichenie"),
        ("北京 table", "bei_jing_table"),
        ("naïve Ærøskøbing, Łódź", "naive_aeroskobing_lodz"),
        ("\u{200d}\u{e000}…", "migration"),
        ("../../etc", "etc"),
        ("1234567890 1234567890 1234567890 1234567890", "1234567890_1234567890_1234567890_1234567"),
        ("1234567890 1234567890 1234567890 123456 7890", "1234567890_1234567890_1234567890_123456"),
    ] {
        assert_eq!(slug(message), expected);
    }
}

#[test]
fn a_new_name_sorts_after_all_others() {
    let now = jiff::civil::date(2026, 11, 2).at(9, 5, 59, 0);
    let minute = |names: &[&str]| time_of_name(now, names.iter().copied()).strftime("%Y%m%d%H%M").to_string();
    assert_eq!(minute(&[]), "202611020905");
    assert_eq!(
        minute(&["202611020904_a.sql", "202611020903_b", "notes", "1_a.sql", "20261102090_x.sql"]),
        "202611020905"
    );
    assert_eq!(minute(&["202611020905_a.sql"]), "202611020906");
    // Many of one minute, in whatever order.
    assert_eq!(minute(&["202611020959_c.sql", "202611020905_a.sql", "202611020906_b"]), "202611021000");
    // No times: no such month, no end of the digits, a year that is far ahead.
    let odd =
        ["202613020905_a.sql", "2026110209059_a.sql", "202611020905.sql", "209901010000_a.sql", "größer202611_a.sql"];
    assert_eq!(minute(&odd), "202611020905");
}

#[test]
fn ids_have_twelve_digits() {
    assert_eq!(metadata("").revision.as_str(), "00017fffab20");
}

#[test]
fn a_migration_in_sql() {
    let files = files(Language::Sql, &metadata("create users"));
    let text = concat!(
        "-- /// migration\n",
        "-- revision = \"00017fffab20\"\n",
        "-- revises = [\"1975ea83b712\"]\n",
        "-- message = \"create users\"\n",
        "-- created = \"2026-11-22T09:05:00Z\"\n",
        "-- ///\n",
        "\n",
        "-- upgrade\n",
        "\n",
        "\n",
        "-- downgrade\n",
        "-- TODO: undo the upgrade; or replace both lines by '-- downgrade: nothing to do' or '-- downgrade: irreversible'\n",
        "\n",
    );
    assert_eq!(files, [NewFile { path: "202611020905_create_users.sql".to_owned(), text: text.to_owned() }]);
}

/// A new migration does not build before somebody has said what its downgrade does; one that only joins branches does.
#[test]
fn the_downgrade_of_a_new_migration_is_undecided() {
    let metadata = metadata("create users");
    let time = jiff::civil::date(2026, 11, 2).at(9, 5, 59, 0);
    let source = |language, merges| {
        let files =
            new_migration(NewMigration { language, metadata: &metadata, time, merges, migrations: "migrations" });
        let texts = files.unwrap().into_iter().map(|file| file.text);
        texts.filter(|text| text.contains("downgrade")).collect::<String>()
    };
    let (undecided, decided) = (source(Language::Sql, false), source(Language::Sql, true));
    let sections = crate::sql::sections(&undecided).unwrap();
    assert_eq!(sections.undecided(&undecided), Some(12));
    assert_eq!(crate::sql::check_whole_sql_file(&undecided), Ok(()));
    let sections = crate::sql::sections(&decided).unwrap();
    assert_eq!((sections.undecided(&decided), sections.said), (None, Some(crate::sql::Said::NothingToDo)));
    assert!(source(Language::Rust, false).contains("compile_error!"));
    assert!(!source(Language::Rust, true).contains("compile_error!"));
    for language in Language::ALL.into_iter().filter(|language| language.profile().template.is_some()) {
        for merges in [false, true] {
            assert!(!source(language, merges).contains("{{"), "{language}");
        }
    }
}

#[test]
fn what_is_new_is_found() {
    for language in Language::ALL.into_iter().filter(|language| language.profile().template.is_some()) {
        for message in ["create users", "", "{{sdk}} \"quoted\"\nand a second line\r\n-- ///", "*/ \u{7}"] {
            let folder = cap_tempfile::tempdir(ambient_authority()).unwrap();
            let store = Store::open(folder.try_clone().unwrap(), "migrations");
            let metadata = metadata(message);
            let file = store.create_migration(&files(language, &metadata)).unwrap();
            let found = store.scan().unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!((&found[0].metadata, &found[0].file, found[0].language), (&metadata, &file, language));
        }
    }
}

#[test]
fn a_migration_in_rust_finds_the_sdk() {
    let files = files(Language::Rust, &metadata(""));
    let cargo: toml::Table = files[1].text.parse().unwrap();
    assert_eq!(cargo["package"]["name"].as_str(), Some("m202611020905_migration"));
    assert_eq!(cargo["dependencies"]["host-guest"]["path"].as_str(), Some("../../.host/sdk/rust"));
    for (migrations, expected) in [(".", "../.host/sdk/rust"), ("db/migrations", "../../../.host/sdk/rust")] {
        assert_eq!(path_to_sdk(migrations, ".host/sdk/rust"), expected);
    }
}

#[test]
fn there_is_no_template_for_a_component() {
    let metadata = metadata("");
    let time = jiff::civil::date(2026, 11, 2).at(0, 0, 0, 0);
    let new =
        NewMigration { language: Language::Wasm, metadata: &metadata, time, merges: false, migrations: "migrations" };
    let error = new_migration(new).unwrap_err();
    assert_eq!(error.to_string(), "no template for migrations in wasm");
}

#[test]
fn what_is_put_into_a_template_is_not_searched_again() {
    let values = [("{{a}}", "{{b}}"), ("{{b}}", "{{a}}")];
    assert_eq!(fill("1{{a}}2{{b}}3{{c}}{{a", &values), "1{{b}}2{{a}}3{{c}}{{a");
}

#[test]
fn the_settings_of_a_new_project_can_be_read() {
    for set in GrantSet::ALL {
        let text = host_toml(set);
        let config = Config::parse(&text, "host.toml").unwrap();
        let environment = config.environment("default").unwrap();
        assert_eq!(environment.url.as_ref().unwrap().expand(&|_| None).unwrap(), "local:");
        assert_eq!(environment.grants, set.classes().with(Class::Query), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 125), "{text}");
        let not_granted = text.matches("(not granted)").count();
        assert_eq!(not_granted, Class::ALL.len() - environment.grants.iter().count(), "{text}");
    }
    assert_eq!(GrantSet::default().classes(), Classes::usual());
}
