//! The links of mails, which prove that somebody reads a mailbox.
//!
//! Invariant: what is secret in a link is read from standard input, never from the command line.

use super::login::read_secret;
use crate::config::Secret;
use crate::console::Console;
use crate::failure::Failure;

/// Reads the link of a mail, or the token in it, and answers the token.
///
/// # Errors
/// A usage failure for a link without one.
pub fn read_token(console: Console) -> Result<Secret, Failure> {
    let link = read_secret(console, "Link of the mail: ")?;
    let token = find_token(link.expose());
    if token.is_empty() {
        return Err(Failure::usage("there is no token in the link")
            .with_next("copy the whole link of the mail"));
    }
    Ok(Secret::new(token))
}

/// The token of a link, or the text itself where it is no link.
fn find_token(link: &str) -> &str {
    let link = link.trim();
    let token = link.split_once("token=").map_or(link, |(_, token)| token);
    token.split('&').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_its_token() {
        assert_eq!(find_token(" https://h/keep-account?token=abc&x=y\n"), "abc");
        assert_eq!(find_token("abc"), "abc");
        assert_eq!(find_token("https://h/keep-account?token="), "");
    }
}
