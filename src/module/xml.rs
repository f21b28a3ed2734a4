//! `module.xml`: what a module says about itself.
//!
//! A document type is refused, and with it every entity that a document could define: nothing is
//! ever expanded. What FreePBX does not look at is not read.

use roxmltree::{Document, Node, ParsingOptions};

/// Longest `module.xml`, in bytes; real ones have a few ten thousand.
pub const MAX_XML: usize = 1 << 20;
/// Most elements, attributes and texts.
const MAX_NODES: u32 = 100_000;

/// What a `module.xml` says. Nothing is judged yet: a version may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleXml {
    /// `rawname`: what the module's folder and package are called.
    pub raw_name: Option<Field>,
    /// `version`.
    pub version: Option<Field>,
    /// `license`.
    pub license: Option<Field>,
    /// `name`: what people call it.
    pub name: Option<Field>,
    /// `publisher`.
    pub publisher: Option<Field>,
}

/// The text of an element, without the white space around it, and the line that it begins in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The text.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
}

/// Why a file is not a `module.xml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Longer than is read.
    #[error("it is longer than {MAX_XML} bytes")]
    TooLong,
    /// Other text than UTF-8.
    #[error("line {line} is not UTF-8")]
    NotUtf8 {
        /// Which line, from 1.
        line: u32,
    },
    /// Not well-formed, or with a document type.
    #[error("it is not well-formed XML")]
    Form(#[source] roxmltree::Error),
    /// Something else than a module.
    #[error("its outermost element is <{0}>, not <module>")]
    Root(String),
    /// An element of which there can be one only.
    #[error("line {line} has a second <{element}>")]
    Twice {
        /// Which.
        element: &'static str,
        /// Which line, from 1.
        line: u32,
    },
}

impl XmlError {
    /// The line where it is wrong, from 1, where it is wrong in one.
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::TooLong => None,
            Self::NotUtf8 { line } | Self::Twice { line, .. } => Some(*line),
            Self::Form(error) => {
                // The parser says 1:1 where it does not know.
                let at = error.pos();
                (at.row, at.col).ne(&(1, 1)).then_some(at.row)
            }
            Self::Root(_) => None,
        }
    }
}

impl ModuleXml {
    /// Reads a `module.xml`, at most [`MAX_XML`] bytes.
    ///
    /// # Errors
    /// [`XmlError`] where it is too long, not UTF-8, not well-formed, no module, or says one of
    /// the things above twice.
    pub fn parse(untrusted: &[u8]) -> Result<Self, XmlError> {
        if untrusted.len() > MAX_XML {
            return Err(XmlError::TooLong);
        }
        let text = str::from_utf8(untrusted).map_err(|error| {
            let before = untrusted.get(..error.valid_up_to()).unwrap_or_default();
            XmlError::NotUtf8 { line: line_after(before) }
        })?;
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
        let document = Document::parse_with_options(text, options).map_err(XmlError::Form)?;
        let root = document.root_element();
        if !root.has_tag_name("module") {
            return Err(XmlError::Root(root.tag_name().name().chars().take(40).collect()));
        }
        Ok(Self {
            raw_name: field(root, "rawname")?,
            version: field(root, "version")?,
            license: field(root, "license")?,
            name: field(root, "name")?,
            publisher: field(root, "publisher")?,
        })
    }
}

fn line_after(before: &[u8]) -> u32 {
    let breaks = before.iter().filter(|b| **b == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

/// The one child of that name; an empty one is none.
fn field(root: Node<'_, '_>, element: &'static str) -> Result<Option<Field>, XmlError> {
    let mut children = root.children().filter(|child| child.has_tag_name(element));
    let Some(child) = children.next() else { return Ok(None) };
    let line = |node: Node<'_, '_>| root.document().text_pos_at(node.range().start).row;
    if let Some(second) = children.next() {
        return Err(XmlError::Twice { element, line: line(second) });
    }
    let text: String = child.children().filter_map(|part| part.text()).collect();
    let text = text.trim();
    Ok((!text.is_empty()).then(|| Field { text: text.to_owned(), line: line(child) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "<?xml version=\"1.0\"?>\n<module>\n  <rawname>demo</rawname>\n  \
        <name><![CDATA[Demo & Co]]></name>\n  <version> 17.0.1 </version>\n  \
        <license>GPLv3+</license>\n  <changelog>*17.0.1* <b/>first</changelog>\n  \
        <depends><version>16</version></depends>\n  <publisher/>\n</module>\n";

    #[test]
    fn a_module_says_what_it_is() {
        let xml = ModuleXml::parse(GOOD.as_bytes()).expect("a module");
        let field = |text: &str, line| Some(Field { text: text.to_owned(), line });
        assert_eq!(xml.raw_name, field("demo", 3));
        assert_eq!(xml.name, field("Demo & Co", 4));
        assert_eq!(xml.version, field("17.0.1", 5));
        assert_eq!(xml.license, field("GPLv3+", 6));
        assert_eq!(xml.publisher, None);
    }

    #[test]
    fn a_document_type_is_refused_so_that_no_entity_is_expanded() {
        let mut bomb = String::from("<!DOCTYPE m [<!ENTITY a0 \"ha\">");
        for n in 1..10 {
            let before = format!("&a{};", n - 1).repeat(10);
            bomb.push_str(&format!("<!ENTITY a{n} \"{before}\">"));
        }
        bomb.push_str("]><module><rawname>&a9;</rawname></module>");
        let file = "<!DOCTYPE m [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
            <module><rawname>&f;</rawname></module>";
        for document in [bomb.as_str(), file] {
            let error = ModuleXml::parse(document.as_bytes()).expect_err("refused");
            assert_eq!(error, XmlError::Form(roxmltree::Error::DtdDetected));
        }
    }

    #[test]
    fn what_is_no_module_is_refused_with_its_line() {
        let long = vec![b' '; MAX_XML + 1];
        let deep = "<a>".repeat(MAX_XML / 3);
        let wide = format!("<module>{}</module>", "<a/>".repeat(200_000));
        let cases: [(&[u8], Option<u32>); 9] = [
            (&long, None),
            (b"", None),
            (b"<module>\n<rawname>a</rawname>\n", None),
            (b"<module>\n<rawname>a</version></module>", Some(2)),
            (b"<module>\n\n<name>\xe9</name></module>", Some(3)),
            (b"<module>\n<?php echo 1;", Some(2)),
            (b"<modules/>", None),
            (deep.as_bytes(), None),
            (wide.as_bytes(), None),
        ];
        for (document, line) in cases {
            let error = ModuleXml::parse(document).expect_err("refused");
            assert_eq!(error.line(), line, "{error:?}");
        }
    }

    #[test]
    fn two_versions_are_refused() {
        let text = "<module><version>1</version>\n<version>2</version></module>";
        let twice = XmlError::Twice { element: "version", line: 2 };
        assert_eq!(ModuleXml::parse(text.as_bytes()), Err(twice));
    }
}
