//! The checksum of an array's metadata.
//!
//! Chunks have checksums of their own, but metadata with one changed character gives other pixels without an error: with
//! another separator, no chunk is found, and an absent chunk means the fill value.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The attribute that holds what this library says about an array.
pub const OURS: &str = "qlty";

/// The entry of [`OURS`] with the checksum.
const CHECKSUM: &str = "checksum";

/// Adds to the metadata of a Zarr v3 array, a JSON object with attributes, its checksum.
pub fn seal(document: &mut Value) {
    let checksum = checksum(document);
    if let Some(attributes) = document["attributes"].as_object_mut() {
        let ours = attributes.entry(OURS).or_insert_with(|| Value::Object(Map::new()));
        ours[CHECKSUM] = json!(checksum);
    }
}

/// The checksum that the metadata holds and the one that it should hold, if it holds one.
pub fn sealed(document: &Value) -> Option<(u32, u32)> {
    let ours = &document["attributes"][OURS];
    // In the first format of results on disk, the checksum was that of a part.
    let expected = ours.get(CHECKSUM).filter(|_| ours["format"] != json!(1))?;
    Some((checksum(document), expected.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()))
}

/// The checksum of all metadata that pixels depend on, except for attributes of others, which users may add or change.
fn checksum(document: &Value) -> u32 {
    let mut document = document.clone();
    if let Some(attributes) = document["attributes"].as_object_mut() {
        attributes.retain(|name, _| name.starts_with(OURS));
        if let Some(ours) = attributes.get_mut(OURS).and_then(Value::as_object_mut) {
            ours.remove(CHECKSUM);
        }
    }
    let mut text = String::new();
    write_sorted(&document, &mut text);
    crc32c::crc32c(text.as_bytes())
}

/// Writes a value with the keys of its objects in order, so that their order in the file does not matter.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(entries) => {
            let sorted: BTreeMap<_, _> = entries.iter().collect();
            for (name, value) in sorted {
                *text += &format!("{}:{{", json!(name));
                write_sorted(value, text);
                text.push('}');
            }
        }
        Value::Array(values) => {
            for value in values {
                text.push('[');
                write_sorted(value, text);
                text.push(']');
            }
        }
        value => *text += &value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_except_those_of_others() {
        let mut document = json!({"shape": [3, 4], "fill_value": 0.1, "attributes": {"qlty": {"files": 2}}});
        assert_eq!(sealed(&document), None);
        seal(&mut document);
        let is_sealed = |document: &Value| sealed(document).is_some_and(|(got, expected)| got == expected);
        let text = document.to_string();
        assert!(is_sealed(&serde_json::from_str(&text).unwrap()));
        for (from, to) in [("[3,4]", "[3,5]"), ("0.1", "0.2"), (":2", ":3"), ("shape", "shaqe"), ("[3,4]", "[34]")] {
            let changed = text.replacen(from, to, 1);
            assert!(changed != text && !is_sealed(&serde_json::from_str(&changed).unwrap()), "{changed}");
        }
        document["attributes"]["unit"] = json!("mm");
        assert!(is_sealed(&document));
    }
}
