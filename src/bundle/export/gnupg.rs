//! A keyring for GnuPG, the trust that goes with it, and a script that imports both.

use super::folder::{Folder, Mode};
use super::{Accepted, ExportError, everybody};
use crate::safe::Safe;

/// Ownertrust as gpg counts it (`doc/DETAILS` of GnuPG): what the key certifies counts.
const ULTIMATE: u8 = 6;
/// Nothing that it certifies counts.
const NEVER: u8 = 3;

pub(super) fn write(accepted: &Accepted, folder: &mut Folder) -> Result<(), ExportError> {
    folder.put("keyring.gpg", &keyring(accepted)?, Mode::Data)?;
    folder.put("ownertrust.txt", ownertrust(accepted).as_bytes(), Mode::Data)?;
    folder.put("import.sh", script(accepted).as_bytes(), Mode::Program)?;
    Ok(())
}

/// Every certificate, one behind the other.
pub(super) fn keyring(accepted: &Accepted) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    for certificate in everybody(accepted) {
        bytes.extend(certificate?.to_bytes());
    }
    Ok(bytes)
}

/// A master that gave itself up is not trusted any more: gpg would go on believing what it signed.
pub(super) fn ownertrust(accepted: &Accepted) -> String {
    let line = |master: &crate::certificate::Certificate| {
        let key = master.fingerprint();
        let stays = accepted.pinned().iter().any(|p| p.fingerprint() == key);
        format!("{key}:{}:\n", if stays { ULTIMATE } else { NEVER })
    };
    accepted.masters().iter().map(line).collect()
}

fn script(accepted: &Accepted) -> String {
    let head = accepted.head();
    format!(
        "#!/bin/sh\n\
         # Puts the masters and developers of this authority into the GnuPG of whoever runs it.\n\
         # {}, trust bundle {} of {}\n\
         set -eu\n\
         cd \"$(dirname \"$0\")\"\n\
         gpg --batch --import keyring.gpg\n\
         gpg --batch --import-ownertrust ownertrust.txt\n",
        Safe(&head.authority),
        head.serial,
        head.made,
    )
}
