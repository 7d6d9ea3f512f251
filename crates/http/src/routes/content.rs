//! Bytes to download: ranges, tags, names.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_catalog::{ArtifactContent, CatalogError};

use crate::etag::is_known;
use crate::percent::encode;
use crate::problem::{Answer, Problem};

/// What a download is.
pub struct Download<'a> {
    /// The file's name.
    pub name: &'a str,
    /// The media type.
    pub media_type: &'a str,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: &'a str,
    /// Whether the browser shows it or saves it.
    pub disposition: Disposition,
}

/// What the browser does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Saves it.
    Attachment,
    /// Shows it in a frame that can do nothing.
    Inline,
}

/// What a page in a frame may do: show its own styles and pictures.
const FRAME_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     frame-ancestors 'self'";

impl Download<'_> {
    /// The strong tag of the bytes.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.sha256)
    }

    /// 304, when the client has the bytes.
    pub fn find_unchanged(&self, request: &HeaderMap) -> Answer<Option<Response>> {
        if !is_known(request, &self.etag()) {
            return Ok(None);
        }
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        self.add_headers(response.headers_mut())?;
        response.headers_mut().remove(header::CONTENT_TYPE);
        Ok(Some(response))
    }

    /// The bytes, or the part that was asked for.
    pub fn answer(&self, content: ArtifactContent) -> Answer {
        let length = content.range.end - content.range.start;
        let is_whole = length == content.total;
        let range = content.range;
        let mut response = Body::from_stream(content.chunks).into_response();
        let headers = response.headers_mut();
        self.add_headers(headers)?;
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if !is_whole {
            let words = format!("bytes {}-{}/{}", range.start, range.end - 1, content.total);
            headers.insert(header::CONTENT_RANGE, value(&words)?);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        Ok(response)
    }

    fn add_headers(&self, headers: &mut HeaderMap) -> Answer<()> {
        headers.insert(header::CONTENT_TYPE, self.content_type()?);
        headers.insert(header::ETAG, value(&self.etag())?);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::CONTENT_DISPOSITION, self.content_disposition()?);
        if self.disposition == Disposition::Inline {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAME_POLICY));
            headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
        }
        Ok(())
    }

    fn content_type(&self) -> Answer<HeaderValue> {
        let is_text = self.media_type.starts_with("text/") || self.media_type == "image/svg+xml";
        if is_text && !self.media_type.contains("charset") {
            return value(&format!("{}; charset=utf-8", self.media_type));
        }
        value(self.media_type)
    }

    fn content_disposition(&self) -> Answer<HeaderValue> {
        let word = match self.disposition {
            Disposition::Attachment => "attachment",
            Disposition::Inline => "inline",
        };
        let plain: String = self
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' })
            .collect();
        let encoded = encode(self.name);
        value(&format!("{word}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
    }
}

fn value(text: &str) -> Answer<HeaderValue> {
    HeaderValue::from_str(text)
        .map_err(|_| Problem::internal(format!("`{text}` is no header value")))
}

/// A refused range says how long the file is.
pub fn refuse_range(error: CatalogError) -> Response {
    let bytes = match &error {
        CatalogError::RangeOutside { bytes } => Some(*bytes),
        _ => None,
    };
    let mut response = Problem::from(error).into_response();
    if let Some(Ok(range)) = bytes.map(|bytes| HeaderValue::from_str(&format!("bytes */{bytes}"))) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_their_header() {
        let download = Download {
            name: "größe \"x\"\r\n;.csv",
            media_type: "text/csv",
            sha256: "ab",
            disposition: Disposition::Attachment,
        };
        assert_eq!(
            download.content_disposition().unwrap(),
            "attachment; filename=\"gr__e _x____.csv\"; \
             filename*=UTF-8''gr%C3%B6%C3%9Fe%20%22x%22%0D%0A%3B.csv"
        );
        assert_eq!(download.content_type().unwrap(), "text/csv; charset=utf-8");
    }
}
