use super::*;

fn read(ini: &str, pyproject: &str) -> Result<AlembicSettings, SettingsProblem> {
    let texts = SettingsTexts {
        ini: (!ini.is_empty()).then_some(("alembic.ini", ini)),
        pyproject: (!pyproject.is_empty()).then_some(("pyproject.toml", pyproject)),
    };
    AlembicSettings::read("alembic.ini", "alembic", texts)
}

fn path(path: &str) -> Location {
    Location::Path(path.to_owned())
}

#[test]
#[expect(clippy::unwrap_used, reason = "tests")]
fn an_ini_file_says_where_everything_is() {
    let settings = read(
        "[DEFAULT]\nversions = db\n[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = .:src\npath_separator = os\n\
         version_locations = %(here)s/%(versions)s/one:db/two\nrecursive_version_locations = true\n\
         file_template = %%(year)d_%%(rev)s_%%(slug)s\ntruncate_slug_length = 20\ntimezone = UTC\n\
         sqlalchemy.url = postgresql://user:secret@host/db\n[post_write_hooks]\n[formatter_generic]\nformat = %(levelname)-5.5s\n",
        "",
    )
    .unwrap();
    assert_eq!(settings.script_location, path("alembic"));
    assert_eq!(settings.version_locations, [path("db/one"), path("db/two")]);
    assert_eq!(settings.paths, ["", "src"]);
    assert!(settings.recursive && settings.has_url && !settings.sourceless);
    assert_eq!((settings.file_template.as_str(), settings.slug_characters), ("%(year)d_%(rev)s_%(slug)s", 20));
    assert_eq!(settings.timezone.as_deref(), Some("UTC"));
    let all = format!("{:?}", settings.sections);
    assert!(!all.contains("secret") && all.contains("(\"sqlalchemy.url\", \"postgresql+host://\")"), "{all}");
    assert!(all.contains("(\"format\", \"%(levelname)-5.5s\")"), "{all}");
}

#[test]
#[expect(clippy::unwrap_used, reason = "tests")]
fn lists_are_cut_as_alembic_cuts_them() {
    for (separator, list, expected) in [
        ("", "a, b c", vec![path("a"), path("b"), path("c")]),
        ("version_path_separator = os\n", "a:b c", vec![path("a"), path("b c")]),
        ("version_path_separator = ;\n", "a;b", vec![path("a"), path("b")]),
        ("path_separator = newline\n", "\n  a\n  b", vec![path("a"), path("b")]),
        ("path_separator = space\nversion_path_separator = os\n", "a b", vec![path("a"), path("b")]),
        (
            "",
            "app:migrations/versions",
            vec![Location::Package { package: "app".to_owned(), folder: "migrations/versions".to_owned() }],
        ),
    ] {
        let ini = format!("[alembic]\nscript_location = m\n{separator}version_locations = {list}\n");
        assert_eq!(read(&ini, "").unwrap().version_locations, expected, "{ini}");
    }
}

#[test]
#[expect(clippy::unwrap_used, reason = "tests")]
fn pyproject_has_what_the_ini_file_does_not_say() {
    let pyproject = "[tool.alembic]\nscript_location = \"%(here)s/db\"\nprepend_sys_path = [\".\", \"src\"]\n\
                     file_template = \"%%(rev)s\"\nrecursive_version_locations = true\nversion_locations = [\"%(here)s/a b\"]\n";
    let settings = read("[alembic]\nsqlalchemy.url = x://y\n", pyproject).unwrap();
    assert_eq!((settings.script_location, settings.file_template.as_str()), (path("db"), "%(rev)s"));
    assert_eq!(
        (settings.paths, settings.version_locations),
        (vec![String::new(), "src".to_owned()], vec![path("a b")])
    );
    assert!(settings.recursive);
    let settings = read("[alembic]\nscript_location = ini\n", pyproject).unwrap();
    assert_eq!(settings.script_location, path("ini"), "the ini file counts first");
    assert_eq!(read("", pyproject).unwrap().script_location, path("db"));
}

#[test]
#[expect(clippy::unwrap_used, reason = "tests")]
fn a_file_in_a_folder_is_where_its_paths_begin() {
    let text = "[alembic]\nscript_location = db\nversion_locations = %(here)s/db/v\nprepend_sys_path = .\n";
    let texts = SettingsTexts { ini: Some(("backend/alembic.ini", text)), pyproject: None };
    let settings = AlembicSettings::read("backend/alembic.ini", "alembic", texts).unwrap();
    assert_eq!(
        (settings.script_location, settings.version_locations),
        (path("backend/db"), vec![path("backend/db/v")])
    );
    assert_eq!(settings.paths, ["backend"]);
}

#[test]
fn what_is_wrong_has_its_place() {
    for (ini, pyproject, place, message) in [
        ("[alembic]\n", "", "alembic.ini", "there is no key 'script_location'"),
        ("[other]\n", "", "alembic.ini", "there is no section [alembic] with a 'script_location'"),
        (
            "[alembic]\nscript_location = /srv/app\n",
            "",
            "alembic.ini:2",
            "'/srv/app' leads out of the project's folder",
        ),
        ("[alembic]\nscript_location = ../x\n", "", "alembic.ini:2", "'../x' leads out of the project's folder"),
        ("[alembic]\nscript_location = %(x)s\n", "", "alembic.ini:2", "'script_location': '%(x)s' names no key"),
        ("nothing\n", "", "alembic.ini:1", "this line stands before the first section"),
        (
            "[alembic]\nscript_location = a\npath_separator = tab\nversion_locations = a\n",
            "",
            "alembic.ini:3",
            "'path_separator' is 'tab'",
        ),
        ("", "[tool.alembic]\nscript_location = 1.5\n", "pyproject.toml", "'script_location' is not a text"),
        ("", "[tool.alembic\n", "pyproject.toml", "it is no TOML"),
    ] {
        let problem = read(ini, pyproject).expect_err(ini);
        assert!(problem.place == place && problem.message.starts_with(message), "{problem:?}");
    }
}
