//! Ports for virtual readers: two in a row, because the driver has two slots.

use std::{
    net::{Ipv4Addr, TcpListener},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
    process,
};

use super::Error;

/// Below the ports that Linux hands out by itself (32768 and up), which could be taken before the driver opens them.
const FIRST: u16 = 20_000;
const PAIRS: u16 = 5_000;

/// A pair of ports that no other reader of these tests has.
pub(super) struct Ports {
    first: u16,
    _reservation: UnixListener,
}

impl Ports {
    pub(super) fn reserve() -> Result<Self, Error> {
        // Processes that run side by side begin in different places.
        let begin = process::id() % u32::from(PAIRS);
        (0..PAIRS)
            .map(|pair| (u32::from(pair) + begin) % u32::from(PAIRS))
            .filter_map(|pair| u16::try_from(pair).ok())
            .find_map(|pair| Self::try_reserve(FIRST + 2 * pair))
            .ok_or(Error::Ports)
    }

    pub(super) fn first(&self) -> u16 {
        self.first
    }

    /// An abstract socket is a lock between processes that leaves no file behind.
    fn try_reserve(first: u16) -> Option<Self> {
        let name =
            SocketAddr::from_abstract_name(format!("countersign-tests-reader-{first}")).ok()?;
        let reservation = UnixListener::bind_addr(&name).ok()?;
        let free = [first, first + 1]
            .iter()
            .all(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok());
        free.then_some(Self { first, _reservation: reservation })
    }
}
