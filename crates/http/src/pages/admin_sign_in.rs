//! The page on which administrators sign in to administer.

use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::FormRejection;
use axum::http::header;
use gantry_access::Credentials;

use super::screen::{
    Fields, NextParams, Screen, Visit, local_path, read, redirect, require_own_form,
};
use crate::problem::{Answer, Problem};
use crate::routes::admin_cookie;

/// Where administering begins.
const ADMIN_APP: &str = "/app/admin";

/// The form: e-mail, password and code at once.
pub async fn admin_sign_in_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    if visit.state.access().is_setup_required().await? {
        return Ok(redirect("/setup"));
    }
    let next = if params.next.is_empty() { ADMIN_APP.to_owned() } else { params.next };
    Screen::AdminSignIn.show(&visit, &Fields { next, ..Fields::default() }, None).await
}

/// Begins a session for administering, beside the ordinary one.
pub async fn admin_sign_in(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let done = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let credentials =
                Credentials { email: fields.email.clone(), password: fields.password.clone() };
            let (access, client) = (visit.state.access(), visit.client());
            access.sign_in_administrator(credentials, &fields.code, &client).await
        }
        Err(problem) => return Screen::AdminSignIn.show(&visit, &fields, Some(&problem)).await,
    };
    match done.map_err(Problem::from) {
        Ok(signed_in) => {
            let mut response = redirect(local_path(&fields.next));
            let cookie = admin_cookie(&visit.peer, &signed_in)?;
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        // What failed on our side is a page of its own, and is logged.
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => Screen::AdminSignIn.show(&visit, &fields, Some(&problem)).await,
    }
}
