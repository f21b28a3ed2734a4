//! A Web Key Directory (draft-koch-openpgp-webkey-service, §3.1): the webroot of each host, by its
//! name. `openpgpkey.example.org` is asked first (advanced method), then `example.org` (direct).

use std::collections::BTreeMap;

use data_encoding::{Encoding, Specification};
use sequoia_openpgp as openpgp;

use openpgp::packet::UserID;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::HashAlgorithm;

use super::folder::{Folder, Mode};
use super::{Accepted, ExportError, everybody};
use crate::certificate::Certificate;

/// The alphabet of z-base-32 (RFC 6189 §5.1.6).
const Z_BASE_32: &str = "ybndrfg8ejkmcpqxot1uwisza345h769";

/// An address as it is looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    domain: String,
    hash: String,
}

pub(super) fn write(
    accepted: &Accepted,
    domains: &[String],
    folder: &mut Folder,
) -> Result<(), ExportError> {
    let z_base_32 = encoding();
    let mut files: BTreeMap<Address, Vec<u8>> = BTreeMap::new();
    for certificate in everybody(accepted) {
        let certificate = certificate?;
        let mut addresses: Vec<Address> =
            certificate.user_ids().filter_map(|id| address(id, &z_base_32)).collect();
        addresses.sort();
        addresses.dedup();
        addresses.retain(|a| domains.is_empty() || domains.contains(&a.domain));
        for address in addresses {
            let bytes = of_address(&certificate, &address, &z_base_32)?;
            files.entry(address).or_default().extend(bytes);
        }
    }
    let mut last = None;
    for (Address { domain, hash }, bytes) in files {
        let advanced = format!("openpgpkey.{domain}/.well-known/openpgpkey/{domain}");
        let direct = format!("{domain}/.well-known/openpgpkey");
        for method in [advanced, direct] {
            if last.as_ref() != Some(&domain) {
                folder.put(&format!("{method}/policy"), b"", Mode::Data)?;
            }
            folder.put(&format!("{method}/hu/{hash}"), &bytes, Mode::Data)?;
        }
        last = Some(domain);
    }
    Ok(())
}

/// The certificate with the user IDs of one address alone: what somebody's other addresses are is
/// not what was asked.
fn of_address(
    certificate: &Certificate,
    address: &Address,
    z_base_32: &Encoding,
) -> Result<Vec<u8>, ExportError> {
    let cert = certificate.cert().clone();
    let fits = |id: &UserID| self::address(id, z_base_32).as_ref() == Some(address);
    let cert = cert.retain_userids(|id| fits(id.userid()));
    cert.to_vec().map_err(ExportError::OpenPgp)
}

/// Where a user ID's address is looked up; none where it has none that could be.
fn address(user_id: &UserID, z_base_32: &Encoding) -> Option<Address> {
    let email = user_id.email().ok().flatten()?;
    let (local, domain) = email.rsplit_once('@')?;
    let domain = domain.to_ascii_lowercase();
    // The name becomes a folder's.
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if domain.len() > 253 || !domain.split('.').all(label) {
        return None;
    }
    let mut hash = HashAlgorithm::SHA1.context().ok()?.for_digest();
    hash.update(local.to_ascii_lowercase().as_bytes());
    let hash = z_base_32.encode(&hash.into_digest().ok()?);
    Some(Address { domain, hash })
}

fn encoding() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str(Z_BASE_32);
    specification.encoding().expect("32 distinct symbols")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_hashed_as_the_draft_does() {
        // The example of the draft, §3.1.
        let joe = UserID::from("Joe Doe <Joe.Doe@Example.ORG>");
        let address = address(&joe, &encoding()).expect("an address");
        assert_eq!(address.domain, "example.org");
        assert_eq!(address.hash, "iy9q119eutrkn8s1mk4r39qejnbu3n5q");
    }

    #[test]
    fn no_domain_leaves_the_folder() {
        for id in ["a <a@..>", "a <a@.>", "a <a@x/../y>", "a <a@-x.org>", "a <a@x..org>", "a"] {
            assert_eq!(address(&UserID::from(id), &encoding()), None, "{id}");
        }
    }
}
