//! Percent-encoding of text in addresses and in the values of header parameters (RFC 3986, 2.1;
//! RFC 8187).

/// Encodes everything but letters, digits and `.-_~`.
pub fn encode(text: &str) -> String {
    text.bytes().map(encode_byte).collect()
}

fn encode_byte(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
