//! Names that travel to a provider: its own as parts of paths, and ours of what is done once.
//!
//! Invariants: nothing but a name gets into a path; a refund that is sent again has the same name,
//! and another one, however alike, another.

use gantry_ports::payments::{PaymentError, RefundOrder};

/// A name of a provider's as a part of a path: letters, digits and the provider's `marks`, and no
/// more than `longest` of them.
///
/// # Errors
/// [`PaymentError::NotFound`] for what is no such name.
pub(crate) fn segment<'n>(
    name: &'n str,
    marks: &[u8],
    longest: usize,
) -> Result<&'n str, PaymentError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    if (1..=longest).contains(&name.len()) && name.bytes().all(fits) {
        Ok(name)
    } else {
        Err(PaymentError::NotFound { what: "thing of this name" })
    }
}

/// The key with which a refund is done once, however often it is sent.
pub(crate) fn refund_key(order: &RefundOrder) -> String {
    format!("refund-{}", order.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_name_gets_into_a_path() {
        for name in ["sub_1", "A9", "in_12345"] {
            assert_eq!(segment(name, b"_", 8).ok(), Some(name));
        }
        for name in ["", "../keys", "a?b", "a%2F", "I-1", "in_123456"] {
            let told = segment(name, b"_", 8);
            assert!(matches!(told, Err(PaymentError::NotFound { .. })), "{name}");
        }
    }
}
