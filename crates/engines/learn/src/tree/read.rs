//! Reads long lists into room of their own length: growing step by step would hold them twice.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Elements for which room is made on the word of the bytes alone; longer lists grow.
const MOST: usize = 4 << 20;

/// A list as long as it says it is.
pub(super) fn read_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(List(PhantomData))
}

struct List<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut read = Vec::new();
        read.reserve_exact(list.size_hint().unwrap_or(0).min(MOST));
        while let Some(element) = list.next_element()? {
            read.push(element);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Held {
        #[serde(deserialize_with = "read_list")]
        list: Vec<f32>,
    }

    #[test]
    fn lists_take_the_room_that_they_need_and_false_lengths_end_in_an_error() {
        let list: Vec<f32> = (0..400_000_u32).map(|at| at as f32).collect();
        let bytes = postcard::to_stdvec(&list).unwrap();
        let held: Held = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(held.list.capacity(), list.len());
        assert_eq!(held.list, list);
        let mut endless = postcard::to_stdvec(&u64::MAX).unwrap();
        endless.extend([0; 8]);
        assert!(postcard::from_bytes::<Held>(&endless).is_err());
    }
}
