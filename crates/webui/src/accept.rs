//! Which compressed form a client takes, by RFC 9110, section 12.5.3.

/// A compressed form that files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

impl Encoding {
    /// The name in headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// The first of `offered` (the best comes first) that the client likes no less than any other
/// and does not refuse; `None` means the plain bytes.
pub fn choose_encoding<T: Copy>(accept: &str, offered: &[(Encoding, T)]) -> Option<(Encoding, T)> {
    let mut best: Option<(u32, (Encoding, T))> = None;
    for candidate in offered {
        let weight = derive_weight(accept, candidate.0.as_str());
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, *candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Thousandths; 0 means refused or not named.
fn derive_weight(accept: &str, name: &str) -> u32 {
    let mut wildcard = 0;
    for entry in accept.split(',') {
        let mut words = entry.split(';');
        let coding = words.next().unwrap_or_default().trim();
        let weight = words.find_map(|word| word.trim().strip_prefix("q=")).map_or(1000, |text| {
            text.parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0) as u32)
        });
        if coding.eq_ignore_ascii_case(name) {
            return weight;
        }
        if coding == "*" {
            wildcard = weight;
        }
    }
    wildcard
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [(Encoding, ()); 2] = [(Encoding::Brotli, ()), (Encoding::Gzip, ())];

    fn choose(accept: &str) -> Option<Encoding> {
        choose_encoding(accept, &BOTH).map(|(encoding, ())| encoding)
    }

    #[test]
    fn the_smallest_form_that_is_accepted_wins() {
        assert_eq!(choose("gzip, deflate, br, zstd"), Some(Encoding::Brotli));
        assert_eq!(choose("gzip"), Some(Encoding::Gzip));
        assert_eq!(choose("GZIP;q=0.5"), Some(Encoding::Gzip));
        assert_eq!(choose("*"), Some(Encoding::Brotli));
    }

    #[test]
    fn a_refusal_and_a_preference_are_heard() {
        assert_eq!(choose(""), None);
        assert_eq!(choose("identity"), None);
        assert_eq!(choose("br;q=0, gzip"), Some(Encoding::Gzip));
        assert_eq!(choose("br;q=0.2, gzip;q=0.9"), Some(Encoding::Gzip));
        assert_eq!(choose("br;q=0, *;q=0"), None);
        assert_eq!(choose("br;q=nonsense"), None);
    }
}
