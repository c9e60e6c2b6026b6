//! The user that the server runs as, and which folders that user can reach.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use super::error::LocalError;

/// The users that a server is run as when host itself runs as root, best first.
const SERVICE_ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// A user of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// The name, or the number if the user has none.
    pub(super) name: String,
    /// The number of the user.
    pub(super) user: u32,
    /// The number of the user's first group.
    pub(super) group: u32,
}

impl Account {
    /// The user that host runs as.
    pub(super) fn current() -> Self {
        let user = rustix::process::geteuid().as_raw();
        let group = rustix::process::getegid().as_raw();
        Self::numbered(user, group)
    }

    /// The user that the server of a new cluster runs as: host's own, or an unprivileged one if host runs as root.
    pub(super) fn for_new_cluster() -> Result<Self, LocalError> {
        if !is_root() {
            return Ok(Self::current());
        }
        service_account(&read_accounts()).ok_or(LocalError::NoAccount)
    }

    /// Whether it is one that servers are run as when host runs as root.
    pub(super) fn is_for_services(&self) -> bool {
        self.user != 0 && SERVICE_ACCOUNTS.contains(&self.name.as_str())
    }

    /// The user with this number; the group counts only for a user that the machine has no entry for.
    pub(super) fn numbered(user: u32, group: u32) -> Self {
        read_accounts().into_iter().find(|account| account.user == user).unwrap_or_else(|| Self {
            name: user.to_string(),
            user,
            group,
        })
    }
}

/// Whether host runs as root, as which PostgreSQL refuses to run.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The first folder on the way to `path` that `account` may not enter, from the root on. Access control lists are not
/// looked at. What does not exist, or cannot be looked at, is no obstacle.
pub(super) fn obstacle(path: &Path, account: &Account) -> Option<PathBuf> {
    let mut folders: Vec<&Path> = path.ancestors().collect();
    folders.reverse();
    folders
        .into_iter()
        .find(|folder| fs::metadata(folder).is_ok_and(|it| !may_enter(account, it.uid(), it.gid(), it.mode())))
        .map(Path::to_path_buf)
}

/// Whether the permission bits let `account` enter a folder or execute a file. As POSIX has it, only the first class
/// that fits is asked: owner, then group, then others.
fn may_enter(account: &Account, owner: u32, group: u32, mode: u32) -> bool {
    let bit = if owner == account.user {
        0o100
    } else if group == account.group {
        0o010
    } else {
        0o001
    };
    mode & bit != 0
}

fn service_account(accounts: &[Account]) -> Option<Account> {
    SERVICE_ACCOUNTS
        .iter()
        .find_map(|name| accounts.iter().find(|account| account.name == *name && account.user != 0))
        .cloned()
}

fn read_accounts() -> Vec<Account> {
    let bytes = fs::read("/etc/passwd").unwrap_or_default();
    parse_accounts(&String::from_utf8_lossy(&bytes))
}

/// Reads `name:password:user:group:…` lines, passwd(5). Lines of another shape are passed over.
fn parse_accounts(passwd: &str) -> Vec<Account> {
    passwd
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
            let user = parse_number(fields.nth(1)?)?;
            let group = parse_number(fields.next()?)?;
            Some(Account { name: name.to_owned(), user, group })
        })
        .collect()
}

/// macOS writes the number of `nobody` as -2.
fn parse_number(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, user: u32, group: u32) -> Account {
        Account { name: name.to_owned(), user, group }
    }

    #[test]
    fn reads_passwd() {
        let passwd = "# comment:x:1:1\nroot:x:0:0:root:/root:/bin/sh\n\nbroken\n+::::\nnobody:*:-2:-2::/:\npostgres:x:101:104:a,b:/var:/bin/sh\n";
        let accounts = parse_accounts(passwd);
        assert_eq!(
            accounts,
            [account("root", 0, 0), account("nobody", u32::MAX - 1, u32::MAX - 1), account("postgres", 101, 104)]
        );
    }

    #[test]
    fn prefers_postgres_and_never_takes_root() {
        let [postgres, nobody, root] =
            [account("postgres", 101, 104), account("nobody", 65534, 65534), account("postgres", 0, 0)];
        for (accounts, expected) in [
            (vec![nobody.clone(), postgres.clone()], Some(postgres)),
            (vec![nobody.clone()], Some(nobody.clone())),
            (vec![root, nobody.clone()], Some(nobody)),
            (vec![account("me", 5, 5)], None),
        ] {
            assert_eq!(service_account(&accounts), expected);
        }
    }

    #[test]
    fn asks_only_the_class_that_fits() {
        let me = account("me", 5, 6);
        for (owner, group, mode, expected) in [
            (5, 0, 0o700, true),
            (5, 6, 0o077, false),
            (0, 6, 0o710, true),
            (0, 6, 0o701, false),
            (0, 0, 0o755, true),
            (0, 0, 0o750, false),
        ] {
            assert_eq!(may_enter(&me, owner, group, mode), expected, "{owner} {group} {mode:o}");
        }
    }
}
