//! Why the source of a migration in a language without a compiler is not built. Whoever builds and the runtime that looks at it say the
//! same.

/// Why a source is not built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceProblem {
    /// It has a mistake: what the runtime said, with the place.
    Mistake(String),
    /// The runtime could not look.
    Unchecked {
        /// Why not.
        reason: String,
        /// What the user should do.
        hint: String,
    },
}
