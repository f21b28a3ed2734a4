//! How large a package may be.

/// How large a package may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the `.tar`, and of the `.tgz`.
    pub bytes: u64,
    /// Most members, folders included.
    pub members: u64,
    /// Most bytes of the `.tar` for one of the `.tgz`, after the first 64 MiB. DEFLATE reaches some
    /// 1,030; what modules hold seldom exceeds 20.
    pub ratio: u64,
}

impl Default for Limits {
    /// 4 GiB, 200,000 members, 250 to one.
    fn default() -> Self {
        Self { bytes: 4 << 30, members: 200_000, ratio: 250 }
    }
}

impl Limits {
    /// No limit: for a package that was made here.
    pub const NONE: Self = Self { bytes: u64::MAX, members: u64::MAX, ratio: u64::MAX };
    /// Where the ratio begins to count, in bytes of the `.tar`.
    const RATIO_FROM: u64 = 64 << 20;

    /// Whether `inflated` bytes that came out of `deflated` ones are too many.
    pub(super) fn check(&self, inflated: u64, deflated: u64) -> Result<(), Exceeded> {
        if inflated > self.bytes || deflated > self.bytes {
            return Err(Exceeded::Bytes { limit: self.bytes });
        }
        if inflated > Self::RATIO_FROM && inflated / self.ratio > deflated {
            return Err(Exceeded::Ratio { limit: self.ratio });
        }
        Ok(())
    }
}

/// Which limit a package exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// Too long.
    #[error("it has more than {limit} bytes")]
    Bytes {
        /// The limit.
        limit: u64,
    },
    /// Too many files and folders.
    #[error("it has more than {limit} files and folders")]
    Members {
        /// The limit.
        limit: u64,
    },
    /// A gzip bomb.
    #[error("each byte of it unpacks to more than {limit}")]
    Ratio {
        /// The limit.
        limit: u64,
    },
}
