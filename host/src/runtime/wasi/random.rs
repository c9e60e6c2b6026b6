//! Random numbers that follow from the revision.

use std::convert::Infallible;

use rand_core::TryRng;
use sha2::Digest as _;

/// An endless stream of bytes, the same for the same seed: SHA-256 of a counter. Nothing is computed before a guest asks,
/// because hardly any does.
pub(super) struct Stream {
    name: &'static str,
    seed: u64,
    next_block: u64,
    block: [u8; 32],
    /// How many bytes of the block are left, at its end.
    left: usize,
}

impl Stream {
    /// The stream of this name, which is independent of those of other names.
    pub(super) fn new(name: &'static str, seed: u64) -> Self {
        Self { name, seed, next_block: 0, block: [0; 32], left: 0 }
    }

    fn fill(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            if self.left == 0 {
                self.block = sha2::Sha256::digest(format!("{} {} {}", self.name, self.seed, self.next_block)).into();
                self.next_block += 1;
                self.left = self.block.len();
            }
            let count = self.left.min(bytes.len());
            let (now, later) = bytes.split_at_mut(count);
            let start = self.block.len() - self.left;
            now.copy_from_slice(&self.block[start..start + count]);
            self.left -= count;
            bytes = later;
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(mut stream: Stream, pieces: &[usize]) -> Vec<u8> {
        let mut all = Vec::new();
        for piece in pieces {
            let mut bytes = vec![0; *piece];
            stream.fill(&mut bytes);
            all.extend(bytes);
        }
        all
    }

    #[test]
    fn the_stream_does_not_depend_on_how_it_is_read() {
        let whole = bytes(Stream::new("secure", 7), &[100]);
        assert_eq!(bytes(Stream::new("secure", 7), &[1, 0, 31, 32, 33, 3]), whole);
        // `printf 'secure 7 0' | sha256sum`
        let first: String = whole[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(first, "3ec67faf");
    }

    #[test]
    fn seeds_and_names_give_other_streams_and_no_block_comes_twice() {
        let whole = bytes(Stream::new("secure", 7), &[64]);
        assert_ne!(whole[..32], whole[32..]);
        assert_ne!(bytes(Stream::new("secure", 8), &[64]), whole);
        assert_ne!(bytes(Stream::new("insecure", 7), &[64]), whole);
    }
}
