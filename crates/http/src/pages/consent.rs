//! The page on which a person agrees that a client acts for them (RFC 6749, 4.1).
//!
//! Invariants: nobody is sent to an address that the client did not register; opening the page
//! changes nothing, a button does, with the token of the session; the answer of a refusal goes to
//! the client, and what it must not learn stays here.

use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use gantry_access::{Actor, AuthorizationRequest, Consent, OAuthError, Via, origin_of_redirect};
use gantry_ports::store::OAuthClient;
use gantry_types::ProblemCode;
use minijinja::context;
use serde::Deserialize;

use super::private;
use super::screen::{Visit, csrf_of, foreign_form, is_same, redirect};
use crate::middleware::require_same_origin;
use crate::percent::encode;
use crate::problem::{Answer, Problem};
use crate::routes::derive_issuer;

/// What the client asked, and what the person answered.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
    csrf_token: String,
    /// In which organization the person was asked.
    organization_id: String,
    decision: String,
}

impl Asked {
    fn request(&self) -> AuthorizationRequest {
        AuthorizationRequest {
            response_type: self.response_type.clone(),
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            scope: self.scope.clone(),
            code_challenge: self.code_challenge.clone(),
            code_challenge_method: self.code_challenge_method.clone(),
        }
    }

    /// The same question as an address of this page.
    fn path(&self) -> String {
        let pairs = [
            ("response_type", &self.response_type),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
            ("state", &self.state),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ];
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        format!("/oauth/authorize?{}", pairs.join("&"))
    }

    /// Sends the person back to the client with these parameters.
    fn send_back(&self, visit: &Visit, parameters: &[(&str, &str)]) -> Answer {
        let mut target = self.redirect_uri.clone();
        let mut separator = if target.contains('?') { '&' } else { '?' };
        let issuer = derive_issuer(&visit.state.settings, &visit.peer, &visit.headers);
        let state = Some(("state", self.state.as_str())).filter(|(_, state)| !state.is_empty());
        let own = [("iss", issuer.as_str())];
        for (name, value) in parameters.iter().copied().chain(state).chain(own) {
            target.push(separator);
            target.push_str(&format!("{name}={}", encode(value)));
            separator = '&';
        }
        let location = HeaderValue::from_str(&target)
            .map_err(|_| Problem::internal("the address of a client is no header"))?;
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, location);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    /// Tells the client what was refused; what failed on our side is a page of its own.
    fn refuse(&self, visit: &Visit, error: OAuthError) -> Answer {
        if let OAuthError::Access(error) = error {
            return Err(error.into());
        }
        let (code, words) = (error.code(), error.to_string());
        self.send_back(visit, &[("error", code), ("error_description", words.as_str())])
    }
}

/// What a client asks, for the person to see.
pub async fn consent_page(visit: Visit, query: Result<Query<Asked>, QueryRejection>) -> Answer {
    let Query(asked) = query.map_err(|error| {
        Problem::new(ProblemCode::InvalidRequest, format!("{}.", error.body_text()))
    })?;
    refuse_nul(&asked)?;
    let client = get_client(&visit, &asked).await?;
    let Some(viewer) = find_person(&visit).await else {
        return Ok(redirect(&format!("/sign-in?next={}", encode(&asked.path()))));
    };
    ask(&visit, (&viewer, &client), &asked).await
}

async fn ask(visit: &Visit, (viewer, client): (&Actor, &OAuthClient), asked: &Asked) -> Answer {
    match visit.state.access().describe_consent(viewer, client, &asked.request()).await {
        Ok(consent) => show(visit, (viewer, &consent), asked),
        Err(error) => asked.refuse(visit, error),
    }
}

/// What the person answers.
pub async fn decide(visit: Visit, form: Result<Form<Asked>, FormRejection>) -> Answer {
    let Form(asked) = form.map_err(|error| {
        Problem::new(ProblemCode::InvalidRequest, format!("{}.", error.body_text()))
    })?;
    refuse_nul(&asked)?;
    require_same_origin(&visit.state.settings, &visit.headers)?;
    let client = get_client(&visit, &asked).await?;
    let Some(viewer) = find_person(&visit).await else {
        return Ok(redirect(&format!("/sign-in?next={}", encode(&asked.path()))));
    };
    if !is_same(&asked.csrf_token, &csrf_of(&viewer)) {
        return Err(foreign_form());
    }
    // Another tab may have moved to another organization since.
    if asked.organization_id != viewer.organization_id.to_string() {
        return ask(&visit, (&viewer, &client), &asked).await;
    }
    if asked.decision != "allow" {
        return asked.refuse(&visit, OAuthError::AccessDenied);
    }
    let access = visit.state.access();
    match access.grant_code(&viewer, &client, &asked.request()).await {
        Ok(code) => asked.send_back(&visit, &[("code", code.as_str())]),
        Err(error) => asked.refuse(&visit, error),
    }
}

/// Who is signed in at this browser; a key is nobody here.
async fn find_person(visit: &Visit) -> Option<Actor> {
    visit.find_viewer().await.filter(|viewer| match viewer.via {
        Via::Session { .. } => true,
        Via::ApiKey { .. } | Via::Token | Via::System => false,
    })
}

/// The client, where its address is one to be sent back to; else the person stays here.
async fn get_client(visit: &Visit, asked: &Asked) -> Answer<OAuthClient> {
    match visit.state.access().get_asking_client(&asked.request()).await {
        Ok(client) => Ok(client),
        Err(OAuthError::Access(error)) => Err(error.into()),
        Err(error) => Err(Problem::new(
            ProblemCode::InvalidRequest,
            format!("The application that sent you here made a mistake: {error}."),
        )
        .with_next_step("Tell its makers, and go on there without this.")),
    }
}

fn refuse_nul(asked: &Asked) -> Answer<()> {
    let texts = [&asked.client_id, &asked.redirect_uri, &asked.state, &asked.scope];
    if texts.iter().any(|text| text.contains('\0')) {
        return Err(Problem::invalid("", "The request contains a NUL character."));
    }
    Ok(())
}

fn show(visit: &Visit, (viewer, consent): (&Actor, &Consent), asked: &Asked) -> Answer<Response> {
    let scopes: Vec<&str> = consent.scopes.iter().map(|scope| scope.as_str()).collect();
    let page = visit.state.pages.render(
        "consent.html",
        context! {
            title => &consent.client_name,
            lang => consent.locale.as_str(),
            client => &consent.client_name,
            maker => &consent.client_organization,
            organization => &consent.organization,
            email => &consent.email,
            scopes => scopes,
            csrf_token => csrf_of(viewer),
            organization_id => viewer.organization_id.to_string(),
            response_type => &asked.response_type,
            client_id => &asked.client_id,
            redirect_uri => &asked.redirect_uri,
            scope => &asked.scope,
            state => &asked.state,
            code_challenge => &asked.code_challenge,
            code_challenge_method => &asked.code_challenge_method,
        },
    )?;
    let mut response = private(Html(page).into_response());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, derive_policy(&asked.redirect_uri)?);
    Ok(response)
}

/// As every page's, and the form may lead to the client: browsers hold redirects to it too.
fn derive_policy(redirect_uri: &str) -> Answer<HeaderValue> {
    let broken = || Problem::internal("the address of a client has no origin");
    let origin = origin_of_redirect(redirect_uri).ok_or_else(broken)?;
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         form-action 'self' {origin}; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_comes_back_as_it_was() {
        let asked = Asked {
            client_id: "a b&c".to_owned(),
            redirect_uri: "https://app.example/cb?x=1".to_owned(),
            ..Asked::default()
        };
        let path = asked.path();
        assert!(path.contains("client_id=a%20b%26c&"), "{path}");
        assert!(path.contains("redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1&"), "{path}");
        assert_eq!(super::super::local_path(&path), path);
    }

    #[test]
    fn the_form_leads_to_the_client_alone() {
        let policy = derive_policy("https://app.example:8443/cb?x").unwrap();
        let policy = policy.to_str().unwrap().to_owned();
        assert!(policy.contains("form-action 'self' https://app.example:8443;"), "{policy}");
        assert!(derive_policy("https://a.example; script-src *").is_err());
    }
}
