//! A report as a person reads it: every item with its reason, and just the text that is written.

use std::fmt;

use countersign::safe::{Safe, counted};

use super::{Item, Report};

impl Item {
    /// How many bytes of text it gives away: its facts, names and values.
    pub fn bytes(&self) -> usize {
        self.facts.iter().map(|fact| fact.name.len() + fact.value.len()).sum()
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (item, bytes) = (self.item, counted(self.bytes(), "byte"));
        writeln!(f, "{} ({bytes}): {}", item.name(), item.reason())?;
        let width = self.facts.iter().map(|fact| fact.name.chars().count()).max().unwrap_or(0);
        for fact in &self.facts {
            let (name, value) = (Safe(&fact.name).to_string(), Safe(&fact.value));
            writeln!(f, "  {name:width$}  {value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            write!(f, "{item}")?;
        }
        let left_out: Vec<&str> = self.left_out.iter().map(|item| item.name()).collect();
        if left_out.is_empty() {
            return Ok(());
        }
        writeln!(f, "left out: {}", left_out.join(", "))
    }
}
