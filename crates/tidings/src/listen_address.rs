//! Addresses to listen on: finding them out, binding them, and saying why that failed.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use anyhow::{Context, bail};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted; the kernel lowers it to its own maximum. After a restart all clients come
/// at once, and one that finds no place waits a second before it tries again.
const BACKLOG: i32 = 4096;

/// How many ports `tidings dev` tries behind the one that is taken.
const PORTS_TRIED: u16 = 20;

/// What a name such as `localhost:8000` stands for.
///
/// # Errors
/// The name is unknown.
pub(crate) fn resolve(setting: &str, address: &str) -> anyhow::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = address
        .to_socket_addrs()
        .with_context(|| format!("{setting}: {address} cannot be resolved"))?
        .collect();
    if found.is_empty() {
        bail!("{setting}: {address} stands for no address");
    }
    Ok(found)
}

/// Binds the first of the addresses that can be bound.
///
/// # Errors
/// None can; with the reason and what to do.
pub(crate) fn bind(setting: &str, addresses: &[SocketAddr]) -> anyhow::Result<TcpListener> {
    let mut last = None;
    for address in addresses {
        match bind_one(*address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some((address, error)),
        }
    }
    let Some((address, error)) = last else { bail!("{setting}: no address to listen on") };
    bail!("{setting}: cannot listen on {address}: {}", explain(&error))
}

/// Binds the first free port from this address on, or one of the next.
///
/// # Errors
/// All of them are taken, or the address is not this machine's.
pub(crate) fn bind_near(setting: &str, mut address: SocketAddr) -> anyhow::Result<TcpListener> {
    let wanted = address;
    for _ in 0..=PORTS_TRIED {
        match bind_one(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let Some(next) = address.port().checked_add(1) else { break };
                address.set_port(next);
            }
            Ok(listener) => return Ok(listener),
            Err(error) => bail!("{setting}: cannot listen on {address}: {}", explain(&error)),
        }
    }
    bail!(
        "{setting}: {wanted} and the {PORTS_TRIED} ports behind it are taken; give a free one with --{setting}"
    )
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Without it a restart would fail for a minute on connections of the process before.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another process listens there; stop it (`ss -ltnp` names it) or give another port".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "not permitted; ports below 1024 need the capability CAP_NET_BIND_SERVICE, so take a higher one"
                .to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "it is not an address of this machine".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_taken_port_is_an_error_that_says_so() {
        let first = bind("server.listen", &[loopback(0)]).unwrap();
        let error = bind("server.listen", &[first.local_addr().unwrap()]).unwrap_err().to_string();
        assert!(error.contains("server.listen") && error.contains("another process"), "{error}");
    }

    #[test]
    fn the_next_free_port_is_taken_instead() {
        let first = bind("server.listen", &[loopback(0)]).unwrap().local_addr().unwrap();
        let holder = bind_one(first).unwrap();
        if let Ok(next) = bind_near("server.listen", first) {
            assert!(next.local_addr().unwrap().port() > first.port());
        }
        drop(holder);
    }
}
