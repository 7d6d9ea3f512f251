//! Hashes of passwords that other software made: bcrypt, and Argon2id of another cost.
//!
//! Invariant: as long as anybody has a hash of bcrypt, every check does the work of the most
//! expensive one, no more and no less, so that its time does not tell who has which.

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::str::FromStr as _;

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;
use bcrypt::HashParts;

use crate::error::AccessError;

/// Costs of bcrypt that are taken; each one doubles the work.
const COSTS: RangeInclusive<u32> = 4..=12;
const BCRYPT: [&str; 3] = ["$2a$", "$2b$", "$2y$"];
const ARGON2ID: &str = "$argon2id$";
/// The most memory, passes and lanes of Argon2id that are taken.
const MOST_KIB: u32 = 64 << 10;
const MOST_PASSES: u32 = 4;
const MOST_LANES: u32 = 4;

/// The cost of a hash of bcrypt; `None` for every other.
pub(crate) fn cost_of(hash: &str) -> Option<u32> {
    BCRYPT.iter().find(|prefix| hash.starts_with(**prefix))?;
    hash.get(4..6)?.parse().ok()
}

/// Whether a hash can be kept, with its cost where it is bcrypt's; why not, for people.
pub(crate) fn inspect(hash: &str) -> Result<Option<u32>, String> {
    if BCRYPT.iter().any(|prefix| hash.starts_with(prefix)) {
        let parts = HashParts::from_str(hash).map_err(|error| error.to_string())?;
        let cost = parts.get_cost();
        if COSTS.contains(&cost) {
            return Ok(Some(cost));
        }
        let (least, most) = (COSTS.start(), COSTS.end());
        return Err(format!("bcrypt of cost {cost} is not taken, only {least} to {most}"));
    }
    if !hash.starts_with(ARGON2ID) {
        return Err("it begins with none of $2a$, $2b$, $2y$ and $argon2id$".to_owned());
    }
    let parsed = PasswordHash::new(hash).map_err(|error| error.to_string())?;
    if parsed.hash.is_none() || parsed.salt.is_none() {
        return Err("its salt or its hash is missing".to_owned());
    }
    let params = Params::try_from(&parsed).map_err(|error| error.to_string())?;
    let is_small = params.m_cost() <= MOST_KIB
        && params.t_cost() <= MOST_PASSES
        && params.p_cost() <= MOST_LANES;
    if is_small {
        return Ok(None);
    }
    Err(format!(
        "its cost is above m={MOST_KIB}, t={MOST_PASSES}, p={MOST_LANES}, the most that is taken"
    ))
}

/// Whether a password fits a hash of bcrypt, which knows the first 72 bytes of a password alone.
///
/// # Errors
/// [`AccessError::Hashing`] for a hash that is none.
pub(crate) fn verify(password: &str, hash: &str) -> Result<bool, AccessError> {
    bcrypt::verify(password, hash)
        .map_err(|error| AccessError::Hashing { reason: error.to_string() })
}

/// What of the work of bcrypt is done in a check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// The cost of the hash that is checked, if it is bcrypt's.
    pub done: Option<u32>,
    /// The highest cost that anybody has; nobody has any without.
    pub whole: Option<u32>,
}

/// Does the whole work for nobody, less what is done. As each cost doubles it, those from one cost
/// up to another make the difference between them.
pub(crate) fn complete(work: Work) {
    for cost in missing_costs(work) {
        black_box(bcrypt::bcrypt(cost, black_box([0; 16]), b"nobody\0"));
    }
}

fn missing_costs(Work { done, whole }: Work) -> std::ops::Range<u32> {
    match (done, whole.map(|whole| whole.min(*COSTS.end()))) {
        (_, None) => 0..0,
        (Some(done), Some(whole)) => done..whole,
        (None, Some(whole)) => whole..whole.saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of `a good long one`, made by Python's bcrypt and argon2-cffi.
    const OF_PYTHON: &str = "$2b$05$H7FhKUX9cnvp.VLZuEcMu.dqM1nOA7U/OwoLM8wrzVPVPRVpwyWP6";
    const OF_ARGON2_CFFI: &str = "$argon2id$v=19$m=1024,t=2,p=1$egolVEXy0dbxdyfunAOyRg$WymSoN0cjkns7Aq9KrRcFwdHTGSCiOy2JZdy8YyDDBM";

    #[test]
    fn hashes_of_other_software_are_known() {
        for prefix in BCRYPT {
            let hash = format!("{prefix}{}", &OF_PYTHON[4..]);
            assert_eq!(inspect(&hash), Ok(Some(5)), "{prefix}");
            assert_eq!(cost_of(&hash), Some(5));
            assert_eq!(verify("a good long one", &hash), Ok(true));
            assert_eq!(verify("a good long onf", &hash), Ok(false));
        }
        assert_eq!(inspect(OF_ARGON2_CFFI), Ok(None));
        assert_eq!(cost_of(OF_ARGON2_CFFI), None);
    }

    #[test]
    fn others_are_refused_with_a_reason() {
        let costly = OF_PYTHON.replacen("$05$", "$15$", 1);
        let large = OF_ARGON2_CFFI.replacen("m=1024", "m=4194304", 1);
        for (hash, reason) in [
            ("", "begins with none of"),
            ("5f4dcc3b5aa765d61d8327deb882cf99", "begins with none of"),
            ("$2x$05$abc", "begins with none of"),
            ("$2b$05$short", "60"),
            (costly.as_str(), "cost 15 is not taken, only 4 to 12"),
            ("$argon2id$v=19$m=64,t=1,p=1", "is missing"),
            (large.as_str(), "above m=65536"),
        ] {
            let refusal = inspect(hash).unwrap_err();
            assert!(refusal.contains(reason), "{hash}: {refusal}");
        }
    }

    #[test]
    fn a_password_counts_up_to_its_72nd_byte() {
        let long = "seventy-two bytes and no more of them ".repeat(2);
        assert_eq!(long.len(), 76);
        let hash = bcrypt::hash(&long, 4).unwrap();
        assert_eq!(verify(&long[..72], &hash), Ok(true));
        assert_eq!(verify(&long[..71], &hash), Ok(false));
    }

    #[test]
    fn every_check_does_the_same_work() {
        let rounds = |costs: std::ops::Range<u32>| costs.map(|cost| 1_u64 << cost).sum::<u64>();
        let of = |done, whole| Work { done, whole };
        assert_eq!(rounds(missing_costs(of(Some(12), None))), 0);
        assert_eq!(rounds(missing_costs(of(None, None))), 0);
        for whole in COSTS {
            assert_eq!(rounds(missing_costs(of(None, Some(whole)))), 1 << whole);
            for done in 4..=whole {
                let all = (1 << done) + rounds(missing_costs(of(Some(done), Some(whole))));
                assert_eq!(all, 1 << whole, "{done} of {whole}");
            }
        }
    }
}
