//! The embedded web app under `/app`.
//!
//! Invariants: a path that names no asset is the app's page, so that a bookmark works; a missing
//! asset is 404 and never the page; files with a hash in their name are kept for ever.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use gantry_types::ProblemCode;

use crate::etag::is_known;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// `/app` and everything under it.
pub fn app_routes() -> Router<AppState> {
    Router::new()
        .route("/app", get(|| async { Redirect::permanent("/app/") }))
        .route("/app/", get(get_page))
        .route("/app/{*path}", get(get_file))
}

async fn get_page() -> Answer {
    page()
}

async fn get_file(Path(path): Path<String>, headers: HeaderMap) -> Answer {
    let accept = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let Some(asset) = gantry_webui::asset(&path, accept.unwrap_or_default()) else {
        if path.starts_with("assets/") {
            return Err(Problem::new(ProblemCode::NotFound, "There is no such file in the app."));
        }
        return page();
    };
    let mut response: Response = if is_known(&headers, &asset.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        asset.bytes.into_response()
    };
    let caching = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Some(encoding) = asset.encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

fn page() -> Answer {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(error.to_string()))?;
    let nonce = hex::encode(bytes);
    let policy = format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = Html(gantry_webui::index_html(&nonce)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let policy = HeaderValue::from_str(&policy)
        .map_err(|_| Problem::internal("the app's policy is no header value"))?;
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
