//! The web app as bytes: what `web/` builds to, embedded, with its compressed forms.
//!
//! Without Node the build embeds a page that says how to build it ([`is_fallback`]); everything
//! here then still answers.
//!
//! Invariants: no file is read at run time; an asset's `ETag` changes with its bytes and its
//! encoding; only files with a hash in their name are immutable.

mod accept;

use accept::{Encoding, choose_encoding};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const FALLBACK: &str = include_str!("fallback.html");
const INDEX: &str = "index.html";
const NONCE: &str = "__CSP_NONCE__";
const REASON_MARK: &str = "__REASON__";

/// A file of the app, as the build script found it.
struct File {
    path: &'static str,
    hash: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// A file of the web app, ready to be sent. Answers vary by `Accept-Encoding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The body.
    pub bytes: &'static [u8],
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The value of `Content-Encoding`, if the body is compressed.
    pub encoding: Option<&'static str>,
    /// The value of `ETag`, with its quotes.
    pub etag: String,
    /// Whether the file may be kept for ever: its name has a hash of its bytes.
    pub immutable: bool,
}

/// Whether the build has the explaining page in the app's place.
#[must_use]
pub const fn is_fallback() -> bool {
    REASON.is_some()
}

/// The page of every path of the app that is not an asset. `nonce` goes into the page and into
/// the header `Content-Security-Policy`; it must be of `A-Z a-z 0-9 + / = - _` alone, since it is
/// written as it is.
#[must_use]
pub fn index_html(nonce: &str) -> String {
    let safe: String = nonce
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_'))
        .collect();
    let page = find_file(INDEX).and_then(|file| std::str::from_utf8(file.plain).ok());
    match page {
        Some(page) => page.replace(NONCE, &safe),
        None => fallback_html(REASON.unwrap_or("its page is missing"), &safe),
    }
}

fn fallback_html(reason: &str, safe_nonce: &str) -> String {
    FALLBACK.replace(NONCE, safe_nonce).replace(REASON_MARK, &escape(reason))
}

/// The file at `path`, which is relative to the app's base (`assets/index-3f2a.js`), in the best
/// encoding of the request's `Accept-Encoding` (empty if there is none). The app's page is not an
/// asset: see [`index_html`].
#[must_use]
pub fn asset(path: &str, accept_encoding: &str) -> Option<Asset> {
    let file = find_file(path).filter(|file| file.path != INDEX)?;
    let offered: Vec<(Encoding, &'static [u8])> = [
        file.brotli.map(|bytes| (Encoding::Brotli, bytes)),
        file.gzip.map(|bytes| (Encoding::Gzip, bytes)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let chosen = choose_encoding(accept_encoding, &offered);
    let (bytes, encoding) = match chosen {
        Some((encoding, bytes)) => (bytes, Some(encoding.as_str())),
        None => (file.plain, None),
    };
    Some(Asset {
        bytes,
        content_type: content_type_of(path),
        encoding,
        etag: format!("\"{}-{}\"", file.hash, encoding.unwrap_or("plain")),
        immutable: path.starts_with("assets/"),
    })
}

fn find_file(path: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.path.cmp(path)).ok().and_then(|index| FILES.get(index))
}

fn content_type_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "csv" => "text/csv; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_carries_the_nonce_and_nothing_that_could_break_out() {
        let page = index_html("abc+/=\"><script>");
        assert!(page.contains("\"abc+/=script\""), "the nonce is there, cleaned");
        assert!(!page.contains(NONCE));
        assert!(!page.contains(REASON_MARK));
        assert_eq!(is_fallback(), page.contains("not in this build"));
    }

    #[test]
    fn the_page_in_the_apps_place_says_why_and_how_to_add_the_app() {
        let page = fallback_html("npm says <no> & __CSP_NONCE__", "n0nce");
        assert!(page.contains("Reason: npm says &lt;no&gt; &amp; __CSP_NONCE__"), "{page}");
        assert_eq!(page.matches("nonce=\"n0nce\"").count(), 1);
        assert_eq!(page.matches("<h1>").count(), 1);
        for hint in ["Node 20.19", "npm 10", "GANTRY_UI=require cargo build", "/api/docs"] {
            assert!(page.contains(hint), "{hint}");
        }
        assert!(!page.contains(REASON_MARK) && !page.contains("<script"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for path in ["", "index.html", "../Cargo.toml", "assets/none.js", "/"] {
            assert_eq!(asset(path, "br, gzip"), None, "{path}");
        }
    }

    #[test]
    fn every_file_is_served_in_every_encoding_that_it_has() {
        for file in FILES.iter().filter(|file| file.path != INDEX) {
            let plain = asset(file.path, "").unwrap();
            assert_eq!((plain.encoding, plain.bytes), (None, file.plain));
            assert_ne!(plain.content_type, "application/octet-stream", "{}", file.path);
            let best = asset(file.path, "gzip, deflate, br").unwrap();
            assert_eq!(best.encoding, file.brotli.map(|_| "br"), "{}", file.path);
            assert_eq!(best.etag == plain.etag, file.brotli.is_none());
            assert!(best.bytes.len() <= plain.bytes.len());
        }
    }

    #[test]
    fn files_are_in_order_for_the_search() {
        assert!(FILES.windows(2).all(|pair| pair[0].path < pair[1].path));
    }
}
