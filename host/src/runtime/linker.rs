//! What a guest gets: the contract, and an inert WASI. Nothing else is linked, so nothing else can be called.

use wasmtime::Engine;
use wasmtime::component::HasSelf;
use wasmtime::component::Linker;

use crate::bindings;
use crate::host_functions::GuestState;

/// Makes the linker for every guest.
///
/// # Errors
/// When two definitions collide, which would be a fault of the host.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    bindings::types::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;
    bindings::sql::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;
    bindings::bulk::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;
    bindings::transforms::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;
    bindings::env::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;
    super::wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}
