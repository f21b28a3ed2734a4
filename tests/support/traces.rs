//! Looking for bytes in files where they must not stand.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How many bytes are looked for.
pub const LENGTH: usize = 60;

/// The first file anywhere under `folder` that holds the first [`LENGTH`] of these bytes, plain or
/// in base64.
///
/// # Panics
/// Where a file cannot be read.
pub fn find(folder: &Path, bytes: &[u8]) -> Option<PathBuf> {
    // In base64 they may begin at three places.
    let encode = |skip: usize| STANDARD.encode(&bytes[skip..skip + 42]).into_bytes();
    let needles = [bytes[..LENGTH].to_vec(), encode(0), encode(1), encode(2)];
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if path.is_file() {
                let content = fs::read(&path).expect("a file");
                let found = |n: &Vec<u8>| content.windows(n.len()).any(|w| w == n.as_slice());
                if needles.iter().any(found) {
                    return Some(path);
                }
            }
        }
    }
    None
}
