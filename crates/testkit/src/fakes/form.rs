//! Fields of forms and queries, `a[b][0]=c`, percent-decoded.

/// Fields in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    pub(super) fn find(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Every value of a key that ends in `[]`.
    pub(super) fn list(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == key).map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.find(key)?.parse().ok()
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.find(key) == Some("true")
    }

    /// What stands under `prefix[…]`, by its last name.
    pub(super) fn under(&self, prefix: &str) -> serde_json::Map<String, serde_json::Value> {
        let inside = |key: &str| {
            let rest = key.strip_prefix(prefix)?.strip_prefix('[')?;
            Some(rest.strip_suffix(']')?.to_owned())
        };
        self.0
            .iter()
            .filter_map(|(key, value)| Some((inside(key)?, value.as_str().into())))
            .collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let code = text.get(place + 1..place + 3).filter(|_| *byte == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                decoded.push(code);
                place += 3;
            }
            None => {
                decoded.push(if *byte == b'+' { b' ' } else { *byte });
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
