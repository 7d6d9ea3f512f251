//! `Range` headers (RFC 9110, section 14.2).

use axum::http::{HeaderMap, header};
use gantry_catalog::ByteRange;

/// The one range of bytes that is asked for. Several ranges, other units and what cannot be read
/// are ignored, as the standard allows; so is a range that is bound to another representation.
pub fn find_range(headers: &HeaderMap, etag: &str) -> Option<ByteRange> {
    if let Some(condition) = headers.get(header::IF_RANGE)
        && condition.to_str().ok() != Some(etag)
    {
        return None;
    }
    let text = headers.get(header::RANGE)?.to_str().ok()?;
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| -> Option<Option<u64>> {
        let text = text.trim();
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    };
    let range = ByteRange { first: number(first)?, last_or_length: number(last)? };
    let is_empty = range.first.is_none() && range.last_or_length.is_none();
    (!is_empty).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn range(text: &'static str) -> Option<(Option<u64>, Option<u64>)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static(text));
        find_range(&headers, "\"a\"").map(|range| (range.first, range.last_or_length))
    }

    #[test]
    fn one_range_is_read_and_the_rest_ignored() {
        assert_eq!(range("bytes=0-9"), Some((Some(0), Some(9))));
        assert_eq!(range("bytes=5-"), Some((Some(5), None)));
        assert_eq!(range("bytes=-5"), Some((None, Some(5))));
        for ignored in ["bytes=-", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "", "bytes=5--1"] {
            assert_eq!(range(ignored), None, "{ignored}");
        }
    }

    #[test]
    fn a_range_of_another_representation_is_ignored() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-9"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"b\""));
        assert!(find_range(&headers, "\"a\"").is_none());
        assert!(find_range(&headers, "\"b\"").is_some());
    }
}
