//! The API's description and its interactive documentation, from embedded files.
//!
//! Invariant: the documentation loads nothing from elsewhere.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use utoipa_swagger_ui::Config;

use crate::api::openapi;
use crate::etag::is_known;
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use gantry_types::ProblemCode;
use sha2::{Digest, Sha256};

/// The policy of the documentation's pages: its program writes styles into the page.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// The frame around Swagger UI: the page is ours, what it shows is theirs.
const DOCS_PAGE: &str = include_str!("docs.html");

/// The description as it is sent.
#[derive(Clone)]
struct Description {
    json: Arc<str>,
    etag: Arc<str>,
}

/// `/api/openapi.json` and `/api/docs`.
pub fn docs_routes() -> Router<AppState> {
    let json = openapi().to_json().unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    let digest = hex::encode(Sha256::digest(json.as_bytes()));
    let description = Description {
        json: json.into(),
        etag: format!("\"{}\"", digest.get(..32).unwrap_or(&digest)).into(),
    };
    let config = Arc::new(Config::new(["/api/openapi.json"]));
    Router::new()
        .route("/api/openapi.json", get(get_description))
        .route("/api/docs", get(|| async { Redirect::to("/api/docs/") }))
        .route("/api/docs/", get(get_docs_page))
        .route("/api/docs/{*path}", get(get_docs_file))
        .layer(Extension(config))
        .layer(Extension(description))
}

async fn get_description(
    Extension(description): Extension<Description>,
    headers: HeaderMap,
) -> Response {
    let mut response = if is_known(&headers, &description.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        (content_type, description.json.to_string()).into_response()
    };
    if let Ok(value) = HeaderValue::from_str(&description.etag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn get_docs_page() -> Answer {
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(with_docs_headers(DOCS_PAGE.into_response(), content_type))
}

async fn get_docs_file(
    Path(path): Path<String>,
    Extension(config): Extension<Arc<Config<'static>>>,
) -> Answer {
    serve(&path, config)
}

fn serve(path: &str, config: Arc<Config<'static>>) -> Answer {
    let file = utoipa_swagger_ui::serve(path, config)
        .map_err(|error| Problem::internal(format!("the documentation's file {path}: {error}")))?
        .ok_or_else(|| Problem::new(ProblemCode::NotFound, "There is nothing at this address."))?;
    let mut response = file.bytes.into_owned().into_response();
    if file.gzpipped {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    }
    let content_type = HeaderValue::from_str(&file.content_type)
        .map_err(|error| Problem::internal(format!("the documentation's file {path}: {error}")))?;
    Ok(with_docs_headers(response, content_type))
}

fn with_docs_headers(mut response: Response, content_type: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
