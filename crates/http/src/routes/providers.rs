//! Signing in by accounts elsewhere, and adding and removing them.
//!
//! Invariant: a browser that was sent elsewhere keeps a secret in a cookie meanwhile, so that what
//! one browser began cannot be finished in another.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_access::{Begun, Bringing, Finished, Return, ReturnedWith};
use gantry_types::{LinkedIdentityId, ProblemCode};

use super::auth::{cookie, session_cookie};
use crate::dto::{
    BeginParams, LinkBegun, LinkRequest, LinkedIdentityBody, ListOf, PasswordRequest, ProviderBody,
    ReturnParams,
};
use crate::extract::{
    CurrentActor, JsonBody, Params, PathId, PathText, Peer, find_cookie, identify,
};
use crate::pages::{Fields, Screen, Visit, find_choice, local_path, redirect};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// What the browser keeps while it is elsewhere.
pub(super) const CEREMONY_COOKIE: &str = "gantry_ceremony";

/// Who vouches for people here.
#[utoipa::path(get, path = "/auth/providers", tag = "Auth", security(()),
    responses((status = 200, body = ListOf<ProviderBody>)))]
pub async fn list_providers(State(state): State<AppState>) -> Json<ListOf<ProviderBody>> {
    let providers = state.access().providers().iter();
    let items = providers.map(|provider| ProviderBody {
        id: provider.id.as_str().to_owned(),
        label: provider.label.clone(),
    });
    Json(ListOf { items: items.collect() })
}

/// Sends the browser to a provider, to sign in there.
#[utoipa::path(get, path = "/auth/providers/{id}/begin", tag = "Auth", security(()),
    params(("id" = String, Path), BeginParams), responses((status = 303)))]
pub async fn begin_provider_sign_in(
    visit: Visit,
    PathText(id): PathText,
    Params(params): Params<BeginParams>,
) -> Answer {
    let kept = find_cookie(&visit.headers, CEREMONY_COOKIE);
    let next = local_path(&params.next);
    let bringing = match read_bringing(&visit, &params) {
        Ok(bringing) => bringing,
        Err(problem) => return explain(&visit, next, problem).await,
    };
    match visit.state.access().begin_federated_sign_in(&id, (next, bringing), kept).await {
        Ok(begun) => {
            let mut response = redirect(&begun.url);
            keep_ceremony(&mut response, &visit.peer, &begun)?;
            Ok(response)
        }
        Err(error) => explain(&visit, next, error.into()).await,
    }
}

/// What the form to register carries along.
fn read_bringing(visit: &Visit, params: &BeginParams) -> Answer<Bringing> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Ok(Bringing {
        invitation: given(&params.token),
        referral_code: given(&params.referral_code),
        plan: find_choice(visit, &params.plan, &params.interval)?,
    })
}

/// Takes the browser back from a provider, and signs the person in, makes their account, or adds
/// the account there to theirs.
#[utoipa::path(get, path = "/auth/providers/{id}/callback", tag = "Auth", security(()),
    params(("id" = String, Path), ReturnParams), responses((status = 303)))]
pub async fn finish_provider_sign_in(
    visit: Visit,
    PathText(id): PathText,
    Params(params): Params<ReturnParams>,
) -> Answer {
    let viewer = identify(&visit.state, &visit.headers, &visit.peer).await?;
    let back = Return {
        state: params.state,
        with: if params.error.is_empty() {
            ReturnedWith::Code(params.code)
        } else {
            ReturnedWith::Refusal(params.error)
        },
        browser: find_cookie(&visit.headers, CEREMONY_COOKIE).unwrap_or_default().to_owned(),
        viewer,
    };
    let client = visit.client();
    let mut response = match visit.state.access().finish_federated(&id, back, &client).await {
        Ok(Finished::SignedIn(signed_in, next)) => {
            let mut response = redirect(local_path(&next));
            let session = session_cookie(&visit.peer, &signed_in)?;
            response.headers_mut().append(header::SET_COOKIE, session);
            response
        }
        Ok(Finished::Challenged(challenge, next)) => {
            let token = challenge.expose().to_owned();
            let fields = Fields { token, next, ..Fields::default() };
            Screen::Code.show(&visit, &fields, None).await?
        }
        Ok(Finished::Linked(next)) => redirect(local_path(&next)),
        Err(error) => return explain(&visit, "", error.into()).await,
    };
    let forget = cookie(&visit.peer, CEREMONY_COOKIE, "", 0)?;
    response.headers_mut().append(header::SET_COOKIE, forget);
    Ok(response)
}

/// The accounts elsewhere that sign you in, oldest first.
#[utoipa::path(get, path = "/auth/identities", tag = "Auth",
    responses((status = 200, body = ListOf<LinkedIdentityBody>)))]
pub async fn list_identities(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<LinkedIdentityBody>>> {
    let identities = state.access().list_identities(&actor).await?;
    let items = identities.into_iter().map(|identity| {
        let label = state.access().label_of(&identity.provider).to_owned();
        LinkedIdentityBody::new(identity, &label)
    });
    Ok(Json(ListOf { items: items.collect() }))
}

/// Begins to add an account elsewhere: the browser goes on at `url`.
#[utoipa::path(post, path = "/auth/identities", tag = "Auth",
    request_body = LinkRequest, responses((status = 200, body = LinkBegun)))]
pub async fn begin_link(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<LinkRequest>,
) -> Answer {
    let kept = find_cookie(&headers, CEREMONY_COOKIE);
    let wish = (request.provider.as_str(), request.password);
    let begun = state.access().begin_link(&actor, wish, kept).await?;
    let mut response = Json(LinkBegun { url: begun.url.clone() }).into_response();
    keep_ceremony(&mut response, &peer, &begun)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Removes an account elsewhere; the last way to sign in stays.
#[utoipa::path(delete, path = "/auth/identities/{id}", tag = "Auth",
    params(("id" = Uuid, Path)), request_body = PasswordRequest, responses((status = 204)))]
pub async fn unlink(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<LinkedIdentityId>,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<StatusCode> {
    state.access().unlink(&actor, (id, request.password)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn keep_ceremony(response: &mut Response, peer: &Peer, begun: &Begun) -> Answer<()> {
    let seconds = begun.lifetime.as_secs();
    let kept = cookie(peer, CEREMONY_COOKIE, begun.browser.expose(), seconds)?;
    response.headers_mut().append(header::SET_COOKIE, kept);
    Ok(())
}

/// Says on a page what went wrong, as it is a person who looks; programs get the problem.
async fn explain(visit: &Visit, next: &str, problem: Problem) -> Answer {
    let accept = visit.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let is_browser = accept.is_some_and(|accept| accept.contains("text/html"));
    let is_ours = problem.status().is_server_error() && problem.code() != ProblemCode::Unavailable;
    if is_ours || !is_browser {
        return Err(problem);
    }
    let fields = Fields { next: next.to_owned(), ..Fields::default() };
    Screen::SignIn.show(visit, &fields, Some(&problem)).await
}
