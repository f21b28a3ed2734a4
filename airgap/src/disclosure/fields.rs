//! The fields of a JSON text, and how many bytes each takes.

use serde_json::Value;

/// One field, wherever it comes in a text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Field {
    /// Its place: `outcome.signed.signatures[]`.
    pub path: String,
    /// How often it comes.
    pub count: usize,
    /// How many bytes its values take together, as they are written.
    pub bytes: usize,
}

/// The fields of `value` that hold something, in the order in which they first come.
pub fn fields(value: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

/// What is left of a text of `length` bytes beside its fields: their names, and what stands between
/// them. None where nothing is.
pub(super) fn rest(fields: &[Field], length: usize) -> Option<Field> {
    let bytes = length.checked_sub(fields.iter().map(|field| field.bytes).sum())?;
    let path = "(names and punctuation)".to_owned();
    (bytes > 0).then_some(Field { path, count: 1, bytes })
}

fn walk(value: &Value, path: String, found: &mut Vec<Field>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                walk(value, format!("{path}{dot}{name}"), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                walk(item, format!("{path}[]"), found);
            }
        }
        leaf => {
            let bytes = leaf.to_string().len();
            match found.iter_mut().find(|field| field.path == path) {
                Some(field) => {
                    field.count += 1;
                    field.bytes += bytes;
                }
                None => found.push(Field { path, count: 1, bytes }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_leaf_is_counted_once_under_its_path() {
        let text = json!({ "a": 1, "b": { "c": ["xy", "z"], "d": [] }, "e": [{ "f": null }] });
        let found: Vec<_> = fields(&text).into_iter().map(|f| (f.path, f.count, f.bytes)).collect();
        let expected = [("a", 1, 1), ("b.c[]", 2, 7), ("b.d", 1, 2), ("e[].f", 1, 4)];
        assert_eq!(found, expected.map(|(path, count, bytes)| (path.to_owned(), count, bytes)));
    }
}
