//! The description of the API, made from the routes themselves.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, ResponseBuilder,
    SecurityRequirement, security::SecurityScheme,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::dto::{FieldErrorBody, ListOrder, ProblemBody, ProblemCodeWord};
use crate::extract::SESSION_COOKIE;
use crate::routes::api_routes;
use crate::state::AppState;

/// Where the API lives.
pub const API_ROOT: &str = "/api/v1";

/// The description of the API (OpenAPI 3.1). It does not depend on the installation.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, description) = describe().split_for_parts();
    finish(description)
}

/// The routes with their description.
pub fn describe() -> OpenApiRouter<AppState> {
    let info = InfoBuilder::new()
        .title("Gantry")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Jobs, datasets, artifacts and accounts. Programs send an API key as \
             `Authorization: Bearer gk_…`; browsers send the session's cookie, and the header \
             `X-CSRF-Token` with requests that change something. Errors are \
             `application/problem+json` (RFC 9457).",
        ))
        .build();
    let empty = OpenApiBuilder::new().info(info).build();
    OpenApiRouter::with_openapi(empty).nest(API_ROOT, api_routes())
}

fn finish(mut description: OpenApi) -> OpenApi {
    description.security = Some(vec![
        SecurityRequirement::new("session", Vec::<String>::new()),
        SecurityRequirement::new("api_key", Vec::<String>::new()),
    ]);
    let components = description.components.get_or_insert_default();
    let cookie = ApiKeyValue::new(SESSION_COOKIE);
    components
        .security_schemes
        .insert("session".to_owned(), SecurityScheme::ApiKey(ApiKey::Cookie(cookie)).into());
    components.security_schemes.insert(
        "api_key".to_owned(),
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()).into(),
    );
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    components.schemas.insert(FieldErrorBody::name().into_owned(), FieldErrorBody::schema());
    components.schemas.insert(ProblemCodeWord::name().into_owned(), ProblemCodeWord::schema());
    components.schemas.insert(ListOrder::name().into_owned(), ListOrder::schema());
    let problem = ResponseBuilder::new()
        .description("A problem.")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build(),
        )
        .build();
    for item in description.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), problem.clone().into());
        }
    }
    description
}
