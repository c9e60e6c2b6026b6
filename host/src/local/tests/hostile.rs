//! What a project, or another user of the machine, puts where a cluster belongs.

use std::io::Write as _;

use rustix::fs::Mode;

use super::*;
use crate::local::folder::claim;

const MARKER: &str = "CREATED_BY_HOST";

/// A folder with a file in it that must stay.
fn precious(folder: &TestFolder, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir(&path).unwrap();
    fs::write(path.join("precious"), "mine").unwrap();
    path
}

fn is_kept(path: &Path) -> bool {
    fs::read(path.join("precious")).is_ok_and(|text| text == b"mine")
}

/// What the folder of a project has where a cluster lay: a base folder with a marker and a data folder.
fn forged(cluster: &TestCluster<'_>) -> PathBuf {
    let base = cluster.site.inside();
    fs::create_dir_all(base.join("data/global")).unwrap();
    for file in [MARKER, "data/PG_VERSION", "data/global/pg_control"] {
        fs::write(base.join(file), "15\n").unwrap();
    }
    let account = Account::for_new_cluster().unwrap();
    for path in ["", "data"] {
        chown(base.join(path), Some(account.user), Some(account.group)).unwrap();
    }
    base
}

fn at_home<'a>(folder: &'a TestFolder, project: &str) -> TestCluster<'a> {
    let home = folder.path().join("home");
    fs::create_dir_all(&home).unwrap();
    let cluster = folder.cluster(project);
    let state_folder = cluster.site.state_folder.clone();
    drop(cluster);
    TestCluster { cluster: super::cluster(&state_folder, folder.path()).in_folder(home), _folder: folder }
}

#[test]
fn the_pointer_is_written_through_no_link() {
    let folder = TestFolder::new();
    let kept = precious(&folder, "kept");
    let cluster = at_home(&folder, "p");
    fs::create_dir_all(&cluster.site.state_folder).unwrap();
    symlink(kept.join("precious"), cluster.site.state_folder.join("postgres.new")).unwrap();
    let _lock = cluster.site.lock().unwrap();
    let place = cluster.site.prepare().unwrap();
    assert!(is_kept(&kept));
    assert_eq!(place.base.parent(), Some(folder.path().join("home").as_path()));
    assert!(fs::symlink_metadata(cluster.site.inside()).unwrap().is_file());
}

#[test]
fn a_forged_pointer_leads_nowhere() {
    let folder = TestFolder::new();
    let kept = precious(&folder, "kept");
    fs::write(kept.join(MARKER), "").unwrap();
    let account = Account::for_new_cluster().unwrap();
    chown(&kept, Some(account.user), Some(account.group)).unwrap();
    let cluster = at_home(&folder, "p");
    let other = at_home(&folder, "other");
    let others = {
        let _lock = other.site.lock().unwrap();
        other.site.prepare().unwrap().base
    };
    fs::create_dir_all(&cluster.site.state_folder).unwrap();
    for target in [
        kept.clone(),
        others.clone(),
        PathBuf::from("/"),
        PathBuf::from("/etc"),
        folder.path().join("home"),
        others.join("../../kept"),
        // From the current folder of the tests.
        PathBuf::from("src"),
    ] {
        fs::write(cluster.site.inside(), format!("folder: {}\n", target.display())).unwrap();
        for result in [
            cluster.ensure_running().map(drop),
            cluster.adopt().map(drop),
            cluster.stop().map(drop),
            cluster.destroy().map(drop),
        ] {
            assert!(matches!(result, Err(LocalError::WrongPointer { .. })), "{}: {result:?}", target.display());
        }
        assert!(is_kept(&kept) && others.join(MARKER).exists() && Path::new("/etc").exists(), "{}", target.display());
        fs::remove_file(cluster.site.inside()).unwrap();
    }
    // What leads to nothing is no cluster.
    fs::write(cluster.site.inside(), "folder: ../../kept\n").unwrap();
    assert!(!cluster.stop().unwrap() && !cluster.destroy().unwrap() && is_kept(&kept));
    assert!(!cluster.site.inside().exists());
    // Larger than any memory.
    let sparse = fs::File::create(cluster.site.inside()).unwrap();
    sparse.set_len(1 << 42).unwrap();
    assert!(matches!(cluster.destroy(), Err(LocalError::NotOurs { .. })));
    fs::remove_file(cluster.site.inside()).unwrap();
}

#[test]
fn files_of_a_forged_cluster_are_neither_waited_for_nor_followed() {
    let folder = TestFolder::new();
    let cluster = folder.cluster("p");
    let data = forged(&cluster).join("data");
    assert_eq!(cluster.status().unwrap(), Status::Stopped);
    for name in ["PG_VERSION", "postmaster.pid"] {
        let path = data.join(name);
        let _ = fs::remove_file(&path);
        let runs = || matches!(cluster.status(), Ok(Status::Running { .. })) || matches!(cluster.stop(), Ok(true));
        symlink("/dev/zero", &path).unwrap();
        assert!(!runs(), "{name}");
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR).unwrap();
        assert!(!runs(), "{name}");
        fs::remove_file(&path).unwrap();
        fs::write(&path, "15\n").unwrap();
    }
    assert!(cluster.destroy().unwrap());
    assert!(Path::new("/dev/zero").exists());
}

#[test]
fn a_socket_folder_that_leads_elsewhere_is_not_removed_with_its_cluster() {
    let folder = TestFolder::new();
    let other = folder.cluster("other");
    let others = {
        let _lock = other.site.lock().unwrap();
        other.site.prepare().unwrap().base
    };
    fs::write(others.join("precious"), "mine").unwrap();
    let cluster = folder.cluster("long/".repeat(20));
    {
        let _lock = cluster.site.lock().unwrap();
        cluster.site.prepare().unwrap();
    }
    let place = cluster.place();
    fs::remove_file(place.socket_folder.join(MARKER)).unwrap();
    fs::remove_dir(&place.socket_folder).unwrap();
    symlink(&others, &place.socket_folder).unwrap();
    assert!(cluster.destroy().unwrap());
    assert!(is_kept(&others) && others.join(MARKER).exists());
}

#[test]
fn what_is_behind_links_in_a_cluster_stays() {
    let folder = TestFolder::new();
    let kept = precious(&folder, "kept");
    let cluster = folder.cluster("p");
    let base = forged(&cluster);
    symlink(&kept, base.join("data/pg_wal")).unwrap();
    symlink(&kept, base.join("link")).unwrap();
    fs::hard_link(kept.join("precious"), base.join("hard")).unwrap();
    assert!(cluster.destroy().unwrap());
    assert!(is_kept(&kept) && !base.exists());
}

#[test]
fn root_works_for_no_ordinary_user() {
    if !may("give a cluster to another user") {
        return;
    }
    let folder = TestFolder::new();
    let cluster = at_home(&folder, "p");
    fs::create_dir_all(&cluster.site.state_folder).unwrap();
    let stranger = Account { name: "12345".to_owned(), user: 12_345, group: 12_345 };
    let theirs = paths::named(folder.path(), &cluster.site.state_folder, &stranger);
    claim(&theirs, &stranger).unwrap();
    paths::write_pointer(&cluster.site.inside(), &theirs).unwrap();
    for result in [
        cluster.ensure_running().map(drop),
        cluster.status().map(drop),
        cluster.stop().map(drop),
        cluster.destroy().map(drop),
    ] {
        assert!(matches!(result, Err(LocalError::ForeignFolder { owner: 12_345, .. })), "{result:?}");
    }
    assert!(theirs.join(MARKER).exists());
    fs::remove_file(cluster.site.inside()).unwrap();
}

/// A cluster that can be started but runs what somebody else wants.
#[test]
fn a_cluster_with_foreign_settings_or_links_is_not_adopted() {
    let folder = TestFolder::new();
    let old = folder.cluster("p");
    assert_eq!(old.ensure_running().unwrap(), Started::Created);
    old.query("CREATE TABLE kept ()");
    old.stop().unwrap();
    let base = old.place().base;
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    let new = TestCluster {
        cluster: super::cluster(&old.site.state_folder, folder.path()).in_folder(home.clone()),
        _folder: &folder,
    };
    let account = old.place().account;
    let ran = folder.path().join("ran");
    let settings = base.join("data/postgresql.auto.conf");
    let good = fs::read(&settings).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&settings).unwrap();
    writeln!(file, "archive_mode = on\narchive_command = 'touch {}'", ran.display()).unwrap();
    let error = new.adopt().unwrap_err();
    assert!(error.to_string().contains("line 4 of postgresql.auto.conf sets what host does not set"), "{error}");
    assert!(error.hint().unwrap().contains("could run programs as you"));
    fs::write(&settings, good).unwrap();

    let kept = precious(&folder, "kept");
    for path in ["data/pg_hba.conf", "SETUP", "data/pg_tblspc/1"] {
        let path = base.join(path);
        let before = fs::read(&path).ok();
        let _ = fs::remove_file(&path);
        symlink(kept.join("precious"), &path).unwrap();
        std::os::unix::fs::lchown(&path, Some(account.user), Some(account.group)).unwrap();
        let error = new.adopt().unwrap_err();
        assert!(error.to_string().contains("is neither a file nor a folder"), "{error}");
        fs::remove_file(&path).unwrap();
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
            chown(&path, Some(account.user), Some(account.group)).unwrap();
        }
    }
    assert!(is_kept(&kept) && base.exists() && fs::read_dir(&home).unwrap().next().is_none());

    // What it says about its own state does not count.
    fs::write(base.join("data/pg_hba.conf"), "local all all trust\n").unwrap();
    assert!(new.adopt().unwrap());
    assert_eq!(new.ensure_running().unwrap(), Started::Converted);
    let hba = fs::read_to_string(new.place().data().join("pg_hba.conf")).unwrap();
    assert!(hba.contains("reject"), "{hba}");
    assert_eq!(new.query("SELECT count(*) FROM kept"), "0");
    assert_eq!(new.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), "f");
    assert!(!ran.exists());
}
