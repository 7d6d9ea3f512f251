//! All routes with everything around them.

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::api::describe;
use crate::middleware::{compression, guard, observe};
use crate::older_paths::with_older_paths;
use crate::pages::page_routes;
use crate::problem::{Answer, Problem};
use crate::routes::{app_routes, docs_routes, health_routes, oauth_routes};
use crate::state::AppState;
use gantry_types::ProblemCode;

/// Everything that the server answers.
pub fn router(state: AppState) -> Router {
    let (api, _) = describe().split_for_parts();
    let api = api.layer(from_fn_with_state(state.clone(), guard));
    let house = Router::new()
        .merge(api)
        .merge(docs_routes())
        .merge(health_routes())
        .merge(app_routes())
        .merge(page_routes())
        .merge(oauth_routes())
        .fallback(nothing_here)
        .layer(compression())
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state);
    with_older_paths(house)
}

async fn nothing_here() -> Answer {
    Err(Problem::new(ProblemCode::NotFound, "There is nothing at this address."))
}
