//! The installation.

use axum::Json;
use axum::extract::State;

use crate::dto::{EngineBody, MetaBody};
use crate::problem::Answer;
use crate::state::AppState;

/// What this installation is and offers.
#[utoipa::path(get, path = "/meta", tag = "Meta", security(()),
    responses((status = 200, body = MetaBody)))]
pub async fn get_meta(State(state): State<AppState>) -> Answer<Json<MetaBody>> {
    let engines = state.jobs().registry().engines().iter().map(|engine| EngineBody {
        id: engine.id.clone(),
        title: engine.title.clone(),
        summary: engine.summary.clone(),
    });
    Ok(Json(MetaBody {
        name: state.billing().edition().title.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        edition: state.settings.edition.clone(),
        setup_required: state.access().is_setup_required().await?,
        registration_open: state.access().is_registration_open().await?,
        engines: engines.collect(),
    }))
}
