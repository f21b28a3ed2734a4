//! Any bytes as a package, a `.tgz` or the tar in it: no panic, and nothing larger than the limits.
#![no_main]

use std::io::{self, Write as _};

use countersign::module::archive::{Demand, Kind, Limits, read};
use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { bytes: 1 << 20, members: 100, ratio: 250 };

fn try_read(package: &[u8]) {
    let mut total = 0;
    let _ = read(package, None, &Demand::Nothing, &LIMITS, |member| {
        assert!(!member.path.split('/').any(|part| part == ".." || part == "."));
        assert!(!member.path.starts_with('/'));
        match &mut member.kind {
            Kind::Folder => Ok(()),
            Kind::File { content, .. } => io::copy(content, &mut io::sink()).map(|n| total += n),
        }
    });
    assert!(total <= LIMITS.bytes);
}

fuzz_target!(|bytes: &[u8]| {
    try_read(bytes);
    // Few random bytes are gzip: the tar gets its turn, too.
    let mut tgz = GzEncoder::new(Vec::new(), Compression::fast());
    tgz.write_all(bytes).expect("memory");
    try_read(&tgz.finish().expect("memory"));
});
