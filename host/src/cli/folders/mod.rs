//! The folders of this user, in which host believes what it finds: one for its state and one for what can be made again.
//!
//! What lies there can have come with no project: the way to them is looked at, folder by folder, and what is machine code, or is
//! taken for host's own work, is bound to the very file or folder that host made.
//!
//! ```text
//! state   key, clusters/             HOST_STATE_DIR, XDG_STATE_HOME/host, ~/.local/state/host
//! cache   compiled code, target/,    HOST_CACHE_DIR, XDG_CACHE_HOME/host, ~/.cache/host
//!         runtimes/
//! ```

#![expect(clippy::disallowed_methods, reason = "the environment names folders that lie outside of any project")]

mod key;
mod mounts;
mod target;
mod walk;

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use cap_std::fs::Dir;
use cap_std::fs::Metadata;

pub(super) use self::key::key;
pub(super) use self::key::make_key;
pub(super) use self::target::target_folder;
use self::walk::Barrier;
use super::failure::with_causes;
use super::settings::variable_os;

/// The variable for both kinds where nothing more special is set.
const HOME_VARIABLE: &str = "HOME";

/// The permissions of a folder that is made (XDG Base Directory Specification).
const OWN_MODE: u32 = 0o700;

/// Those of the folder of the clusters: where host runs as root, the server of a cluster is another user, who has to pass.
const CLUSTERS_MODE: u32 = 0o711;

/// A kind of folder, with the variables that name it (XDG Base Directory Specification).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    own: &'static str,
    xdg: &'static str,
    default: &'static str,
}

/// What cannot be made again: the key, the development clusters.
pub(super) const STATE: Kind = Kind { own: "HOST_STATE_DIR", xdg: "XDG_STATE_HOME", default: ".local/state" };

/// What can be made again: compiled code, what cargo made.
pub(super) const CACHE: Kind = Kind { own: "HOST_CACHE_DIR", xdg: "XDG_CACHE_HOME", default: ".cache" };

/// Where a folder should be, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) variable: &'static str,
}

/// A folder that nobody else can have put anything into.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) dir: Dir,
    /// Absolute and without links.
    pub(super) path: PathBuf,
}

/// What to do where a folder is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is not there.
    Leave,
    /// It is made, and all that is missing on the way to it.
    Make,
}

/// Why there is no folder.
#[derive(Debug)]
pub(super) enum NoFolder {
    /// No variable says where it is.
    Nowhere { kind: &'static Kind },
    /// It cannot be made or opened.
    Unavailable { place: Place, reason: String },
    /// Somebody else may have put something there.
    Refused { place: Place, reason: String },
}

impl NoFolder {
    /// In a sentence.
    pub(super) fn reason(&self) -> String {
        let at = |place: &Place| format!("the folder {} (from {})", place.path.display(), place.variable);
        match self {
            Self::Nowhere { kind } => {
                format!("none of {}, {} and {HOME_VARIABLE} says where its folder is", kind.own, kind.xdg)
            }
            Self::Unavailable { place, reason } => format!("{} cannot be used: {reason}", at(place)),
            Self::Refused { place, reason } => format!("{} is not trusted: {reason}", at(place)),
        }
    }

    /// Whether everybody should know of it. One that is just not there is no surprise in a container.
    pub(super) fn is_surprise(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

impl Kind {
    /// Where the folder should be. `variable` gives the value of an environment variable that is set to something.
    fn place_from(&self, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Place> {
        let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        // Whoever names a folder means that one and no other, so a relative one is refused later and not passed over.
        if let Some(path) = variable(self.own) {
            return Some(Place { path: path.into(), variable: self.own });
        }
        // "If an implementation encounters a relative path … it should consider the path invalid and ignore it."
        if let Some(around) = absolute(self.xdg) {
            return Some(Place { path: around.join("host"), variable: self.xdg });
        }
        absolute(HOME_VARIABLE)
            .map(|home| Place { path: home.join(self.default).join("host"), variable: HOME_VARIABLE })
    }

    /// Where the folder should be, as the environment says.
    pub(super) fn place(&self) -> Option<Place> {
        self.place_from(&variable_os)
    }

    /// Opens the folder. `project` is the folder of the project, if there is one.
    pub(super) fn open(&'static self, project: Option<&Path>, missing: Missing) -> Result<Folder, NoFolder> {
        self.open_inside(&[], project, missing, OWN_MODE)
    }

    /// Opens a folder in it.
    fn open_inside(
        &'static self,
        names: &[&str],
        project: Option<&Path>,
        missing: Missing,
        mode: u32,
    ) -> Result<Folder, NoFolder> {
        let place = self.place().ok_or(NoFolder::Nowhere { kind: self })?;
        open_at(place, names, project, missing, mode)
    }
}

/// Opens a folder at a place.
fn open_at(
    place: Place,
    names: &[&str],
    project: Option<&Path>,
    missing: Missing,
    mode: u32,
) -> Result<Folder, NoFolder> {
    let mut path = place.path.clone();
    path.extend(names);
    walk::reach(&path, project, missing, mode).map_err(|barrier| match barrier {
        Barrier::Io(error) => NoFolder::Unavailable { place, reason: with_causes(&error) },
        Barrier::Trust(reason) => NoFolder::Refused { place, reason },
    })
}

/// The folder of the development clusters.
pub(super) fn clusters(project: &Path) -> Result<PathBuf, NoFolder> {
    STATE.open(Some(project), Missing::Make)?;
    Ok(STATE.open_inside(&["clusters"], Some(project), Missing::Make, CLUSTERS_MODE)?.path)
}

/// The folder of the language runtimes.
pub(super) fn runtimes(project: Option<&Path>, missing: Missing) -> Result<Folder, NoFolder> {
    CACHE.open_inside(&["runtimes"], project, missing, OWN_MODE)
}

/// The folder in which runtimes of Python are made.
pub(super) fn python(project: Option<&Path>, missing: Missing) -> Result<Folder, NoFolder> {
    CACHE.open_inside(&["python"], project, missing, OWN_MODE)
}

/// The folder in which packages of npm lie and are bundled.
pub(super) fn javascript(project: Option<&Path>, missing: Missing) -> Result<Folder, NoFolder> {
    CACHE.open_inside(&["javascript"], project, missing, OWN_MODE)
}

/// The folder of the language runtimes that were installed with this program: `runtimes` beside it, or `lib/host/runtimes` where it
/// is in a folder `bin`. Whoever can write there could change the program as well.
pub(super) fn installed_runtimes() -> Option<Folder> {
    let program = std::env::current_exe().ok()?;
    let beside = program.parent()?;
    let prefix = beside.file_name().filter(|name| *name == "bin").and(beside.parent());
    let places = [Some(beside.join("runtimes")), prefix.map(|prefix| prefix.join("lib/host/runtimes"))];
    places.into_iter().flatten().find_map(|place| walk::reach(&place, None, Missing::Leave, OWN_MODE).ok())
}

/// What tells a file or folder from every other one: its number, and when it was made. Nobody can choose them (inode(7),
/// statx(2)), so what was carried, restored or unpacked has others.
fn identity(metadata: &Metadata) -> String {
    use cap_std::fs::MetadataExt as _;
    let made = metadata.created().ok();
    let made = made.and_then(|made| made.into_std().duration_since(std::time::UNIX_EPOCH).ok());
    format!("{} {}", metadata.ino(), made.unwrap_or_default().as_nanos())
}

#[cfg(test)]
mod tests;
