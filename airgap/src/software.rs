//! Which program this is, by its own digest: the journal says so at the beginning of a session.

use std::fs::File;
use std::path::Path;

use countersign::digest::Sha256;
use countersign::exchange::{self, ExchangeError};
use countersign::journal::Software;

use crate::station::SOFTWARE;

/// Where an image that this machine was started from says which one it is: SHA-256 in hex.
const IMAGE: &str = "/etc/countersign/image.sha256";

/// Looks at the binary that runs, and at the image that the machine was started from.
///
/// # Errors
/// [`ExchangeError`] where the binary cannot be read.
pub fn this() -> Result<Software, ExchangeError> {
    // The file that runs, whatever its name points at by now.
    let path = Path::new("/proc/self/exe");
    let error = |source| ExchangeError::Io { path: path.to_owned(), action: "read", source };
    let binary = Sha256::of_reader(&mut File::open(path).map_err(error)?).map_err(error)?;
    let image = exchange::read_path(Path::new(IMAGE), 128).ok();
    let image = image.and_then(|bytes| String::from_utf8(bytes).ok());
    let image = image.and_then(|text| text.trim().parse().ok());
    Ok(Software { name: SOFTWARE.to_owned(), binary, image })
}
