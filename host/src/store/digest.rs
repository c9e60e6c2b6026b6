//! The digests of sources: of what an author wrote, whatever a checkout made of its line breaks.

use std::borrow::Cow;

use sha2::Digest as _;
use sha2::Sha256;

use crate::digest::Digest;

impl Digest {
    /// The digest of a text source: of everything but the bytes of its metadata block, so that a typo in the message is
    /// not a changed migration. `source` comes from [`normalise`], so a checkout with other line breaks is not one either.
    pub(super) fn of_text_source(source: &str, block: &std::ops::Range<usize>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(&source.as_bytes()[..block.start]);
        hasher.update(&source.as_bytes()[block.end..]);
        Self::from_bytes(hasher.finalize().into())
    }

    /// The digest of a folder: of the path and the content of each file. The caller sorts them by path, which has `/`
    /// between its parts. Lengths go in too, so that no two folders give the same bytes.
    pub(super) fn of_folder<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut hasher = Sha256::new();
        for (path, content) in files {
            let content = match str::from_utf8(content) {
                Ok(text) => Cow::Owned(normalise(text).into_owned().into_bytes()),
                Err(_) => Cow::Borrowed(content),
            };
            for part in [path.as_bytes(), &content] {
                hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
                hasher.update(part);
            }
        }
        Self::from_bytes(hasher.finalize().into())
    }
}

/// A text without byte order mark, and with LF where it has CRLF.
pub(super) fn normalise(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::Block;
    use super::*;

    fn of_source(source: &str) -> String {
        let source = normalise(source);
        let block = Block::find(&source, "--").unwrap().unwrap();
        Digest::of_text_source(&source, &block.range).to_string()
    }

    #[test]
    fn of_a_text_covers_all_but_block_and_line_breaks() {
        let source = "-- /// migration\n-- revision = 'a'\n-- ///\n-- upgrade\nSELECT 1;\n";
        // `printf -- '-- upgrade\nSELECT 1;\n' | sha256sum`
        let expected = Digest::of(b"-- upgrade\nSELECT 1;\n").to_string();
        assert_eq!(expected, "1c16ee67de2ebb8153a2c48a7a01c609e048f3da82eb88d8e8a4e83f6a6329b5");
        for (same, source) in [
            (true, source.to_owned()),
            (true, source.replace('\n', "\r\n")),
            (true, format!("\u{feff}{source}")),
            (true, source.replace("'a'", "'a'\n-- message = 'x'")),
            (false, source.replace('1', "2")),
            (false, source.replace("SELECT", "\nSELECT")),
            (false, format!("-- x\n{source}")),
        ] {
            assert_eq!(of_source(&source) == expected, same, "{source}");
        }
    }

    #[test]
    fn of_a_folder_tells_paths_from_contents() {
        let of =
            |files: &[(&str, &str)]| Digest::of_folder(files.iter().map(|(path, content)| (*path, content.as_bytes())));
        assert_eq!(of(&[("a", "x\r\ny")]), of(&[("a", "x\ny")]));
        assert_ne!(of(&[("a", "bc")]), of(&[("ab", "c")]));
        assert_ne!(of(&[("a", ""), ("b", "")]), of(&[("a", "b")]));
        let bytes = |content: &[u8]| Digest::of_folder([("a", content)].into_iter());
        assert_ne!(bytes(b"\xff\r\n"), bytes(b"\xff\n"));
    }
}
