//! The page of an invitation: for somebody who is signed in a button, for others the way there.

use axum::Form;
use axum::extract::Query;
use axum::extract::rejection::FormRejection;
use minijinja::context;

use super::screen::{APP, Fields, NextParams, Screen, Visit, read, redirect, require_own_form};
use crate::problem::{Answer, Problem};

/// What is offered.
pub async fn invitation_page(visit: Visit, Query(params): Query<NextParams>) -> Answer {
    let fields = Fields { token: params.token, ..Fields::default() };
    show(&visit, &fields, None).await
}

/// Accepts it.
pub async fn accept(visit: Visit, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = read(form)?;
    let accepted = match require_own_form(&visit, &fields) {
        Ok(()) => accept_as_viewer(&visit, &fields).await,
        Err(problem) => Err(problem),
    };
    match accepted {
        Ok(()) => Ok(redirect(APP)),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => show(&visit, &fields, Some(&problem)).await,
    }
}

async fn accept_as_viewer(visit: &Visit, fields: &Fields) -> Answer<()> {
    let viewer = visit.find_viewer().await;
    let viewer = viewer.ok_or(gantry_access::AccessError::NotSignedIn)?;
    visit.state.access().accept_invitation(&viewer, &fields.token).await?;
    Ok(())
}

async fn show(visit: &Visit, fields: &Fields, problem: Option<&Problem>) -> Answer {
    match visit.state.access().find_invitation(&fields.token).await {
        Ok((invitation, organization)) => {
            let more = context! {
                organization,
                email => invitation.email,
                role => invitation.role.as_str(),
                is_signed_in => visit.find_viewer().await.is_some(),
            };
            Screen::Invitation.show_with(visit, fields, problem, more).await
        }
        Err(error) => {
            let gone = Problem::from(error);
            if gone.status().is_server_error() {
                return Err(gone);
            }
            Screen::Invitation.show(visit, fields, Some(problem.unwrap_or(&gone))).await
        }
    }
}
