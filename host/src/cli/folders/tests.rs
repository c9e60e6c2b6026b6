//! Which folder is taken, and which one is trusted.

#![expect(clippy::disallowed_methods, reason = "tests make folders")]

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;

use std::path::Path;

use super::*;

fn named(variables: &[(&str, &str)]) -> Option<(String, &'static str)> {
    let place = CACHE.place_from(&|name| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| OsString::from(value)).filter(|value| !value.is_empty())
    });
    place.map(|place| (place.path.to_string_lossy().into_owned(), place.variable))
}

#[test]
fn the_first_variable_that_makes_sense_says_where() {
    let (cache, xdg, home) = ("HOST_CACHE_DIR", "XDG_CACHE_HOME", "HOME");
    for (variables, path, variable) in [
        (&[(cache, "/c"), (xdg, "/x"), (home, "/h")][..], "/c", cache),
        (&[(xdg, "/x"), (home, "/h")], "/x/host", xdg),
        (&[(xdg, "x"), (home, "/h")], "/h/.cache/host", home),
        (&[(xdg, ""), (cache, ""), (home, "/h")], "/h/.cache/host", home),
        // Whoever names a folder means that one and no other.
        (&[(cache, "c"), (xdg, "/x")], "c", cache),
    ] {
        assert_eq!(named(variables), Some((path.to_owned(), variable)), "{variables:?}");
    }
    assert_eq!(named(&[(home, "h")]), None);
    assert_eq!(named(&[]), None);
}

struct Folders {
    root: tempfile::TempDir,
}

impl Folders {
    fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn make(&self, path: &str, mode: u32) -> PathBuf {
        let path = self.path(path);
        std::fs::create_dir_all(&path).expect("a folder");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        path
    }

    fn link(&self, path: &str, target: impl AsRef<Path>) {
        symlink(target, self.path(path)).expect("a link");
    }

    /// Why a folder is not trusted, or none if it is taken.
    fn refusal(&self, path: &str, project: Option<&str>) -> Option<String> {
        let project = project.map(|project| self.path(project));
        let place = Place { path: self.path(path), variable: "HOST_CACHE_DIR" };
        match open_at(place, &[], project.as_deref(), Missing::Make, OWN_MODE) {
            Ok(_) => None,
            Err(NoFolder::Refused { reason, .. }) => Some(reason.replace(&*self.root.path().to_string_lossy(), "…")),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_missing_is_made_for_this_user_alone() {
    let folders = Folders::new();
    assert_eq!(folders.refusal("home/.cache/host", None), None);
    for path in ["home", "home/.cache", "home/.cache/host"] {
        let mode = std::fs::metadata(folders.path(path)).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{path}");
    }
    assert_eq!(folders.refusal("home/.cache/host", None), None, "and is taken again");
}

#[test]
fn where_others_may_write_nothing_is_trusted() {
    let folders = Folders::new();
    for mode in [0o775, 0o757, 0o777] {
        folders.make("home", mode);
        let reason = format!("others may write in …/home (mode {mode:o})");
        assert_eq!(folders.refusal("home/.cache/host", None), Some(reason));
        assert!(!folders.path("home/.cache").exists(), "nothing is made there");
    }
    folders.make("home/.cache/host", 0o775);
    folders.make("home", 0o755);
    assert!(
        folders.refusal("home/.cache/host", None).is_some_and(|reason| reason.contains("/home/.cache/host (mode 775)"))
    );
    // As /tmp is: what is there already, others can neither take away nor replace.
    folders.make("temporary", 0o1777);
    folders.make("temporary/mine", 0o700);
    assert_eq!(folders.refusal("temporary/mine", None), None);
}

#[test]
fn a_folder_of_somebody_else_is_not_trusted() {
    let folders = Folders::new();
    let theirs = folders.make("theirs", 0o755);
    folders.make("theirs/mine", 0o700);
    // Only root can give a folder away.
    if std::os::unix::fs::chown(&theirs, Some(65_534), None).is_ok() {
        for path in ["theirs", "theirs/mine", "theirs/new"] {
            assert_eq!(folders.refusal(path, None), Some("…/theirs belongs to another user".to_owned()), "{path}");
        }
        folders.link("link", "/");
        std::os::unix::fs::lchown(folders.path("link"), Some(65_534), None).expect("a link");
        assert!(folders.refusal("link", None).is_some_and(|reason| reason.contains("link belongs to another user")));
    }
}

#[test]
fn no_way_leads_into_the_project() {
    let folders = Folders::new();
    folders.make("repository/project/.cache", 0o755);
    folders.make("home", 0o755);
    folders.link("home/.cache", "../repository/project/.cache");
    folders.link("straight", folders.path("repository/project"));
    folders.link("chained", "straight");
    folders.link("repository/project/back", "..");
    let inside = Some("it lies in the project's folder, so it could come with the project".to_owned());
    for path in [
        "repository/project",
        "repository/project/new",
        "repository/project/.cache/host",
        "home/.cache/host",
        "straight/.cache",
        "chained/new",
        "home/../repository/project/x",
        // It leads out again, but the link itself came with the project.
        "repository/project/back/elsewhere",
    ] {
        assert_eq!(folders.refusal(path, Some("repository/project")), inside, "{path}");
    }
    assert!(!folders.path("repository/project/new").exists(), "nothing is made there");
    // The other way round is fine, and so is a folder beside it.
    assert_eq!(folders.refusal("repository/beside", Some("repository/project")), None);
    folders.make("cache/project", 0o755);
    assert_eq!(folders.refusal("cache", Some("cache/project")), None);
}

#[test]
fn what_is_no_folder_cannot_be_used() {
    let folders = Folders::new();
    std::fs::write(folders.path("file"), "").expect("a file");
    folders.link("circle", "circle");
    for path in ["file", "file/below", "circle", "circle/below"] {
        let place = Place { path: folders.path(path), variable: "HOME" };
        assert!(
            matches!(open_at(place, &[], None, Missing::Make, OWN_MODE), Err(NoFolder::Unavailable { .. })),
            "{path}"
        );
    }
    let relative = Place { path: PathBuf::from("relative"), variable: "HOST_CACHE_DIR" };
    assert!(matches!(open_at(relative, &[], None, Missing::Make, OWN_MODE), Err(NoFolder::Refused { .. })));
}
