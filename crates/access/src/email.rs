//! E-mail addresses and names as people type them.

use crate::error::AccessError;

const MAX_EMAIL: usize = 254;
const MAX_NAME: usize = 120;

/// The address in the form in which it is stored and compared: trimmed, in lower case.
///
/// # Errors
/// [`AccessError::Invalid`] when it cannot be an address.
pub fn parse_email(text: &str) -> Result<String, AccessError> {
    let email = text.trim().to_lowercase();
    let refuse = |message: &str| Err(AccessError::invalid("email", message));
    if email.len() > MAX_EMAIL {
        return refuse("is longer than 254 characters; give a shorter address");
    }
    let Some((local, domain)) = email.split_once('@') else {
        return refuse("is not an e-mail address; expected something like ada@example.org");
    };
    let plain = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    let labels_are_plain = domain.split('.').all(|label| !label.is_empty());
    if plain(local) && plain(domain) && labels_are_plain {
        Ok(email)
    } else {
        refuse("is not an e-mail address; expected something like ada@example.org")
    }
}

/// A person's or thing's name: trimmed, one line, 1 to 120 characters.
///
/// # Errors
/// [`AccessError::Invalid`] for an empty or long name, or one with control characters.
pub fn parse_name(text: &str) -> Result<String, AccessError> {
    let name = text.trim();
    let refuse = |message: &str| Err(AccessError::invalid("name", message));
    if name.is_empty() {
        return refuse("is missing; give 1 to 120 characters");
    }
    if name.chars().count() > MAX_NAME {
        return refuse("is longer than 120 characters; give a shorter one");
    }
    if name.chars().any(char::is_control) {
        return refuse("contains control characters; leave them out");
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lowered() {
        assert_eq!(parse_email("  Ada@Example.ORG ").as_deref(), Ok("ada@example.org"));
        assert_eq!(parse_email("root@localhost").as_deref(), Ok("root@localhost"));
        for wrong in ["", "ada", "@b.c", "a@", "a b@c.d", "a@b@c", "a@b..c", "a@b\n.c", "a\0@b.c"] {
            assert!(parse_email(wrong).is_err(), "{wrong:?}");
        }
        assert!(parse_email(&format!("{}@b.c", "a".repeat(300))).is_err());
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(parse_name(" Ada Lovelace ").as_deref(), Ok("Ada Lovelace"));
        for wrong in ["", "   ", "a\nb", "a\0b"] {
            assert!(parse_name(wrong).is_err(), "{wrong:?}");
        }
        assert!(parse_name(&"ä".repeat(120)).is_ok());
        assert!(parse_name(&"ä".repeat(121)).is_err());
    }
}
