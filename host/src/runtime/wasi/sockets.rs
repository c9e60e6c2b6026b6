//! Sockets that are never made. Libraries of stock toolchains import them whether or not they use them (CPython does), so they
//! are linked, and refused when a guest asks for one.

use wasmtime::component::HasSelf;
use wasmtime::component::Linker;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::SocketError;
use wasmtime_wasi::p2::SocketResult;
use wasmtime_wasi::p2::TcpSocket;
use wasmtime_wasi::p2::UdpSocket;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup;
use wasmtime_wasi::p2::bindings::sockets::network;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::bindings::sockets::network::IpAddress;
use wasmtime_wasi::p2::bindings::sockets::network::IpAddressFamily;
use wasmtime_wasi::p2::bindings::sockets::network::Network;
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket;
use wasmtime_wasi::p2::bindings::sockets::udp_create_socket;
use wasmtime_wasi::sockets::WasiSockets;
use wasmtime_wasi::sockets::WasiSocketsView as _;

use crate::bindings::env::Level;
use crate::host_functions::GuestEvent;
use crate::host_functions::GuestState;

/// What the operator reads: a guest only gets an error code, which its library words in its own way.
const NO_NETWORK: &str = "the migration asked for a network connection and was refused: migrations have no network";

/// Adds `wasi:sockets`. What is not made here belongs to sockets, of which there is none.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings::sockets::instance_network;
    use wasmtime_wasi::p2::bindings::sockets::tcp;
    use wasmtime_wasi::p2::bindings::sockets::udp;

    let options = network::LinkOptions::default();
    network::add_to_linker::<_, WasiSockets>(linker, &options, GuestState::sockets)?;
    instance_network::add_to_linker::<_, WasiSockets>(linker, GuestState::sockets)?;
    tcp::add_to_linker::<_, WasiSockets>(linker, GuestState::sockets)?;
    udp::add_to_linker::<_, WasiSockets>(linker, GuestState::sockets)?;
    tcp_create_socket::add_to_linker::<_, HasSelf<GuestState>>(linker, |state| state)?;
    udp_create_socket::add_to_linker::<_, HasSelf<GuestState>>(linker, |state| state)?;
    ip_name_lookup::add_to_linker::<_, HasSelf<GuestState>>(linker, |state| state)?;
    Ok(())
}

/// Says so in the log, and gives the guest an error that it may handle.
fn refuse<T>(state: &GuestState) -> SocketResult<T> {
    let event = GuestEvent::Log { level: Level::Warn, message: NO_NETWORK.to_owned() };
    state.emit(event).map_err(SocketError::trap)?;
    Err(ErrorCode::AccessDenied.into())
}

impl tcp_create_socket::Host for GuestState {
    fn create_tcp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        refuse(self)
    }
}

impl udp_create_socket::Host for GuestState {
    async fn create_udp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        refuse(self)
    }
}

// What the others need beside them.
impl network::Host for GuestState {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        self.sockets().network_error_code(error)
    }
}

impl network::HostNetwork for GuestState {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.sockets().drop(network)
    }
}

impl ip_name_lookup::Host for GuestState {
    fn resolve_addresses(
        &mut self,
        _: Resource<Network>,
        _: String,
    ) -> SocketResult<Resource<ip_name_lookup::ResolveAddressStream>> {
        refuse(self)
    }
}

impl ip_name_lookup::HostResolveAddressStream for GuestState {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ip_name_lookup::ResolveAddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        self.sockets().resolve_next_address(stream)
    }

    fn subscribe(
        &mut self,
        stream: Resource<ip_name_lookup::ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<wasmtime_wasi::p2::DynPollable>> {
        self.sockets().subscribe(stream)
    }

    fn drop(&mut self, stream: Resource<ip_name_lookup::ResolveAddressStream>) -> wasmtime::Result<()> {
        self.sockets().drop(stream)
    }
}
