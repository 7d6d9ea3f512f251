//! From a letter to a mail.
//!
//! A template is a subject, a blank line, and paragraphs; a paragraph `@ Words: link` is the
//! letter's one button. Invariant: what a person typed cannot become a button or a paragraph, as
//! those are marked before values are put in, by characters that no name may contain.

use gantry_ports::Mail;
use gantry_ports::store::QueuedMail;
use gantry_types::{Locale, MailId, Timestamp};
use minijinja::{Environment, Value, context};

use crate::letter::{Addressee, Letter};

const LAYOUT: &str = "layout.html";
/// Marks a button once a template was read.
const BUTTON: char = '\u{1}';

macro_rules! templates {
    ($($kind:literal),+ $(,)?) => {
        &[$(
            (Locale::English, $kind, include_str!(concat!("templates/en/", $kind, ".txt"))),
            (Locale::German, $kind, include_str!(concat!("templates/de/", $kind, ".txt"))),
        )+]
    };
}

const TEMPLATES: &[(Locale, &str, &str)] = templates![
    "verify_email",
    "reset_password",
    "password_changed",
    "change_email",
    "email_change_asked",
    "email_changed",
    "second_factor_changed",
    "way_in_changed",
    "receipt",
    "payment_failed",
    "refunded",
    "refund_failed",
    "low_balance",
    "trial_ending",
    "plan_changed",
    "account_leaving",
    "organization_closing",
    "restricted",
    "reinstated",
    "invitation",
];

/// A letter could not be written: a template is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a letter could not be written: {reason}")]
pub struct LettersError {
    /// Which template, and what is wrong with it.
    pub reason: String,
}

impl From<minijinja::Error> for LettersError {
    fn from(error: minijinja::Error) -> Self {
        Self { reason: error.to_string() }
    }
}

/// Writes letters for one product.
pub struct Letters {
    templates: Environment<'static>,
    public_url: String,
}

impl Letters {
    /// For the product `brand` that people reach at `public_url`.
    ///
    /// # Errors
    /// [`LettersError`] when an embedded template is wrong.
    pub fn new(brand: &str, public_url: &str) -> Result<Self, LettersError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        for (locale, kind, source) in TEMPLATES {
            let marked = source.replace("\n@ ", &format!("\n{BUTTON}"));
            templates.add_template_owned(template_name(*locale, kind), marked)?;
        }
        templates.add_template(LAYOUT, include_str!("templates/layout.html"))?;
        templates.add_global("brand", brand.to_owned());
        let public_url = public_url.trim_end_matches('/').to_owned();
        Ok(Self { templates, public_url })
    }

    /// Writes a letter; it is to be put into the outbox by the caller's transaction.
    ///
    /// # Errors
    /// [`LettersError`].
    pub fn write(
        &self,
        letter: &Letter,
        to: &Addressee,
        now: Timestamp,
    ) -> Result<QueuedMail, LettersError> {
        let name = template_name(to.locale, letter.kind());
        let link = format!("{}{}", self.public_url, letter.path());
        let values = context! { link, ..letter.values() };
        let body = self.templates.get_template(&name)?.render(values)?;
        let (subject, body) = body
            .split_once("\n\n")
            .ok_or_else(|| LettersError { reason: format!("{name} has no subject") })?;
        let paragraphs: Vec<Paragraph<'_>> = body.split("\n\n").map(Paragraph::read).collect();
        let mail = Mail {
            id: MailId::generate(),
            recipient: to.email.clone(),
            subject: subject.trim().to_owned(),
            text: write_text(&paragraphs),
            html: self.write_html(subject.trim(), to.locale, &paragraphs)?,
        };
        let kind = letter.kind().to_owned();
        Ok(QueuedMail { mail, kind, user_id: to.user_id, attempts: 0, created_at: now })
    }

    fn write_html(
        &self,
        subject: &str,
        locale: Locale,
        paragraphs: &[Paragraph<'_>],
    ) -> Result<String, LettersError> {
        let paragraphs: Vec<Value> = paragraphs.iter().map(Paragraph::to_value).collect();
        let values = context! { subject, language => locale.as_str(), paragraphs };
        Ok(self.templates.get_template(LAYOUT)?.render(values)?)
    }
}

fn template_name(locale: Locale, kind: &str) -> String {
    format!("{locale}/{kind}.txt")
}

/// A part of a letter.
enum Paragraph<'a> {
    Words(&'a str),
    Button { words: &'a str, link: &'a str },
}

impl<'a> Paragraph<'a> {
    fn read(text: &'a str) -> Self {
        let text = text.trim_matches('\n');
        let button = text.strip_prefix(BUTTON).and_then(|button| button.split_once(": "));
        match button {
            Some((words, link)) => Self::Button { words, link: link.trim() },
            None => Self::Words(text),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Words(words) => context! { words => *words },
            Self::Button { words, link } => context! { words => *words, link => *link },
        }
    }
}

fn write_text(paragraphs: &[Paragraph<'_>]) -> String {
    let texts: Vec<String> = paragraphs
        .iter()
        .map(|paragraph| match paragraph {
            Paragraph::Words(words) => (*words).to_owned(),
            Paragraph::Button { words, link } => format!("{words}:\n{link}"),
        })
        .collect();
    format!("{}\n", texts.join("\n\n").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::{Credits, Currency, Money, Role};

    fn all_letters() -> Vec<Letter> {
        let name = || "Ada <b>".to_owned();
        let token = || "secret".to_owned();
        let at = Timestamp::from_micros(1_700_000_000_000_000);
        let amount = Money::parse("9.99", Currency::usd()).unwrap();
        vec![
            Letter::VerifyEmail { name: name(), token: token() },
            Letter::ResetPassword { name: name(), token: token() },
            Letter::PasswordChanged { name: name(), at, ip: "192.0.2.1".to_owned() },
            Letter::ChangeEmail { name: name(), token: token() },
            Letter::EmailChangeAsked { name: name(), email: "new@example.org".to_owned() },
            Letter::EmailChanged { name: name(), email: "new@example.org".to_owned() },
            Letter::SecondFactorChanged { name: name(), turned_on: true },
            Letter::SecondFactorChanged { name: name(), turned_on: false },
            Letter::WayInChanged { name: name(), way: "Google".to_owned(), added: true },
            Letter::WayInChanged { name: name(), way: name(), added: false },
            Letter::Receipt {
                organization: name(),
                amount,
                description: "Ten & more".to_owned(),
                credits: Some(Credits::new(100)),
            },
            Letter::PaymentFailed {
                organization: name(),
                amount,
                description: "Basic".to_owned(),
                grace_days: 7,
            },
            Letter::Refunded { organization: name(), amount },
            Letter::RefundFailed { organization: name(), amount, credits: Some(Credits::new(100)) },
            Letter::RefundFailed { organization: name(), amount, credits: None },
            Letter::LowBalance { organization: name(), left: Credits::new(7) },
            Letter::TrialEnding {
                organization: name(),
                plan: "Basic".to_owned(),
                price: Some(amount),
                at,
            },
            Letter::TrialEnding { organization: name(), plan: name(), price: None, at },
            Letter::PlanChanged {
                organization: name(),
                before: "Free".to_owned(),
                after: "Basic".to_owned(),
            },
            Letter::AccountLeaving { name: name(), at, token: token() },
            Letter::OrganizationClosing {
                name: name(),
                organization: "Engines & Co".to_owned(),
                at,
            },
            Letter::Restricted { name: name(), banned: false, until: Some(at) },
            Letter::Restricted { name: name(), banned: false, until: None },
            Letter::Restricted { name: name(), banned: true, until: None },
            Letter::Reinstated { name: name() },
            Letter::Invitation {
                inviter: name(),
                organization: "Engines & Co".to_owned(),
                role: Role::Viewer,
                token: token(),
            },
        ]
    }

    fn write(letter: &Letter, locale: Locale) -> Mail {
        let letters = Letters::new("Gantry", "https://gantry.example/").unwrap();
        let to = Addressee { email: "ada@example.org".to_owned(), locale, user_id: None };
        letters.write(letter, &to, Timestamp::from_micros(0)).unwrap().mail
    }

    #[test]
    fn every_letter_is_written_in_every_language_as_text_and_html() {
        for letter in all_letters() {
            let mut subjects = Vec::new();
            for &locale in Locale::ALL {
                let mail = write(&letter, locale);
                let link = format!("https://gantry.example{}", letter.path());
                assert!(mail.text.contains(&format!(":\n{link}")), "{}", mail.text);
                assert!(mail.html.contains(&format!("lang=\"{locale}\"")), "{}", mail.html);
                assert!(mail.html.contains("<a "), "{}", mail.html);
                assert!(!mail.html.contains("<b>"), "{}", mail.html);
                assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'));
                assert!(!mail.text.contains(BUTTON) && !mail.html.contains(BUTTON));
                subjects.push(mail.subject);
            }
            subjects.dedup();
            assert_eq!(subjects.len(), Locale::ALL.len(), "a letter is not translated");
        }
    }

    #[test]
    fn a_name_cannot_make_a_button() {
        let letter = Letter::Invitation {
            inviter: "@ Click: https://evil.example".to_owned(),
            organization: "x".to_owned(),
            role: Role::Member,
            token: "secret".to_owned(),
        };
        let mail = write(&letter, Locale::English);
        assert!(!mail.html.contains("href=\"https:&#x2f;&#x2f;evil"), "{}", mail.html);
        assert_eq!(mail.html.matches("<a ").count(), 1, "{}", mail.html);
    }

    #[test]
    fn secrets_do_not_print() {
        let letter = Letter::VerifyEmail { name: "Ada".to_owned(), token: "s3cr3t".to_owned() };
        let mail = write(&letter, Locale::English);
        assert!(mail.text.contains("s3cr3t"));
        assert!(!format!("{mail:?}").contains("s3cr3t"));
    }
}
