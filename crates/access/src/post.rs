//! Letters on their way out.

use gantry_letters::{Addressee, Letter};
use gantry_ports::store::{QueuedMail, User};
use gantry_types::{Locale, Timestamp};

use crate::Access;
use crate::error::AccessError;

impl Access {
    /// A letter to a user, at the address that they have.
    pub(crate) fn write_letter(
        &self,
        letter: &Letter,
        user: &User,
        now: Timestamp,
    ) -> Result<QueuedMail, AccessError> {
        self.write_letter_to(letter, (user, &user.email), now)
    }

    /// A letter to a user, at another address of theirs.
    pub(crate) fn write_letter_to(
        &self,
        letter: &Letter,
        (user, email): (&User, &str),
        now: Timestamp,
    ) -> Result<QueuedMail, AccessError> {
        let to = Addressee { email: email.to_owned(), locale: user.locale, user_id: Some(user.id) };
        Ok(self.letters.write(letter, &to, now)?)
    }

    /// A letter to somebody who may have no account.
    pub(crate) fn write_letter_to_stranger(
        &self,
        letter: &Letter,
        (email, locale): (&str, Locale),
        now: Timestamp,
    ) -> Result<QueuedMail, AccessError> {
        let to = Addressee { email: email.to_owned(), locale, user_id: None };
        Ok(self.letters.write(letter, &to, now)?)
    }

    /// Tells the sender of mails that there is something, after the commit.
    pub(crate) fn ring(&self) {
        self.posted.notify_one();
    }
}
