//! Signing in and out, registering, setting up.

use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::FormRejection;
use axum::http::header;
use gantry_access::{Credentials, Registrant, SignedIn};
use gantry_ports::store::PlanChoice;
use gantry_rules::plan::Interval;
use minijinja::context;

use super::screen::{
    APP, Fields, NextParams, Screen, Visit, csrf_of, foreign_form, is_same, local_path, read,
    redirect, require_own_form,
};
use crate::middleware::require_same_origin;
use crate::problem::{Answer, Problem};
use crate::routes::{choose_plan, empty_cookie};

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
        plan: params.plan,
        interval: params.interval,
        ..Fields::default()
    };
    show_register(&visit, fields, None).await
}

/// Registers.
pub async fn register(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let done = match require_own_form(&visit, &fields) {
        Ok(()) => sign_up(&visit, &fields).await,
        Err(problem) => Err(problem),
    };
    match done {
        Err(problem) if !problem.status().is_server_error() => {
            show_register(&visit, fields, Some(&problem)).await
        }
        done => Screen::Register.finish(&visit, &fields, done).await,
    }
}

async fn sign_up(visit: &Visit, fields: &Fields) -> Answer<SignedIn> {
    let plan = find_choice(visit, &fields.plan, &fields.interval)?;
    let registrant = Registrant { plan, ..registrant(fields) };
    Ok(visit.state.access().register_user(registrant, &visit.client()).await?)
}

/// The plan that a form or a link carries along, if it does.
///
/// # Errors
/// 422 that lists what can be chosen.
pub fn find_choice(visit: &Visit, plan: &str, interval: &str) -> Answer<Option<PlanChoice>> {
    let interval = match interval {
        "month" => Some(Interval::Month),
        "year" => Some(Interval::Year),
        _ => None,
    };
    match plan {
        "" => Ok(None),
        slug => choose_plan(&visit.state, slug, interval),
    }
}

/// Shows what was chosen; a plan that cannot be is left out, so that the form can be sent.
async fn show_register(visit: &Visit, fields: Fields, problem: Option<&Problem>) -> Answer {
    let choice = find_choice(visit, &fields.plan, &fields.interval).ok().flatten();
    let edition = visit.state.billing().edition();
    let plan = choice.as_ref().and_then(|choice| edition.find_plan(&choice.plan));
    let shown = choice.as_ref().zip(plan).map(|(choice, plan)| {
        let price = plan.terms.price;
        let (price, each) = match choice.interval {
            Interval::Month => (price.month, "a month"),
            Interval::Year => (price.year, "a year"),
        };
        let price = price.map(|money| format!("{money} {each}"));
        context! { title => &plan.title, price => price }
    });
    let (plan, interval) = choice
        .map_or_else(Default::default, |choice| (choice.plan, choice.interval.as_str().to_owned()));
    let fields = Fields { plan, interval, ..fields };
    Screen::Register.show_with(visit, &fields, problem, context! { chosen_plan => shown }).await
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
        plan: None,
    }
}
