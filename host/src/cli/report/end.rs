//! What is said at the end, when not everything could be printed.

use rustix::io::Errno;

use crate::cli::failure::Failure;

/// The failure of an output that is incomplete; none where whoever read it has closed the pipe (`host log | head`).
pub(super) fn incomplete(error: Errno) -> Option<Failure> {
    if error == Errno::PIPE {
        return None;
    }
    let what = match error {
        Errno::NOSPC | Errno::DQUOT => "make room where the output goes",
        _ => "see where the output goes",
    };
    Some(Failure::new(
        "output",
        format!("cannot write to standard output: {}; what was printed is incomplete", std::io::Error::from(error)),
        format!(
            "{what} and do not use what is there; what the command has changed stays: see `host current` and `host log`"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_who_has_gone_needs_no_word() {
        assert!(incomplete(Errno::PIPE).is_none());
        for (error, reason, hint) in [
            (Errno::NOSPC, "No space left on device", "make room where the output goes"),
            (Errno::IO, "Input/output error", "see where the output goes"),
        ] {
            let failure = incomplete(error).expect("a failure");
            assert!(failure.message().contains(reason), "{}", failure.message());
            assert!(failure.hint().expect("a hint").starts_with(hint));
        }
    }
}
