//! `readMask`: which fields of a resource an answer has.

use crate::api_error::ApiError;
use crate::table::Table;
use serde::Serialize;

/// The fields that were asked for; [`None`] stands for all of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Mask<'a>(Option<Vec<&'a str>>);

impl<'a> Mask<'a> {
    /// Parses `readMask`. It asks for all fields with `*`, or by naming none.
    pub fn parse<T>(table: &Table<T>, text: &'a str) -> Result<Self, ApiError> {
        let fields: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
            .collect();
        if fields.is_empty() || fields == ["*"] {
            return Ok(Self(None));
        }
        match fields.iter().find(|field| table.column(field).is_none()) {
            None => Ok(Self(Some(fields))),
            Some(field) => Err(ApiError::invalid(format!(
                "readMask: there is no field {field:?}"
            ))),
        }
    }

    /// The resource as JSON, with only the fields that were asked for.
    pub fn apply(&self, resource: impl Serialize) -> serde_json::Value {
        let mut resource = serde_json::to_value(resource).unwrap_or_default();
        if let (Some(mask), Some(fields)) = (&self.0, resource.as_object_mut()) {
            fields.retain(|field, _| mask.contains(&field.as_str()));
        }
        resource
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::KEYS;

    #[test]
    fn a_mask_can_only_name_known_fields() {
        for all in ["", " , ", "*", " *, "] {
            assert_eq!(Mask::parse(&KEYS, all).unwrap(), Mask(None), "{all}");
        }
        let two = Mask::parse(&KEYS, "keyId, email").unwrap();
        assert_eq!(two, Mask(Some(vec!["keyId", "email"])));
        for wrong in ["keyId,hash", "keyId,*", "**"] {
            assert!(Mask::parse(&KEYS, wrong).is_err(), "{wrong}");
        }
    }
}
