//! What the links of mails lead to: a new password, a proof of an address, an account that is kept.
//!
//! Invariant: opening a link changes nothing, as mail programs open them too; a button does.

use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::FormRejection;
use minijinja::{Value, context};

use super::screen::{Fields, NextParams, Screen, Visit, read, require_own_form};
use crate::problem::{Answer, Problem};

/// What a page says once the work is done.
fn done() -> Value {
    context! { done => true }
}

impl Screen {
    /// Says that it is done, or shows the form again with what was wrong.
    async fn conclude(self, visit: &Visit, fields: &Fields, result: Answer<()>) -> Answer {
        match result {
            Ok(()) => self.show_with(visit, fields, None, done()).await,
            Err(problem) if problem.status().is_server_error() => Err(problem),
            Err(problem) => self.show(visit, fields, Some(&problem)).await,
        }
    }
}

/// The form that asks for a link.
pub async fn forgot_page(visit: Visit) -> Answer {
    Screen::Forgot.show(&visit, &Fields::default(), None).await
}

/// Sends a link, if the address has an account.
pub async fn forget(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let result = require_own_form(&visit, &fields).and_then(|()| {
        let access = visit.state.access();
        access.request_password_reset(&fields.email, &visit.client()).map_err(Problem::from)
    });
    Screen::Forgot.conclude(&visit, &fields, result).await
}

/// The form for a new password.
pub async fn reset_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    let fields = Fields { token: params.token, ..Fields::default() };
    Screen::Reset.show(&visit, &fields, None).await
}

/// Sets a new password.
pub async fn reset(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let result = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let (access, client) = (visit.state.access(), visit.client());
            let reset = access.reset_password(&fields.token, fields.password.clone(), &client);
            reset.await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    Screen::Reset.conclude(&visit, &fields, result).await
}

/// The button that proves an address.
pub async fn verify_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    let fields = Fields { token: params.token, ..Fields::default() };
    Screen::Verify.show(&visit, &fields, None).await
}

/// Proves an address.
pub async fn verify(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let result = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let (access, client) = (visit.state.access(), visit.client());
            access.verify_email(&fields.token, &client).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    Screen::Verify.conclude(&visit, &fields, result).await
}

/// The button that keeps an account.
pub async fn keep_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    let fields = Fields { token: params.token, ..Fields::default() };
    Screen::Keep.show(&visit, &fields, None).await
}

/// Keeps an account that was to be deleted.
pub async fn keep(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let result = match require_own_form(&visit, &fields) {
        Ok(()) => {
            let (access, client) = (visit.state.access(), visit.client());
            access.keep_account(&fields.token, &client).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    Screen::Keep.conclude(&visit, &fields, result).await
}
