//! Invented people: names, addresses and numbers that belong to nobody.
//!
//! Mail and web addresses are in the domains that are reserved for examples; numbers of cards and
//! accounts have valid check digits and no owner.

use gantry_learn::Rng;

use super::Pattern;
use crate::metadata::Role;

const FIRST_NAMES: [&str; 48] = [
    "Ada", "Alma", "Anton", "Aron", "Bela", "Bruno", "Carla", "Clara", "Dario", "Dina", "Edda",
    "Elias", "Emil", "Enzo", "Fanny", "Felix", "Frida", "Georg", "Greta", "Hana", "Hugo", "Ida",
    "Igor", "Ines", "Iris", "Jana", "Jonas", "Julia", "Kara", "Kian", "Lara", "Leon", "Lina",
    "Luca", "Maja", "Marco", "Mila", "Nora", "Oskar", "Paula", "Rosa", "Ruben", "Selma", "Simon",
    "Tara", "Theo", "Vera", "Yara",
];
const LAST_NAMES: [&str; 48] = [
    "Abel", "Albers", "Almond", "Barlow", "Becker", "Birch", "Bolt", "Brandt", "Carver", "Castell",
    "Cole", "Dahl", "Decker", "Ellis", "Ember", "Falk", "Farrow", "Finch", "Garden", "Grau",
    "Hale", "Harper", "Holm", "Ivers", "Jansen", "Keller", "Kern", "Lang", "Larch", "Lund",
    "Marsh", "Meyer", "Moss", "Nash", "North", "Olsen", "Park", "Quill", "Reed", "Rowan", "Sommer",
    "Stone", "Thorn", "Vogel", "Wade", "Weber", "Wolf", "Young",
];
const STREETS: [&str; 16] = [
    "Amber", "Beech", "Canal", "Castle", "Cedar", "Church", "Garden", "Harbour", "Hill", "Lake",
    "Maple", "Market", "Mill", "River", "School", "Station",
];
const WAYS: [&str; 5] = ["Street", "Road", "Avenue", "Lane", "Way"];
const FIRMS: [&str; 5] = ["Ltd", "Group", "Partners", "Works", "& Co"];
const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];

fn pick<'a>(list: &[&'a str], rng: &mut Rng) -> &'a str {
    list.get(rng.below(list.len())).copied().unwrap_or("")
}

fn digits(count: usize, rng: &mut Rng) -> String {
    (0..count).map(|_| char::from(b'0' + rng.below(10) as u8)).collect()
}

/// A cell of this role; `pattern` is what the table's cells look like.
pub(super) fn make(role: Role, pattern: Option<&Pattern>, rng: &mut Rng) -> String {
    let (first, last) = (pick(&FIRST_NAMES, rng), pick(&LAST_NAMES, rng));
    match role {
        Role::FirstName => first.to_owned(),
        Role::LastName => last.to_owned(),
        Role::Name => format!("{first} {last}"),
        Role::Email => {
            let (first, last) = (first.to_lowercase(), last.to_lowercase());
            format!("{first}.{last}{}@{}", digits(4, rng), pick(&DOMAINS, rng))
        }
        Role::Phone => match pattern {
            Some(pattern) => pattern.make_any(rng),
            None => format!("+00 555 {}", digits(7, rng)),
        },
        Role::Address => {
            format!("{} {} {}", 1 + rng.below(240), pick(&STREETS, rng), pick(&WAYS, rng))
        }
        Role::Company => format!("{last} {}", pick(&FIRMS, rng)),
        Role::Iban => {
            let account = digits(18, rng);
            // The letters of `XX00` as numbers stand behind the account (ISO 7064, 97-10).
            let check = 98 - derive_remainder(&format!("{account}333300"), 97);
            format!("XX{check:02}{account}")
        }
        Role::CardNumber => {
            let body = format!("9{}", digits(14, rng));
            format!("{body}{}", derive_luhn(&body))
        }
        Role::Ip => format!("10.{}.{}.{}", rng.below(256), rng.below(256), 1 + rng.below(254)),
        Role::Url => format!(
            "https://{}/{}-{}",
            pick(&DOMAINS, rng),
            pick(&STREETS, rng).to_lowercase(),
            digits(4, rng)
        ),
        Role::Uuid => {
            let (a, b) = (rng.next_u64(), rng.next_u64());
            let high = (a & 0xffff_ffff_ffff_0fff) | 0x4000;
            let low = (b & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
            let hex = format!("{high:016x}{low:016x}");
            let part = |from: usize, to: usize| hex.get(from..to).unwrap_or("").to_owned();
            [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
        }
        Role::Number
        | Role::Integer
        | Role::Category
        | Role::Ordinal
        | Role::Boolean
        | Role::Date
        | Role::Pattern
        | Role::Id
        | Role::ForeignKey
        | Role::Text => format!("{first} {last}"),
    }
}

fn derive_remainder(digits: &str, modulus: u64) -> u64 {
    digits.bytes().fold(0, |rest, digit| (rest * 10 + u64::from(digit - b'0')) % modulus)
}

/// The check digit of a card number (Luhn).
fn derive_luhn(body: &str) -> u64 {
    let sum: u64 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u64::from(digit - b'0');
            let doubled = if place % 2 == 0 { digit * 2 } else { digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_valid() {
        assert_eq!(derive_luhn("7992739871"), 3);
        let mut rng = Rng::new(3);
        let iban = make(Role::Iban, None, &mut rng);
        let moved = format!("{}3333{}", &iban[4..], &iban[2..4]);
        assert_eq!(derive_remainder(&moved, 97), 1, "{iban}");
    }

    #[test]
    fn identifiers_look_like_their_kind() {
        let mut rng = Rng::new(3);
        let uuid = make(Role::Uuid, None, &mut rng);
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
        assert!(make(Role::Ip, None, &mut rng).starts_with("10."));
    }
}
