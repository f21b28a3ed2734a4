//! The fields of a type, as its JSON schema has them.

use std::collections::BTreeMap;

use serde_json::Value;

/// Every place at which a text of this schema can hold a value, like `decisions[].request`, and
/// what the schema says that it is.
pub fn leaves(schema: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk(schema, schema, String::new(), "", &mut found);
    found
}

fn walk(
    root: &Value,
    at: &Value,
    path: String,
    described: &str,
    found: &mut BTreeMap<String, String>,
) {
    let own = at["description"].as_str().unwrap_or_default();
    if let Some(name) = at["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
        let described = if own.is_empty() { described } else { own };
        return walk(root, &root["$defs"][name], path, described, found);
    }
    let described = if described.is_empty() { own } else { described };
    let variants = ["oneOf", "anyOf"].iter().find_map(|key| at[key].as_array());
    if let Some(variants) = variants {
        for variant in variants.iter().filter(|v| v["type"] != "null") {
            let object = variant["type"] == "object";
            let own = variant["description"].as_str().filter(|_| object);
            walk(root, variant, path.clone(), own.unwrap_or(described), found);
        }
        return;
    }
    if let Some(properties) = at["properties"].as_object() {
        for (name, value) in properties {
            let dot = if path.is_empty() { "" } else { "." };
            let inherited = value["description"].as_str().unwrap_or(
                // The one member of an enum's variant is described where the variant is.
                if properties.len() == 1 { described } else { "" },
            );
            walk(root, value, format!("{path}{dot}{name}"), inherited, found);
        }
        return;
    }
    if let Some(items) = at.get("items") {
        found.entry(path.clone()).or_insert_with(|| described.to_owned());
        return walk(root, items, format!("{path}[]"), described, found);
    }
    found.entry(path).or_insert_with(|| described.to_owned());
}

/// The table of a schema's fields, as docs/disclosure.md has it. A list stands in it once.
pub fn table(schema: &Value) -> String {
    let leaves = leaves(schema);
    let mut table = String::from("\n| field | what it is |\n|---|---|\n");
    for (path, description) in &leaves {
        if leaves.keys().any(|other| other.starts_with(&format!("{path}[]"))) {
            continue;
        }
        let text = description.split_whitespace().collect::<Vec<_>>().join(" ");
        table.push_str(&format!("| `{path}` | {} |\n", text.replace('|', "\\|")));
    }
    table.push('\n');
    table
}
