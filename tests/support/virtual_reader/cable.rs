//! A cable between card and reader that can be cut at a chosen command.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    os::linux::net::TcpStreamExt,
    thread,
};

/// PSO: COMPUTE DIGITAL SIGNATURE (OpenPGP card 3.4.1 §7.2.10), after the class byte.
const SIGN: [u8; 3] = [0x2a, 0x9e, 0x9a];

/// Lays a cable to the reader behind `reader`; returns the port for the card's end. It is cut, for
/// good, when the command for signature number `cut` arrives, before the card gets it.
pub(super) fn lay(reader: u16, cut: usize) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        let mut signatures = 0;
        // The reader may drop a card that comes back too soon, and the card then tries again.
        while signatures < cut {
            let (card, _) = listener.accept()?;
            let Ok(reader) = TcpStream::connect((Ipv4Addr::LOCALHOST, reader)) else { continue };
            let (from_card, to_reader) = (card.try_clone()?, reader.try_clone()?);
            let back = thread::spawn(move || answers(from_card, to_reader));
            let _ = commands(&reader, &card, &mut signatures, cut);
            let _ = card.shutdown(Shutdown::Both);
            let _ = reader.shutdown(Shutdown::Both);
            let _ = back.join();
        }
        io::Result::Ok(())
    });
    Ok(port)
}

/// Hands on what the reader sends, message by message, until either end is gone or the cut.
fn commands(
    mut reader: &TcpStream,
    mut card: &TcpStream,
    signatures: &mut usize,
    cut: usize,
) -> io::Result<()> {
    while *signatures < cut {
        // A delayed acknowledgement costs 44 ms for each message (see the card's own end).
        reader.set_quickack(true)?;
        let mut length = [0; 2];
        reader.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        reader.set_quickack(true)?;
        reader.read_exact(&mut message)?;
        *signatures += usize::from(message.get(1..4) == Some(&SIGN[..]));
        if *signatures < cut {
            card.write_all(&[&length[..], &message].concat())?;
        }
    }
    Ok(())
}

/// Hands on what the card answers.
fn answers(mut card: TcpStream, mut reader: TcpStream) -> io::Result<()> {
    let mut block = [0; 4096];
    loop {
        card.set_quickack(true)?;
        match card.read(&mut block)? {
            0 => return reader.shutdown(Shutdown::Both),
            read => reader.write_all(&block[..read])?,
        }
    }
}
