//! Seals: how host knows again what it wrote itself.
//!
//! What lies in the project's folder may have come with it, from a repository, an archive or an image. So what saves
//! work there, and would be believed, carries a seal made with a key that lies elsewhere, in a folder of the user.

use std::fmt;

use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;

use crate::digest::Digest;
use crate::revision::RevisionId;

/// The key of one user, with which the things that this user's host made are sealed (HMAC-SHA-256).
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; Self::BYTES]);

/// Which components host believes to be made of the sources beside them, where it cannot see that by comparing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildTrust {
    /// The key of this user: what it sealed was built here. None where there is no folder for it.
    pub key: Option<Key>,
    /// Whether the operator vouches for all components, wherever they were built.
    pub any: bool,
}

/// The name of what is sealed, so that the seal of one thing is never that of another.
#[derive(Clone, Copy)]
pub(super) enum Sealed {
    Component,
    Index,
}

impl Key {
    /// How long a key is.
    pub const BYTES: usize = 32;

    /// A key from random bytes.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// A key for something else that depends on this one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self(self.mac(&[b"key", purpose.as_bytes()]).finalize().into_bytes().into())
    }

    /// The seal under some parts: 64 hexadecimal digits.
    pub(super) fn seal(&self, what: Sealed, parts: &[&[u8]]) -> String {
        Digest::from_bytes(self.mac_of(what, parts).finalize().into_bytes().into()).to_string()
    }

    /// Whether a seal is that of these parts. Takes as long for a seal that is nearly right as for any other.
    pub(super) fn is_seal(&self, seal: &str, what: Sealed, parts: &[&[u8]]) -> bool {
        seal.parse::<Digest>().is_ok_and(|seal| self.mac_of(what, parts).verify_slice(seal.as_bytes()).is_ok())
    }

    fn mac_of(&self, what: Sealed, parts: &[&[u8]]) -> Hmac<Sha256> {
        let name: &[u8] = match what {
            Sealed::Component => b"component 1",
            Sealed::Index => b"index 1",
        };
        let mut all = vec![name];
        all.extend(parts);
        self.mac(&all)
    }

    /// Lengths go in too, so that no two lists of parts give the same bytes.
    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        // A key shorter than a block is filled up with zeros (RFC 2104).
        let mut block = [0; 64];
        block[..Self::BYTES].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// What the seal of a component is made of: that this component was built of this source.
pub(super) struct BuildSeal<'a> {
    pub(super) revision: &'a RevisionId,
    pub(super) source: &'a Digest,
    pub(super) lock: Option<&'a Digest>,
    pub(super) component: &'a Digest,
}

impl BuildSeal<'_> {
    pub(super) fn of(&self, key: &Key) -> String {
        self.with(|parts| key.seal(Sealed::Component, parts))
    }

    pub(super) fn is(&self, key: &Key, seal: &str) -> bool {
        self.with(|parts| key.is_seal(seal, Sealed::Component, parts))
    }

    fn with<T>(&self, work: impl FnOnce(&[&[u8]]) -> T) -> T {
        let lock = self.lock.map_or(&[][..], |digest| &digest.as_bytes()[..]);
        work(&[self.revision.as_str().as_bytes(), self.source.as_bytes(), lock, self.component.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_fits_one_thing_and_one_key() {
        let key = Key::new([1; Key::BYTES]);
        let seal = key.seal(Sealed::Component, &[b"ab", b"c"]);
        assert_eq!(seal.len(), 64);
        assert!(key.is_seal(&seal, Sealed::Component, &[b"ab", b"c"]));
        for (key, what, parts) in [
            (key.clone(), Sealed::Component, [b"a".as_slice(), b"bc"]),
            (key.clone(), Sealed::Index, [b"ab", b"c"]),
            (key.derive("x"), Sealed::Component, [b"ab", b"c"]),
            (Key::new([2; Key::BYTES]), Sealed::Component, [b"ab", b"c"]),
        ] {
            assert!(!key.is_seal(&seal, what, &parts));
        }
        for wrong in ["", "0", &seal[1..], &seal.to_uppercase(), &format!("{seal} ")] {
            assert!(!key.is_seal(wrong, Sealed::Component, &[b"ab", b"c"]), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "Key(…)", "a key is in no message");
    }
}
