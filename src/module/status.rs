//! The status number that FreePBX shows for a module.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// Eight bits, by the constants of FreePBX's `GPG` class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Status(u8);

/// The bits' names, lowest first.
const NAMES: [&str; 8] =
    ["good", "tampered", "invalid", "unsigned", "unsupported", "expired", "revoked", "trusted"];

impl Status {
    /// No bit: gpg said nothing that FreePBX knows.
    pub const NONE: Self = Self(0);
    /// The signature verifies, or: all files are as listed.
    pub const GOOD: Self = Self(1);
    /// Text or files differ; or nobody certified the key.
    pub const TAMPERED: Self = Self(2);
    /// The signature cannot be checked; or nobody certified the key.
    pub const INVALID: Self = Self(4);
    /// No `module.sig`.
    pub const UNSIGNED: Self = Self(8);
    /// Never set.
    pub const UNSUPPORTED: Self = Self(16);
    /// The key has ended.
    pub const EXPIRED: Self = Self(32);
    /// A master took a certification back; or `expiresafter` is past. The module is disabled.
    pub const REVOKED: Self = Self(64);
    /// gpg trusts the key.
    pub const TRUSTED: Self = Self(128);

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Without the bits of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Good and trusted: the module runs and nobody complains.
    pub fn is_good(self) -> bool {
        self == Self::GOOD | Self::TRUSTED
    }

    /// What Module Admin shows beside the module's name (`page.modules.php` of FreePBX 17): it
    /// looks at the good bit first.
    pub fn words(self) -> &'static str {
        if self.has(Self::GOOD) {
            "Good"
        } else if self.has(Self::TAMPERED) {
            "Module has been tampered. Please redownload"
        } else if self.has(Self::UNSIGNED) {
            "Module is Unsigned"
        } else if self.has(Self::INVALID) {
            "Module has been signed with an invalid key"
        } else if self.has(Self::REVOKED) {
            "Module has been revoked and can not be enabled"
        } else {
            ""
        }
    }
}

impl BitOr for Status {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Status {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Status {
    /// `129 (good, trusted)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        let names: Vec<&str> = set.map(|(_, name)| *name).collect();
        if names.is_empty() {
            write!(f, "{} (nothing)", self.0)
        } else {
            write!(f, "{} ({})", self.0, names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_shown_as_its_number_and_its_bits() {
        assert_eq!((Status::GOOD | Status::TRUSTED).to_string(), "129 (good, trusted)");
        let uncertified = Status::GOOD | Status::TAMPERED | Status::INVALID;
        assert_eq!(uncertified.to_string(), "7 (good, tampered, invalid)");
        assert_eq!(Status::NONE.to_string(), "0 (nothing)");
        assert_eq!(uncertified.words(), "Good", "the complaint that is seen most");
    }
}
