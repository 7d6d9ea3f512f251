//! Forms: what they are made of, whoever shows them.
//!
//! Invariants: before there is a session, a form's token belongs to a cookie that other sites
//! can neither read nor set; after signing in, the browser goes to a path of this site only.

use std::convert::Infallible;
use std::time::Instant;

use axum::Form;
use axum::extract::FromRequestParts;
use axum::extract::rejection::FormRejection;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use gantry_access::{Actor, Client, SignedIn, Via};
use gantry_types::ProblemCode;
use minijinja::{Value, context};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{find_viewer, private};
use crate::extract::{Peer, Scheme, find_cookie};
use crate::middleware::{RateKey, SCRIPTED_POLICY, require_same_origin};
use crate::problem::{Answer, Problem};
use crate::routes::session_cookie;
use crate::state::AppState;

const FORM_COOKIE: &str = "gantry_form";
/// Where the web app begins.
pub const APP: &str = "/app/";

/// What the forms send; each uses a part of it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Fields {
    pub csrf_token: String,
    pub email: String,
    pub password: String,
    pub name: String,
    pub token: String,
    pub code: String,
    pub next: String,
    pub referral_code: String,
    pub plan: String,
    pub interval: String,
}

/// Where to go after signing in.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NextParams {
    pub next: String,
    pub token: String,
    #[serde(rename = "ref")]
    pub referral_code: String,
    /// The plan that a newcomer chose on the page of plans.
    pub plan: String,
    pub interval: String,
}

/// The token of the forms of somebody who is signed in.
pub fn csrf_of(actor: &Actor) -> String {
    match &actor.via {
        Via::Session { csrf_token, .. } => csrf_token.clone(),
        Via::ApiKey { .. } | Via::Token | Via::System => String::new(),
    }
}

/// Somebody before a form.
pub struct Visit {
    pub state: AppState,
    pub peer: Peer,
    pub headers: HeaderMap,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let peer = Peer::from_request_parts(parts, state).await?;
        Ok(Self { state: state.clone(), peer, headers: parts.headers.clone() })
    }
}

impl Visit {
    /// Who is signed in.
    pub async fn find_viewer(&self) -> Option<Actor> {
        find_viewer(&self.state, &self.headers, &self.peer).await
    }

    /// For the use-cases of access.
    pub fn client(&self) -> Client {
        self.peer.client(&self.headers)
    }
}

/// What a form sent.
pub fn read(form: Result<Form<Fields>, FormRejection>) -> Answer<Fields> {
    let Form(fields) =
        form.map_err(|rejection| Problem::new(code_of(&rejection), rejection.body_text()))?;
    let texts = [&fields.email, &fields.name, &fields.token, &fields.next, &fields.referral_code];
    let choice = [&fields.plan, &fields.interval];
    if texts.iter().chain(&choice).any(|text| text.contains('\0')) {
        return Err(Problem::invalid("", "The form contains a NUL character."));
    }
    Ok(fields)
}

fn code_of(rejection: &FormRejection) -> ProblemCode {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemCode::UnsupportedMediaType,
        _ => ProblemCode::InvalidRequest,
    }
}

/// Refuses a form that is not ours, and one too many.
pub fn require_own_form(visit: &Visit, fields: &Fields) -> Answer<()> {
    let settings = &visit.state.settings;
    let key = RateKey::SignIn(visit.peer.network());
    visit.state.limiter.take(key, settings.sign_in_rate, Instant::now()).require()?;
    require_same_origin(settings, &visit.headers)?;
    let cookie = find_cookie(&visit.headers, FORM_COOKIE).unwrap_or_default();
    if cookie.is_empty() || !is_same(&fields.csrf_token, &form_token(cookie)) {
        return Err(foreign_form());
    }
    Ok(())
}

pub fn foreign_form() -> Problem {
    Problem::new(ProblemCode::CsrfRejected, "The form was too old, or not from this page.")
        .with_next_step("Send it once more.")
}

fn form_token(cookie: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"gantry form token, version 1:");
    hash.update(cookie.as_bytes());
    hex::encode(hash.finalize())
}

/// Compares hashes, whose timing tells nothing of the texts.
pub fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}

/// One page with a form.
#[derive(Debug, Clone, Copy)]
pub enum Screen {
    /// E-mail and password.
    SignIn,
    /// E-mail, password and code of an administrator.
    AdminSignIn,
    /// A code, after the password.
    Code,
    /// A new account.
    Register,
    /// The first administrator.
    Setup,
    /// Asks for a link for a new password.
    Forgot,
    /// Sets it.
    Reset,
    /// Proves an address.
    Verify,
    /// Keeps an account that was to be deleted.
    Keep,
    /// Accepts an invitation.
    Invitation,
}

impl Screen {
    const fn template(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in.html",
            Self::AdminSignIn => "admin_sign_in.html",
            Self::Code => "code.html",
            Self::Register => "register.html",
            Self::Setup => "setup.html",
            Self::Forgot => "forgot.html",
            Self::Reset => "reset.html",
            Self::Verify => "verify.html",
            Self::Keep => "keep.html",
            Self::Invitation => "invitation.html",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::SignIn => "Sign in",
            Self::AdminSignIn => "Sign in to administer",
            Self::Code => "One more step",
            Self::Register => "Create an account",
            Self::Setup => "Set up this installation",
            Self::Forgot => "Forgot the password?",
            Self::Reset => "Set a new password",
            Self::Verify => "Confirm the address",
            Self::Keep => "Keep the account",
            Self::Invitation => "An invitation",
        }
    }

    /// Shows the form, with what was wrong; the password is not sent back.
    pub async fn show(self, visit: &Visit, fields: &Fields, problem: Option<&Problem>) -> Answer {
        self.show_with(visit, fields, problem, context! {}).await
    }

    /// The same, with what only this page shows.
    pub async fn show_with(
        self,
        visit: &Visit,
        fields: &Fields,
        problem: Option<&Problem>,
        more: Value,
    ) -> Answer {
        let kept = find_cookie(&visit.headers, FORM_COOKIE).filter(|cookie| is_form_cookie(cookie));
        let cookie = match kept {
            Some(cookie) => cookie.to_owned(),
            None => new_form_cookie()?,
        };
        let is_open = visit.state.access().is_registration_open().await?;
        let values = context! {
            title => self.title(),
            csrf_token => form_token(&cookie),
            email => &fields.email,
            name => &fields.name,
            token => &fields.token,
            next => &fields.next,
            referral_code => &fields.referral_code,
            plan => &fields.plan,
            interval => &fields.interval,
            has_referrals => visit.state.billing().edition().referrals.is_some(),
            registration_open => is_open,
            providers => list_providers(visit),
            passkey_next => local_path(&fields.next),
            problem => problem.map(describe),
            more,
        };
        let page = visit.state.pages.render(self.template(), values)?;
        let policy = self.policy();
        let status = problem.map_or(StatusCode::OK, Problem::status);
        let mut response = private((status, Html(page)).into_response());
        response.headers_mut().insert(header::SET_COOKIE, form_cookie(&visit.peer, &cookie)?);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(policy) = policy {
            let policy = HeaderValue::from_static(policy);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }

    /// What the page may load beyond what every page may.
    const fn policy(self) -> Option<&'static str> {
        match self {
            Self::SignIn => Some(SCRIPTED_POLICY),
            Self::AdminSignIn
            | Self::Code
            | Self::Register
            | Self::Setup
            | Self::Forgot
            | Self::Reset
            | Self::Verify
            | Self::Invitation
            | Self::Keep => None,
        }
    }

    /// Goes on, or shows the form again.
    pub async fn finish(self, visit: &Visit, fields: &Fields, done: Answer<SignedIn>) -> Answer {
        match done {
            Ok(signed_in) => {
                let mut response = redirect(local_path(&fields.next));
                let cookie = session_cookie(&visit.peer, &signed_in)?;
                response.headers_mut().insert(header::SET_COOKIE, cookie);
                Ok(response)
            }
            Err(problem) if problem.code() == ProblemCode::SecondFactorRequired => {
                let challenge = problem.extra("challenge").unwrap_or_default().to_owned();
                let fields =
                    Fields { token: challenge, next: fields.next.clone(), ..Fields::default() };
                Self::Code.show(visit, &fields, None).await
            }
            // What failed on our side is a page of its own, and is logged.
            Err(problem) if problem.status().is_server_error() => Err(problem),
            Err(problem) => self.show(visit, fields, Some(&problem)).await,
        }
    }
}

/// Who else signs people in.
fn list_providers(visit: &Visit) -> Vec<Value> {
    let providers = visit.state.access().providers().iter();
    providers
        .map(|provider| context! { id => provider.id.as_str(), label => &provider.label })
        .collect()
}

fn describe(problem: &Problem) -> Value {
    let field = problem.errors().first().map(|error| error.pointer.trim_start_matches('/'));
    context! {
        title => problem.code().title(),
        detail => problem.detail(),
        next_step => problem.next_step(),
        field => field,
    }
}

fn new_form_cookie() -> Answer<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(hex::encode(bytes))
}

fn is_form_cookie(cookie: &str) -> bool {
    cookie.len() == 32 && cookie.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Sent by our own pages alone: strict about other sites.
fn form_cookie(peer: &Peer, value: &str) -> Answer<HeaderValue> {
    let secure = match peer.scheme {
        Scheme::Https => "; Secure",
        Scheme::Http => "",
    };
    let text =
        format!("{FORM_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=7200{secure}");
    HeaderValue::from_str(&text).map_err(|_| Problem::internal("a cookie is no header value"))
}

/// The path to go to, if it is one of the app, an invitation or a consent; else the app's
/// beginning.
pub fn local_path(next: &str) -> &str {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_ours =
        ["/app", "/invitation?", "/oauth/authorize?"].iter().any(|path| next.starts_with(path));
    if is_ours && is_plain { next } else { APP }
}

/// 303: the browser asks for the next page with GET.
pub fn redirect(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let target = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static(APP));
    response.headers_mut().insert(header::LOCATION, target);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_app_are_gone_to() {
        for own in ["/app/jobs?state=running", "/invitation?token=x", "/oauth/authorize?x=y"] {
            assert_eq!(local_path(own), own);
        }
        for foreign in ["", "//evil.example", "https://evil.example", "/\\evil", "/app\r\nx: y"] {
            assert_eq!(local_path(foreign), APP, "{foreign:?}");
        }
    }
}
