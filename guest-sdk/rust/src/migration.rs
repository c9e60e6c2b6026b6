use std::panic::PanicHookInfo;

use crate::Failure;
use crate::bindings::host::migration::{env, types};

/// A migration: how to get from the revision before to this one, and back. See the [crate's first page](crate).
pub trait Migration {
    /// Brings the database from the revision before to this one.
    ///
    /// # Errors
    /// Whatever it returns rolls everything back and reaches the operator.
    fn upgrade() -> Result<(), Failure>;

    /// Brings the database back to the revision before. Where that cannot be done, it says so with
    /// [`Failure::irreversible`].
    ///
    /// # Errors
    /// As for [`upgrade`](Self::upgrade).
    fn downgrade() -> Result<(), Failure>;
}

/// Makes a type that implements [`Migration`] the migration of this crate. Once in a crate.
///
/// ```
/// use host_guest::{Failure, Migration};
///
/// struct Nothing;
///
/// impl Migration for Nothing {
///     fn upgrade() -> Result<(), Failure> { Ok(()) }
///     fn downgrade() -> Result<(), Failure> { Ok(()) }
/// }
///
/// host_guest::export!(Nothing);
/// ```
#[macro_export]
macro_rules! export {
    ($migration:ty) => {
        const _: () = {
            use $crate::bindings::exports::host::migration::migration::{Failure, Guest};

            struct Exported;

            impl Guest for Exported {
                fn upgrade() -> ::core::result::Result<(), Failure> {
                    $crate::run(<$migration as $crate::Migration>::upgrade)
                }

                fn downgrade() -> ::core::result::Result<(), Failure> {
                    $crate::run(<$migration as $crate::Migration>::downgrade)
                }
            }

    $crate::bindings::export!(Exported with_types_in $crate::bindings);
        };
    };
}

/// What `export!` calls: runs one direction so that a panic says to the host what happened before it ends the guest.
#[doc(hidden)]
#[expect(clippy::result_large_err, reason = "the contract's type; it goes to the host at once")]
pub fn run(direction: fn() -> Result<(), Failure>) -> Result<(), types::Failure> {
    report_panics();
    direction().map_err(types::Failure::from)
}

/// Lets the host know of a panic before it ends the guest.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(report_panic));
}

fn report_panic(panic: &PanicHookInfo<'_>) {
    env::report_panic(&describe_panic(panic), None);
}

fn describe_panic(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(message), _) => message,
        (_, Some(message)) => message.as_str(),
        _ => "a panic without a message",
    };
    match panic.location() {
        Some(place) => format!("{message} (at {place})"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_panic_is_described_with_its_place() {
        static SEEN: Mutex<String> = Mutex::new(String::new());
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|panic| {
            if let Ok(mut seen) = SEEN.lock() {
                *seen = describe_panic(panic);
            }
        }));
        let line = line!() + 1;
        let ended = std::panic::catch_unwind(|| panic!("{} tables", 7));
        std::panic::set_hook(before);
        assert!(ended.is_err());
        let seen = SEEN.lock().map(|seen| seen.clone()).unwrap_or_default();
        assert!(seen.starts_with("7 tables (at src/migration.rs:"), "{seen}");
        assert!(seen.contains(&format!(":{line}:")), "{seen}");
    }
}
