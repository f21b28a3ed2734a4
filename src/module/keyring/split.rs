//! One file with many certificates, as `gpg --export` writes it, taken apart.

use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::parse::{PacketParserBuilder, PacketParserResult, Parse as _};
use openpgp::serialize::SerializeInto as _;

/// Longest single packet, in bytes; what is longer belongs to no developer's key.
const MAX_PACKET: u32 = 64 << 10;
/// How an armored certificate begins (RFC 9580 §6.2).
const BEGIN: &[u8] = b"-----BEGIN PGP ";

/// Why a file could not be taken apart to its end.
#[derive(Debug, thiserror::Error)]
#[error("from here on it is not OpenPGP")]
pub struct SplitError(#[source] anyhow::Error);

/// The packets of each certificate in `untrusted`: binary, or armored blocks one after another.
/// What stands before damage is returned beside the error, but for the certificate that is cut:
/// its revocation may be in what is lost.
pub(super) fn split(untrusted: &[u8]) -> (Vec<Vec<u8>>, Option<SplitError>) {
    let mut found = Vec::new();
    for block in blocks(untrusted) {
        let before = found.len();
        if let Err(error) = take(block, &mut found) {
            found.truncate(before.max(found.len().saturating_sub(1)));
            return (found, Some(SplitError(error)));
        }
    }
    (found, None)
}

/// Each armored block, or everything as one where nothing is armored.
fn blocks(untrusted: &[u8]) -> Vec<&[u8]> {
    let begins_line = |at: &usize| *at == 0 || untrusted[at - 1] == b'\n';
    let begins = untrusted.windows(BEGIN.len()).enumerate().filter(|(_, w)| *w == BEGIN);
    let mut starts: Vec<usize> = begins.map(|(at, _)| at).filter(begins_line).collect();
    if starts.is_empty() {
        return vec![untrusted];
    }
    starts.push(untrusted.len());
    starts.windows(2).map(|pair| &untrusted[pair[0]..pair[1]]).collect()
}

fn take(block: &[u8], found: &mut Vec<Vec<u8>>) -> anyhow::Result<()> {
    let builder = PacketParserBuilder::from_bytes(block)?;
    let mut parser = builder.max_packet_size(MAX_PACKET).max_recursion_depth(0).build()?;
    let mut begun = false;
    while let PacketParserResult::Some(pp) = parser {
        let (packet, next) = pp.next()?;
        parser = next;
        if matches!(packet, Packet::PublicKey(_) | Packet::SecretKey(_)) {
            found.push(Vec::new());
            begun = true;
        }
        let bytes = packet.to_vec()?;
        match found.last_mut() {
            Some(certificate) if begun => certificate.extend(bytes),
            Some(_) | None => {
                anyhow::ensure!(
                    matches!(packet, Packet::Marker(_)),
                    "a {} packet before any key",
                    packet.tag()
                );
            }
        }
    }
    Ok(())
}
