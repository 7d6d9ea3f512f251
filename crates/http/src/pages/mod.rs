//! The public pages, rendered here: they work without scripts and before the web app is built. The
//! one script signs in by a passkey, which nothing else can.
//!
//! Invariants: every value is escaped by the template engine; a form carries a token that only
//! our own page could have put there; a page loads nothing from elsewhere.

mod admin_sign_in;
mod consent;
mod forms;
mod invitation;
mod pricing;
mod problems;
mod recovery;
mod render;
mod sandbox;
mod screen;

pub use forms::find_choice;
pub use render::Pages;
pub use screen::{Fields, Screen, Visit, local_path, redirect};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use gantry_access::Actor;
use gantry_types::ProblemCode;
use minijinja::context;

use crate::dto::ADMINISTRATOR_SIGN_IN;
use crate::etag::is_known;
use crate::extract::{Peer, identify};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// The styles of every page: the shared design tokens, then what pages add.
const STYLES: &str = concat!(include_str!("tokens.css"), "\n", include_str!("pages.css"));
const PASSKEY_SCRIPT: &str = include_str!("passkey.js");
const ICON: &str = include_str!("icon.svg");
const ROBOTS: &str = "User-agent: *\nDisallow: /api/\nDisallow: /app/\n";

/// All public pages.
pub fn page_routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home))
        .route("/pricing", get(pricing::pricing))
        .route("/sign-in", get(forms::sign_in_page).post(forms::sign_in))
        .route(
            ADMINISTRATOR_SIGN_IN,
            get(admin_sign_in::admin_sign_in_page).post(admin_sign_in::admin_sign_in),
        )
        .route("/sign-in/code", post(forms::finish_sign_in))
        .route("/forgot-password", get(recovery::forgot_page).post(recovery::forget))
        .route("/reset-password", get(recovery::reset_page).post(recovery::reset))
        .route("/verify-email", get(recovery::verify_page).post(recovery::verify))
        .route("/keep-account", get(recovery::keep_page).post(recovery::keep))
        .route("/invitation", get(invitation::invitation_page).post(invitation::accept))
        .route("/oauth/authorize", get(consent::consent_page).post(consent::decide))
        .route("/register", get(forms::register_page).post(forms::register))
        // The short address that people pass on with their code.
        .route("/sign-up", get(forms::register_page))
        .route("/setup", get(forms::setup_page).post(forms::set_up))
        .route("/sign-out", post(forms::sign_out))
        .route("/sandbox/checkout/{id}", get(sandbox::checkout_page).post(sandbox::pay))
        .route("/problems", get(problems::list_problems))
        .route("/problems/{slug}", get(problems::explain_problem))
        .route("/pages/{file}", get(static_file))
        .route("/favicon.ico", get(icon))
        .route("/robots.txt", get(|| async { ROBOTS }))
}

/// Who looks at a page; a session that has ended, or a store that does not answer, is nobody.
async fn find_viewer(state: &AppState, headers: &HeaderMap, peer: &Peer) -> Option<Actor> {
    identify(state, headers, peer).await.ok().flatten()
}

async fn home(State(state): State<AppState>, peer: Peer, headers: HeaderMap) -> Answer {
    let viewer = find_viewer(&state, &headers, &peer).await;
    let engines: Vec<_> = state
        .jobs()
        .registry()
        .engines()
        .iter()
        .map(|engine| context! { title => &engine.title, summary => &engine.summary })
        .collect();
    let page = state.pages.render(
        "home.html",
        context! {
            title => &state.billing().edition().title,
            engines => engines,
            viewer => viewer.as_ref().map(|_| true),
            csrf => viewer.as_ref().map(screen::csrf_of),
            setup_required => state.access().is_setup_required().await?,
            registration_open => state.access().is_registration_open().await?,
        },
    )?;
    Ok(private(Html(page).into_response()))
}

async fn static_file(Path(file): Path<String>, headers: HeaderMap) -> Answer {
    let (content_type, text) = match file.as_str() {
        "pages.css" => ("text/css; charset=utf-8", STYLES),
        "tokens.css" => ("text/css; charset=utf-8", include_str!("tokens.css")),
        "passkey.js" => ("text/javascript; charset=utf-8", PASSKEY_SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return Err(Problem::new(ProblemCode::NotFound, "There is no such file.")),
    };
    let etag = render::tag_of(text);
    let mut response = if is_known(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        text.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, value);
    }
    Ok(response)
}

async fn icon(headers: HeaderMap) -> Answer {
    static_file(Path("icon.svg".to_owned()), headers).await
}

/// A page that differs between people must not be kept for others.
fn private(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
