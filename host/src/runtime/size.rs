//! The size of what the compiler gets: bounded before it begins, so that most of what is too much is told in plain words.

use serde::Deserialize;
use serde::Serialize;
use wasmparser::Parser;
use wasmparser::Payload;

use crate::units;

/// The largest function, in bytes. Most of the compiler's work grows with a function's length, but some of it faster: the
/// register allocator's, for one. The main loops of interpreters, the longest functions that are known, have 300 KiB.
const FUNCTION_BYTES_MAX: usize = 1 << 20;

/// The number of functions. An interpreter with its libraries has some ten thousand.
const FUNCTIONS_MAX: usize = 200_000;

/// Why a component is not given to the compiler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum SizeError {
    /// The component is larger than `component-size` allows.
    #[error("it has {bytes} bytes, more than {}", units::size(*allowed))]
    Component {
        /// The size.
        bytes: usize,
        /// The limit, in bytes.
        allowed: u64,
    },
    /// A function is larger than the compiler gets.
    #[error("one of its functions has {bytes} bytes; the compiler gets at most {FUNCTION_BYTES_MAX}")]
    Function {
        /// The size.
        bytes: usize,
    },
    /// There are more functions than the compiler gets.
    #[error("it has more than {FUNCTIONS_MAX} functions, which is the most that the compiler gets")]
    Functions,
}

impl SizeError {
    /// What the operator should do.
    pub fn hint(&self) -> String {
        match self {
            Self::Component { .. } => {
                "strip the component, or raise component-size in [*.limits] of host.toml".to_owned()
            }
            Self::Function { .. } => {
                "split the function; a long list of data belongs into a table or a constant".to_owned()
            }
            Self::Functions => "build it without the libraries that it does not need".to_owned(),
        }
    }
}

/// Checks the size of a component as a whole; `allowed` is in bytes.
///
/// # Errors
/// [`SizeError::Component`].
pub fn check_component(bytes: &[u8], allowed: u64) -> Result<(), SizeError> {
    if bytes.len() > usize::try_from(allowed).unwrap_or(usize::MAX) {
        return Err(SizeError::Component { bytes: bytes.len(), allowed });
    }
    Ok(())
}

/// Checks the functions of a component that is valid.
///
/// # Errors
/// [`SizeError::Function`] and [`SizeError::Functions`].
pub fn check_functions(bytes: &[u8]) -> Result<(), SizeError> {
    let mut functions = 0;
    // A valid component has no payload that cannot be read.
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        if let Payload::CodeSectionEntry(body) = payload {
            functions += 1;
            let bytes = body.range().len();
            if bytes > FUNCTION_BYTES_MAX {
                return Err(SizeError::Function { bytes });
            }
            if functions > FUNCTIONS_MAX {
                return Err(SizeError::Functions);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(inside: &str) -> Vec<u8> {
        wat::parse_str(format!("(component (component (core module {inside})))")).expect("valid text")
    }

    #[test]
    fn functions_are_measured_and_counted_wherever_they_are() {
        assert_eq!(check_functions(&component(&"(func)".repeat(1_000))), Ok(()));
        assert_eq!(check_functions(&component(&"(func)".repeat(FUNCTIONS_MAX + 1))), Err(SizeError::Functions));
        let long = format!("(func {})", "nop ".repeat(FUNCTION_BYTES_MAX));
        assert!(matches!(check_functions(&component(&long)), Err(SizeError::Function { .. })));
    }

    #[test]
    fn a_component_has_its_size() {
        assert_eq!(check_component(&vec![0; 1 << 20], 1 << 20), Ok(()));
        let error = check_component(&vec![0; (1 << 20) + 1], 1 << 20).expect_err("too large");
        assert_eq!(error.to_string(), "it has 1048577 bytes, more than 1 MiB");
    }
}
