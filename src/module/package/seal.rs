//! The signed message around a `.tgz`: by gpg, or with a key from a file.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use sequoia_openpgp as openpgp;

use openpgp::crypto::hash::{Context, Hash as _};
use openpgp::crypto::{KeyPair, Signer as _, mpi};
use openpgp::packet::signature::Signature4;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea, SubpacketValue};
use openpgp::packet::{OnePassSig, Packet, Signature};
use openpgp::serialize::Serialize as _;
use openpgp::serialize::stream::{LiteralWriter, Message};
use openpgp::types::{DataFormat, HashAlgorithm, SignatureType};

use crate::fingerprint::Fingerprint;
use crate::time::Timestamp;

const HASH: HashAlgorithm = HashAlgorithm::SHA512;
/// Most of gpg's words that are kept, in bytes.
const MAX_WORDS: u64 = 4 << 10;

/// Whoever signs packages.
pub enum Sealer {
    /// The gpg program with its agent, as configured.
    Gpg {
        /// The program.
        program: PathBuf,
        /// The key's certificate.
        key: Fingerprint,
    },
    /// A secret key, unlocked.
    Key(Box<KeyPair>),
}

/// Why a package was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// gpg is not there.
    #[error("{} cannot be run", program.display())]
    NoGpg {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// gpg said no.
    #[error("gpg ended with {status}: {words}")]
    Gpg {
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        words: String,
    },
    /// The message cannot be written, or the `.tgz` not read.
    #[error("the signed message cannot be written")]
    Io(#[source] io::Error),
    /// The key does not sign.
    #[error("the key cannot be used")]
    Key(#[source] anyhow::Error),
}

impl Sealer {
    /// Writes the message: one-pass signature, literal, signature (RFC 9580 §10.3), not compressed.
    pub(super) fn seal(
        &self,
        name: &str,
        time: Timestamp,
        tgz: File,
        message: &mut (dyn Write + Send + Sync),
    ) -> Result<(), SealError> {
        match self {
            Self::Gpg { program, key } => with_gpg(program, *key, name, time, tgz, message),
            Self::Key(pair) => with_key(pair, name, time, tgz, message).map_err(SealError::Key),
        }
    }
}

/// gpg reads the file itself and so cannot be stopped by a pipe that is full.
fn with_gpg(
    program: &Path,
    key: Fingerprint,
    name: &str,
    time: Timestamp,
    tgz: File,
    message: &mut (dyn Write + Send + Sync),
) -> Result<(), SealError> {
    // The "!" stops its clock: the literal's and the signature's date are both the given one.
    let mut child = Command::new(program)
        .args(["--local-user", &key.to_string(), "--digest-algo", "SHA512"])
        .args(["--faked-system-time", &format!("{}!", time.unix())])
        .args(["--set-filename", name, "--compress-algo", "none"])
        .args(["--no-armor", "--no-textmode", "--output", "-", "--sign"])
        .stdin(tgz) // allowed here: gpg's, which is a file
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| SealError::NoGpg { program: program.to_owned(), source })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (copied, words) = std::thread::scope(|scope| {
        let words = scope.spawn(move || {
            let mut words = Vec::new();
            if let Some(mut stderr) = stderr {
                let _ = (&mut stderr).take(MAX_WORDS).read_to_end(&mut words);
                let _ = io::copy(&mut stderr, &mut io::sink());
            }
            String::from_utf8_lossy(&words).trim().to_owned()
        });
        let copied = stdout.map_or(Ok(0), |mut output| io::copy(&mut output, message));
        (copied, words.join().unwrap_or_default())
    });
    let status = child.wait().map_err(SealError::Io)?;
    if !status.success() {
        return Err(SealError::Gpg { status, words });
    }
    copied.map(drop).map_err(SealError::Io)
}

/// Sequoia's own signer would add a random salt to the signature (see docs/architecture.md), so
/// the message is put together from its parts.
fn with_key(
    pair: &KeyPair,
    name: &str,
    time: Timestamp,
    mut tgz: File,
    message: &mut (dyn Write + Send + Sync),
) -> openpgp::Result<()> {
    let blank = mpi::Signature::RSA { s: mpi::MPI::new(&[1]) };
    let draft = signature(pair, time, [0, 0], blank)?;
    let mut announced = OnePassSig::try_from(&Signature::from(draft.clone()))?;
    if let OnePassSig::V3(announced) = &mut announced {
        announced.set_last(true);
    }
    Packet::from(announced).serialize(message)?;

    let mut hash = HASH.context()?.for_signature(draft.version());
    let mut literal = LiteralWriter::new(Message::new(&mut *message))
        .format(DataFormat::Binary)
        .filename(name)?
        .date(std::time::SystemTime::from(time))?
        .build()?;
    copy_hashing(&mut tgz, &mut literal, &mut hash)?;
    literal.finalize()?;

    draft.hash(&mut hash)?;
    let digest = hash.into_digest()?;
    let prefix = digest.first_chunk().copied().unwrap_or_default();
    let value = pair.clone().sign(HASH, &digest)?;
    Packet::from(Signature::from(signature(pair, time, prefix, value)?)).serialize(message)
}

fn signature(
    pair: &KeyPair,
    time: Timestamp,
    prefix: [u8; 2],
    value: mpi::Signature,
) -> openpgp::Result<Signature4> {
    let key = pair.public();
    // The key id stands beside the fingerprint for GnuPG before 2.1.16, which is in the field.
    let hashed = SubpacketArea::new(vec![
        Subpacket::new(SubpacketValue::SignatureCreationTime(time.unix().into()), false)?,
        Subpacket::new(SubpacketValue::IssuerFingerprint(key.fingerprint()), false)?,
        Subpacket::new(SubpacketValue::Issuer(key.keyid()), false)?,
    ])?;
    let (typ, unhashed) = (SignatureType::Binary, SubpacketArea::default());
    Ok(Signature4::new(typ, key.pk_algo(), HASH, hashed, unhashed, prefix, value))
}

fn copy_hashing(from: &mut File, to: &mut dyn Write, hash: &mut Context) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                hash.update(bytes);
                to.write_all(bytes)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
