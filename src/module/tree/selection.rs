//! Which names belong in a list.

use super::Selection;

/// Whether a name belongs in a list.
pub(super) enum Taken {
    Yes,
    Hidden,
    LeftOut,
}

impl Selection {
    /// Whether a file or folder of this name is listed.
    pub(in crate::module) fn lists(self, name: &[u8]) -> bool {
        match self.takes(name) {
            Taken::Yes => true,
            Taken::Hidden | Taken::LeftOut => false,
        }
    }

    pub(super) fn takes(self, name: &[u8]) -> Taken {
        match self {
            Self::Official if name == b".htaccess" => Taken::Yes,
            _ if name.starts_with(b".") => Taken::Hidden,
            Self::Official if name == b"i18n" || name.ends_with(b".txt") => Taken::LeftOut,
            Self::Public | Self::Official => Taken::Yes,
        }
    }
}
