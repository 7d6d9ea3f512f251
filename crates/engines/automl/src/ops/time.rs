//! A length of time as people write it: `60s`, `5m`, `1h` or a number of seconds.

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit(u32);

impl TimeLimit {
    /// So many seconds.
    #[must_use]
    pub const fn of_seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// As a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0))
    }

    fn find(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match text.get(digits.len()..)? {
            "" | "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        digits.trim().parse::<u32>().ok()?.checked_mul(factor).map(Self)
    }
}

impl Serialize for TimeLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}s", self.0))
    }
}

impl<'de> Deserialize<'de> for TimeLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = TimeLimit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as `60s`, `5m`, `1h` or a number of seconds")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<TimeLimit, E> {
                let found = u32::try_from(seconds).ok().map(TimeLimit);
                found.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(seconds), &self))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<TimeLimit, E> {
                let found = u32::try_from(seconds).ok().map(TimeLimit);
                found.ok_or_else(|| E::invalid_value(de::Unexpected::Signed(seconds), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TimeLimit, E> {
                let found = TimeLimit::find(text);
                found.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for TimeLimit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeLimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["60s", "5m"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let read = |text: &str| serde_json::from_str::<TimeLimit>(text).map(TimeLimit::seconds);
        for (text, seconds) in [("\"60s\"", 60), ("\"5m\"", 300), ("90", 90), ("\"1 h\"", 3_600)] {
            assert_eq!(read(text).unwrap(), seconds, "{text}");
        }
        for text in ["\"soon\"", "-3", "\"5 weeks\"", "\"99999999d\"", "true", "\"\""] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("such as `60s`"), "{text}: {error}");
        }
        assert_eq!(serde_json::to_string(&TimeLimit::of_seconds(7)).unwrap(), "\"7s\"");
    }
}
