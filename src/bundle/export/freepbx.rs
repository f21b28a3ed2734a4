//! Key files as FreePBX takes them: `<16 HEX>.key` beside the framework's own for the masters,
//! `signatures/<16 HEX>.key` as a module carries them for the developers.

use std::collections::BTreeMap;

use super::folder::{Folder, Mode};
use super::{Accepted, ExportError};

pub(super) fn write(accepted: &Accepted, folder: &mut Folder) -> Result<(), ExportError> {
    // Two keys can be made to share a key id. FreePBX hands the file to gpg, which imports both.
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for master in accepted.masters() {
        let name = format!("{}.key", master.fingerprint().key_id());
        files.entry(name).or_default().push_str(&master.armored());
    }
    for developer in accepted.developers() {
        let developer = developer?;
        let name = format!("signatures/{}.key", developer.fingerprint().key_id());
        files.entry(name).or_default().push_str(&developer.armored());
    }
    for (name, text) in files {
        folder.put(&name, text.as_bytes(), Mode::Data)?;
    }
    Ok(())
}
