//! Which licences FreePBX's signing rules admit: those that go together with the GPL.

/// One licence: its SPDX identifier, and how modules spell it beside that.
struct Licence {
    spdx: &'static str,
    spellings: &'static [&'static str],
}

/// The licences that the FSF calls compatible with the GPL (its page "Various Licenses and Comments
/// about Them", under "GPL-Compatible Free Software Licenses", and the GNU licences themselves).
/// Spellings are compared as [`plain`] leaves them.
const TABLE: &[Licence] = &[
    is("GPL-1.0-or-later", &["GPL", "GNU GPL", "GPLv1+", "GPL+"]),
    is("GPL-2.0-only", &["GPLv2", "GPL2", "GPL-2.0", "GPL v2.0", "GNU GPLv2"]),
    is("GPL-2.0-or-later", &["GPLv2+", "GPL2+", "GPL-2.0+", "GPL v2 or later", "GNU GPLv2+"]),
    is("GPL-3.0-only", &["GPLv3", "GPL3", "GPL-3.0", "GPL v3.0", "GNU GPLv3"]),
    is("GPL-3.0-or-later", &["GPLv3+", "GPL3+", "GPL-3.0+", "GPL v3 or later", "GNU GPLv3+"]),
    is("AGPL-3.0-only", &["AGPLv3", "AGPL3", "AGPL-3.0", "GNU AGPLv3"]),
    is("AGPL-3.0-or-later", &["AGPLv3+", "AGPL3+", "AGPL-3.0+", "GNU AGPLv3+"]),
    is("LGPL-2.0-only", &["LGPLv2", "LGPL2", "LGPL-2.0"]),
    is("LGPL-2.0-or-later", &["LGPLv2+", "LGPL2+", "LGPL-2.0+", "LGPL"]),
    is("LGPL-2.1-only", &["LGPLv2.1", "LGPL2.1", "LGPL-2.1"]),
    is("LGPL-2.1-or-later", &["LGPLv2.1+", "LGPL2.1+", "LGPL-2.1+"]),
    is("LGPL-3.0-only", &["LGPLv3", "LGPL3", "LGPL-3.0"]),
    is("LGPL-3.0-or-later", &["LGPLv3+", "LGPL3+", "LGPL-3.0+"]),
    is("Apache-2.0", &["Apache 2", "Apache License 2.0", "Apache License, Version 2.0", "ASL 2.0"]),
    is("Artistic-2.0", &["Artistic 2"]),
    is("Artistic-1.0-Perl", &["Perl"]),
    is("BSD-2-Clause", &["BSD 2", "Simplified BSD", "FreeBSD", "2-clause BSD"]),
    is("BSD-3-Clause", &["BSD", "BSD 3", "New BSD", "Modified BSD", "3-clause BSD"]),
    is("BSD-3-Clause-Clear", &["Clear BSD"]),
    is("BSL-1.0", &["Boost"]),
    is("CC0-1.0", &["CC0"]),
    is("CECILL-2.0", &["CeCILL 2"]),
    is("ClArtistic", &["Clarified Artistic"]),
    is("ECL-2.0", &[]),
    is("EFL-2.0", &[]),
    is("FSFAP", &[]),
    is("FTL", &["FreeType"]),
    is("HPND", &[]),
    is("IJG", &[]),
    is("iMatix", &[]),
    is("Imlib2", &[]),
    is("Intel", &[]),
    is("ISC", &[]),
    is("MIT", &["MIT License", "Expat"]),
    is("MPL-2.0", &["MPLv2", "MPLv2.0", "MPL 2"]),
    is("NCSA", &[]),
    is("OLDAP-2.3", &[]),
    is("OLDAP-2.7", &[]),
    is("PSF-2.0", &["Python"]),
    is("Python-2.0", &[]),
    is("Ruby", &[]),
    is("SGI-B-2.0", &[]),
    is("Sleepycat", &[]),
    is("SMLNJ", &[]),
    is("Unicode-DFS-2016", &[]),
    is("Unlicense", &["The Unlicense"]),
    is("UPL-1.0", &["UPL"]),
    is("Vim", &[]),
    is("W3C", &[]),
    is("WTFPL", &[]),
    is("X11", &[]),
    is("XFree86-1.1", &[]),
    is("Zlib", &[]),
    is("ZPL-2.0", &[]),
    is("ZPL-2.1", &[]),
    is("LicenseRef-public-domain", &["Public Domain"]),
];

const fn is(spdx: &'static str, spellings: &'static [&'static str]) -> Licence {
    Licence { spdx, spellings }
}

/// The SPDX identifier of a licence that goes together with the GPL, as a `module.xml` names it;
/// none where it names another, several, or none.
pub fn gpl_compatible(name: &str) -> Option<&'static str> {
    let name = plain(name);
    let spelled = |licence: &&Licence| {
        plain(licence.spdx) == name || licence.spellings.iter().any(|s| plain(s) == name)
    };
    TABLE.iter().find(spelled).map(|licence| licence.spdx)
}

/// Letters and digits in lower case, and `+`: `GPL v3+`, `gpl-v3+` and `GPLv3+` are one.
fn plain(name: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || *c == '+';
    name.chars().filter(kept).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_real_modules_are_known() {
        let cases = [
            ("GPLv2", "GPL-2.0-only"),
            ("GPLv2+", "GPL-2.0-or-later"),
            ("GPLv3", "GPL-3.0-only"),
            ("GPLv3+", "GPL-3.0-or-later"),
            ("gpl v3+", "GPL-3.0-or-later"),
            ("GPL-3.0-or-later", "GPL-3.0-or-later"),
            ("AGPLv3", "AGPL-3.0-only"),
            ("AGPLv3+", "AGPL-3.0-or-later"),
            ("LGPLv2.1", "LGPL-2.1-only"),
            ("MIT", "MIT"),
            ("BSD", "BSD-3-Clause"),
        ];
        for (name, spdx) in cases {
            assert_eq!(gpl_compatible(name), Some(spdx), "{name}");
        }
    }

    #[test]
    fn other_licences_are_not_known() {
        for name in ["Commercial", "proprietary", "", "GPLv4", "BSD-4-Clause", "CDDL", "SSPL-1.0"] {
            assert_eq!(gpl_compatible(name), None, "{name}");
        }
    }

    #[test]
    fn no_spelling_means_two_licences() {
        let mut seen = std::collections::HashMap::new();
        for licence in TABLE {
            for name in licence.spellings.iter().chain([&licence.spdx]) {
                let other = seen.insert(plain(name), licence.spdx);
                assert!(other.is_none_or(|o| o == licence.spdx), "{name}: {other:?}");
            }
        }
    }
}
