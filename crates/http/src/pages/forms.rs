//! Signing in and out, registering, setting up.

use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::FormRejection;
use axum::http::header;
use gantry_access::{Credentials, Registrant};

use super::screen::{
    APP, Fields, NextParams, Screen, Visit, csrf_of, foreign_form, is_same, local_path, read,
    redirect, require_own_form,
};
use crate::middleware::require_same_origin;
use crate::problem::Answer;
use crate::routes::empty_cookie;

/// The form to sign in.
pub async fn sign_in_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    if visit.find_viewer().await.is_some() {
        return Ok(redirect(local_path(&params.next)));
    }
    if visit.state.access().is_setup_required().await? {
        return Ok(redirect("/setup"));
    }
    let fields = Fields { next: params.next, ..Fields::default() };
    Screen::SignIn.show(&visit, &fields, None).await
}

/// Signs in.
pub async fn sign_in(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let done = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let credentials =
                Credentials { email: fields.email.clone(), password: fields.password.clone() };
            visit.state.access().sign_in(credentials, &visit.client()).await.map_err(Into::into)
        }
        Err(problem) => Err(problem),
    };
    Screen::SignIn.finish(&visit, &fields, done).await
}

/// Finishes signing in by a code.
pub async fn finish_sign_in(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let done = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let (access, client) = (visit.state.access(), visit.client());
            access.finish_sign_in(&fields.token, &fields.code, &client).await.map_err(Into::into)
        }
        Err(problem) => Err(problem),
    };
    Screen::Code.finish(&visit, &fields, done).await
}

/// The form to register.
pub async fn register_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    if visit.find_viewer().await.is_some() {
        return Ok(redirect(APP));
    }
    if visit.state.access().is_setup_required().await? {
        return Ok(redirect("/setup"));
    }
    let fields = Fields {
        next: params.next,
        token: params.token,
        referral_code: params.referral_code,
        ..Fields::default()
    };
    Screen::Register.show(&visit, &fields, None).await
}

/// Registers.
pub async fn register(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let done = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let client = visit.client();
            visit
                .state
                .access()
                .register_user(registrant(&fields), &client)
                .await
                .map_err(Into::into)
        }
        Err(problem) => Err(problem),
    };
    Screen::Register.finish(&visit, &fields, done).await
}

/// The form for the first administrator.
pub async fn setup_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    if !visit.state.access().is_setup_required().await? {
        return Ok(redirect("/sign-in"));
    }
    let fields = Fields { token: params.token, ..Fields::default() };
    Screen::Setup.show(&visit, &fields, None).await
}

/// Creates the first administrator.
pub async fn set_up(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let done = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let client = visit.client();
            let registrant =
                Registrant { invitation: None, referral_code: None, ..registrant(&fields) };
            visit
                .state
                .access()
                .set_up(registrant, &fields.token, &client)
                .await
                .map_err(Into::into)
        }
        Err(problem) => Err(problem),
    };
    Screen::Setup.finish(&visit, &fields, done).await
}

/// Signs out.
pub async fn sign_out(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    require_same_origin(&visit.state.settings, &visit.headers)?;
    if let Some(actor) = visit.find_viewer().await {
        if !is_same(&fields.csrf_token, &csrf_of(&actor)) {
            return Err(foreign_form());
        }
        visit.state.access().sign_out(&actor).await?;
    }
    let mut response = redirect("/");
    response.headers_mut().insert(header::SET_COOKIE, empty_cookie(&visit.peer)?);
    Ok(response)
}

fn registrant(fields: &Fields) -> Registrant {
    Registrant {
        credentials: Credentials { email: fields.email.clone(), password: fields.password.clone() },
        name: fields.name.clone(),
        invitation: Some(fields.token.clone()).filter(|token| !token.is_empty()),
        referral_code: Some(fields.referral_code.clone()).filter(|code| !code.is_empty()),
    }
}
