//! A shared OpenPGP certificate directory (draft-nwjw-openpgp-cert-d, §3.1): a file for each
//! fingerprint, in hex, its first two digits the folder.

use super::folder::{Folder, Mode};
use super::{Accepted, ExportError, everybody};

pub(super) fn write(accepted: &Accepted, folder: &mut Folder) -> Result<(), ExportError> {
    for certificate in everybody(accepted) {
        let certificate = certificate?;
        let name = certificate.fingerprint().to_string().to_lowercase();
        let (first, rest) = name.split_at(2);
        folder.put(&format!("{first}/{rest}"), &certificate.to_bytes(), Mode::Data)?;
    }
    Ok(())
}
