//! The pages that explain problem codes.

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse};
use gantry_types::{PROBLEM_CODES, ProblemCode};
use minijinja::{Value, context};

use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// All codes.
pub async fn list_problems(State(state): State<AppState>) -> Answer {
    let codes: Vec<Value> = PROBLEM_CODES.iter().map(|code| describe(*code)).collect();
    let values = context! { title => "Problems", codes => codes };
    Ok(Html(state.pages.render("problems.html", values)?).into_response())
}

/// One code.
pub async fn explain_problem(State(state): State<AppState>, Path(slug): Path<String>) -> Answer {
    let code = PROBLEM_CODES.iter().copied().find(|code| code.slug() == slug);
    let code = code.ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, "There is no problem code of this name.")
            .with_next_step("/problems lists all codes.")
    })?;
    let values = context! { title => code.title(), codes => vec![describe(code)], single => true };
    Ok(Html(state.pages.render("problems.html", values)?).into_response())
}

fn describe(code: ProblemCode) -> Value {
    context! {
        slug => code.slug(),
        title => code.title(),
        status => code.status(),
        retryable => code.retryable(),
        // The page has no markup inside sentences.
        explanation => explain(code).replace('`', ""),
    }
}

/// What causes it and what to do, for people.
const fn explain(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::InvalidRequest => {
            "The request cannot be read, or a value in it is not taken. `errors` points at the \
             values; change them and send it again."
        }
        ProblemCode::NotSignedIn => {
            "The request carries no session and no API key, or one that has ended. Sign in, or \
             make a new key."
        }
        ProblemCode::WrongCredentials => {
            "The e-mail address and the password do not belong together, or the code is wrong."
        }
        ProblemCode::SecondFactorRequired => {
            "The password is right, and this account needs a code too. Send `challenge` with the \
             code of the authenticator app, or a recovery code, to `/api/v1/auth/second-factor` \
             within five minutes."
        }
        ProblemCode::LinkNotGood => {
            "The link of a mail is good once and for a while, and a newer one replaces it. Ask for \
             another."
        }
        ProblemCode::NotVouched => {
            "A sign-in with an account elsewhere needs that service to say who you are, for this \
             site, now. Its answer did not, or you said no there."
        }
        ProblemCode::InsufficientCredits => {
            "The most that the job may cost is held when it is submitted, and the balance does not \
             cover it. Ask for less, or get more credits."
        }
        ProblemCode::NotInPlan => "The plan excludes this, or allows less of it in one job.",
        ProblemCode::QuotaExceeded => {
            "The plan limits this per period or at one time. `resets_at` says when it begins anew."
        }
        ProblemCode::Forbidden => "Your role, or the scopes of the API key, do not include this.",
        ProblemCode::CsrfRejected => {
            "A browser's request that changes something needs the header `X-CSRF-Token` and must \
             come from a page of this site."
        }
        ProblemCode::NotFound => "It does not exist, or it belongs to another organization.",
        ProblemCode::MethodNotAllowed => {
            "The address exists; the header `Allow` lists its methods."
        }
        ProblemCode::Conflict => "The present state does not allow it. Look at it again first.",
        ProblemCode::AlreadyExists => "There is one already, and there can be only one.",
        ProblemCode::Overtaken => {
            "This request took so long that a repetition with its `Idempotency-Key` was let in. What \
             was asked for is done once; repeat the request with that key for the answer."
        }
        ProblemCode::OperationPaused => {
            "The operator has turned this operation off, for you or for everybody, for a while. \
             Jobs that were submitted before go on; submit new ones later."
        }
        ProblemCode::PreconditionFailed => "Somebody changed it since you read it. Read it again.",
        ProblemCode::TooLarge => {
            "The body or the file is larger than what is taken. `limit` says how much."
        }
        ProblemCode::UnsupportedMediaType => {
            "The header `Content-Type` names something else than what is expected."
        }
        ProblemCode::RangeNotSatisfiable => {
            "The file is shorter than the first byte that was asked for."
        }
        ProblemCode::InvalidParameters => {
            "The operation refuses its parameters or inputs. `errors` points into the parameters."
        }
        ProblemCode::UnreadableFile => {
            "The bytes of the file are not what is expected, whatever its name says."
        }
        ProblemCode::IdempotencyMismatch => {
            "The `Idempotency-Key` was used for another request in the last 24 hours. Use a new one."
        }
        ProblemCode::ChecksumMismatch => {
            "The bytes that arrived are not those that were announced. Send them again."
        }
        ProblemCode::RateLimited => {
            "There were too many requests. `Retry-After` says when to go on."
        }
        ProblemCode::LockedOut => {
            "Too many attempts to sign in failed. The lock ends by itself; each further failure \
             makes the next one longer, up to an hour."
        }
        ProblemCode::Overloaded => "More arrives than can be done at once. Try again in a moment.",
        ProblemCode::Internal => {
            "Something failed on our side. It was logged; the operator finds it by the request id."
        }
        ProblemCode::Unavailable => {
            "A part of the service does not answer right now. Try again in a moment."
        }
        ProblemCode::EngineUnavailable => {
            "The engine does not answer right now. Try again in a moment."
        }
        ProblemCode::ServiceRestarting => {
            "The service is being started again. Try again in a few seconds."
        }
    }
}
