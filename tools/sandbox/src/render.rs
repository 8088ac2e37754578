//! Objects as the API shows them.

use serde_json::Value;

/// `object` with the fields that the sandbox has no value for: the API shows them as null.
pub(crate) fn with_unset(mut object: Value, unset: &[&str]) -> Value {
    for field in unset {
        object[*field] = Value::Null;
    }
    object
}
