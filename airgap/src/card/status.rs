//! What a card says of itself.

use std::fmt;

use countersign::fingerprint::Fingerprint;
use openpgp_card::ocard::{KeyType, Transaction};

use super::CardError;
use super::model::Model;

/// What a card says of itself, read in one go.
#[derive(Clone, Debug)]
pub struct Status {
    /// `MANUFACTURER:SERIAL`.
    pub ident: String,
    /// The manufacturer's name, where the list of manufacturers has it.
    pub manufacturer: String,
    /// Which kind of card it is.
    pub model: Model,
    /// The application's version.
    pub version: String,
    /// The cardholder's name.
    pub cardholder: String,
    /// The key in the signature slot.
    pub key: Option<Fingerprint>,
    /// The signature slot's algorithm.
    pub algorithm: String,
    /// Tries left for PIN, resetting code and Admin PIN.
    pub tries: [u8; 3],
    /// Whether the PIN is good for one signature only.
    pub pin_once: bool,
    /// Where the certificate can be found, by the card.
    pub url: String,
    /// The signature slot's touch policy.
    pub touch: String,
    /// Whether the card wants PINs hashed.
    pub kdf: String,
    /// The signature counter.
    pub counter: u32,
}

impl Status {
    pub(super) fn read(card: &mut Transaction<'_>) -> Result<Self, CardError> {
        let data = card.application_related_data()?;
        let id = data.application_id()?;
        let pins = data.pw_status_bytes()?;
        let touch = data.uif_pso_cds()?.map_or("the card has none".to_owned(), |flag| {
            let policy = flag.touch_policy();
            if policy.touch_required() {
                format!("{policy}: touch the card for each signature")
            } else {
                policy.to_string()
            }
        });
        // Cards without this object answer an error; the bare byte 0 means "not used".
        let kdf = match card.kdf_do() {
            Ok(kdf) if kdf.kdf_algo() != 0 => "on: the PIN is hashed before it is sent",
            _ => "off",
        };
        let holder = card.cardholder_related_data().ok().and_then(|c| {
            c.name().map(|n| String::from_utf8_lossy(n).replace("<<", ", ").replace('<', " "))
        });
        Ok(Self {
            ident: id.ident(),
            manufacturer: id.manufacturer_name().to_owned(),
            model: Model::read(card, id.manufacturer())?,
            version: format!("{}.{}", id.version() >> 8, id.version() & 0xff),
            cardholder: holder.unwrap_or_default(),
            key: data
                .fingerprints()?
                .signature()
                .and_then(|f| <[u8; 20]>::try_from(f.as_bytes()).ok())
                .map(Fingerprint::from),
            algorithm: data.algorithm_attributes(KeyType::Signing)?.to_string(),
            tries: [pins.err_count_pw1(), pins.err_count_rc(), pins.err_count_pw3()],
            pin_once: pins.pw1_cds_valid_once(),
            url: card.url().map(|u| String::from_utf8_lossy(&u).into_owned()).unwrap_or_default(),
            touch,
            kdf: kdf.to_owned(),
            counter: card.security_support_template()?.signature_count(),
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.map_or("empty".to_owned(), |k| k.spaced());
        let [pin, reset, admin] = self.tries;
        let mode = if self.pin_once { "for one signature" } else { "for a whole session" };
        writeln!(f, "card              {} ({})", self.ident, self.manufacturer)?;
        writeln!(f, "version           OpenPGP card {}", self.version)?;
        if let Some(firmware) = self.model.firmware {
            writeln!(f, "firmware          {firmware}")?;
        }
        for (label, text) in
            [("cardholder        ", &self.cardholder), ("URL               ", &self.url)]
        {
            if !text.is_empty() {
                writeln!(f, "{label}{}", countersign::safe::Safe(text))?;
            }
        }
        writeln!(f, "signature slot    {key}")?;
        writeln!(f, "algorithm         {}", self.algorithm)?;
        writeln!(f, "PIN tries left    {pin} (Admin PIN {admin}, resetting code {reset})")?;
        writeln!(f, "PIN mode          one PIN is good {mode}")?;
        writeln!(f, "touch             {}", self.touch)?;
        writeln!(f, "PIN hashing (KDF) {}", self.kdf)?;
        writeln!(f, "signatures made   {}", self.counter)
    }
}
