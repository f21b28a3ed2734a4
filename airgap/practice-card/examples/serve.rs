//! Puts a practice card into the virtual reader of vsmartcard: `serve --directory DIR --port PORT`.
//!
//! Prints `attached` whenever the reader has taken the card, and ends when its standard input is closed.

use std::{
    error::Error,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::linux::net::TcpStreamExt,
    path::PathBuf,
    process, thread,
    time::Duration,
};

use countersign_practice_card::PracticeCard;
use vpicc::{Connection, VSmartCard};

/// The reader opens its port a moment after pcscd started, and drops a card that came too early.
const RETRY: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let (directory, port) = arguments().ok_or("usage: serve --directory DIR --port PORT")?;
    let mut card = InReader(PracticeCard::open(&directory)?);
    thread::spawn(end_with_standard_input);
    loop {
        match TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) {
            Ok(stream) => serve(stream, &mut card)?,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(error.into()),
        }
        thread::sleep(RETRY);
    }
}

/// Answers the reader until it drops the card.
fn serve(stream: TcpStream, card: &mut InReader) -> io::Result<()> {
    let same_stream = stream.try_clone()?;
    let mut connection = Connection::from(stream);
    let mut announced = false;
    loop {
        // The reader sends length and data apart and waits in between: a delayed acknowledgement costs 44 ms. The
        // kernel forgets the setting whenever it likes, hence before each message.
        same_stream.set_quickack(true)?;
        if connection.poll(card).is_err() {
            return Ok(());
        }
        if !announced {
            println!("attached");
            io::stdout().flush()?;
            announced = true;
        }
    }
}

/// Ending in the middle of a command is what pulling a card does; its data survives that.
fn end_with_standard_input() {
    // A broken standard input has ended as well.
    let _ = io::stdin().lock().read_to_end(&mut Vec::new());
    process::exit(0);
}

fn arguments() -> Option<(PathBuf, u16)> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--directory", directory, "--port", port] | ["--port", port, "--directory", directory] => {
            Some((directory.into(), port.parse().ok()?))
        }
        _ => None,
    }
}

struct InReader(PracticeCard);

impl VSmartCard for InReader {
    fn power_off(&mut self) {
        self.0.reset();
    }

    fn reset(&mut self) {
        self.0.reset();
    }

    fn execute(&mut self, msg: &[u8]) -> Vec<u8> {
        self.0.command(msg)
    }
}
