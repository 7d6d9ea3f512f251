//! Older names of the API's addresses, as programs that were written for one product know them.
//!
//! Invariants: the table below is the only list; an older name answers what the route itself
//! answers, by no redirect, since a redirected POST loses its body; a name that needs another
//! request than the route's is not listed.

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::Response;

/// Method, older name, the route under [`crate::api::API_ROOT`]; `{id}` is one segment, carried
/// over.
const OLDER_PATHS: &[(Method, &str, &str)] = &[
    (Method::POST, "/api/auth/register", "/auth/register"),
    (Method::POST, "/api/auth/login", "/auth/login"),
    (Method::POST, "/api/auth/refresh", "/auth/tokens/refresh"),
    (Method::POST, "/api/auth/logout", "/auth/logout"),
    (Method::GET, "/api/auth/me", "/auth/me"),
    (Method::GET, "/api/datasets", "/datasets"),
    (Method::POST, "/api/datasets/upload-url", "/datasets/uploads"),
    (Method::POST, "/api/datasets/confirm", "/datasets/confirm"),
    (Method::GET, "/api/datasets/{id}", "/datasets/{id}"),
    (Method::DELETE, "/api/datasets/{id}", "/datasets/{id}"),
    (Method::GET, "/api/datasets/{id}/stats", "/datasets/{id}/profile"),
    (Method::GET, "/api/jobs", "/jobs"),
    (Method::POST, "/api/jobs", "/jobs"),
    (Method::POST, "/api/start-run", "/jobs"),
    (Method::GET, "/api/jobs/{id}", "/jobs/{id}"),
    (Method::POST, "/api/jobs/{id}/cancel", "/jobs/{id}/cancel"),
    (Method::POST, "/api/jobs/{id}/retry", "/jobs/{id}/redrive"),
    (Method::GET, "/api/jobs/{id}/logs", "/jobs/{id}/events"),
    (Method::GET, "/api/jobs/{id}/models/compare", "/jobs/{id}/models/compare"),
    (Method::GET, "/api/models", "/models"),
    (Method::GET, "/api/models/{id}", "/models/{id}"),
    (Method::GET, "/api/models/{id}/metrics", "/models/{id}/metrics"),
    (Method::GET, "/api/models/{id}/plots", "/models/{id}/plots"),
    (Method::GET, "/api/credits/balance", "/account"),
    (Method::GET, "/api/credits/transactions", "/account/ledger"),
    (Method::POST, "/api/credits/claim-ad-reward", "/rewards/claims"),
    (Method::GET, "/webhooks/admob", "/rewards/callbacks/admob"),
    (Method::GET, "/api/admin/fraud-events", "/admin/fraud/events"),
    (Method::GET, "/api/admin/cost-monitoring", "/admin/costs"),
    (Method::GET, "/api/admin/users", "/admin/users"),
    (Method::POST, "/api/admin/users/{id}/suspend", "/admin/users/{id}/suspend"),
    (Method::POST, "/api/admin/users/{id}/ban", "/admin/users/{id}/ban"),
    (Method::POST, "/api/credits/mock-purchase", "/account/mock-purchases"),
    (Method::POST, "/api/payments/create-checkout", "/account/checkouts"),
    (Method::POST, "/api/webhooks/stripe", "/payments/webhooks/stripe"),
    (Method::POST, "/webhooks/stripe", "/payments/webhooks/stripe"),
    (Method::GET, "/ws/job/{id}", "/jobs/{id}/socket"),
];

/// `house`, which answers under the older names too. What is at none of its addresses is looked up
/// in the table and asked of it again, so that no request is observed twice.
pub fn with_older_paths(house: Router) -> Router {
    let renamed: Router = Router::new().fallback_service(house.clone()).layer(from_fn(rename));
    house.fallback_service(renamed)
}

async fn rename(mut request: Request, next: Next) -> Response {
    if let Some(uri) = find_route(request.method(), request.uri()) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

/// The route's address, with the query of the older one. A slash at the end makes no difference.
fn find_route(method: &Method, uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').unwrap_or(uri.path());
    let mut found = OLDER_PATHS.iter().filter(|(wanted, _, _)| wanted == method);
    let route = found.find_map(|(_, name, route)| fill(name, route, path))?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{route}{query}", crate::api::API_ROOT).parse().ok()
}

/// `route` with the identifier that stands in `path`, if `path` is an instance of `name`.
fn fill(name: &str, route: &str, path: &str) -> Option<String> {
    let Some((before, after)) = name.split_once("{id}") else {
        return (name == path).then(|| route.to_owned());
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then(|| route.replacen("{id}", id, 1))
}

#[cfg(test)]
mod tests {
    use super::{Method, Uri, find_route};

    fn route(method: &Method, path: &'static str) -> Option<String> {
        find_route(method, &Uri::from_static(path)).map(|uri| uri.to_string())
    }

    #[test]
    fn an_older_name_becomes_the_route_with_its_identifier_and_its_query() {
        let logs = route(&Method::GET, "/api/jobs/7/logs?after=3");
        assert_eq!(logs.as_deref(), Some("/api/v1/jobs/7/events?after=3"));
        let run = route(&Method::POST, "/api/start-run/");
        assert_eq!(run.as_deref(), Some("/api/v1/jobs"));
        let message = route(&Method::POST, "/webhooks/stripe/");
        assert_eq!(message.as_deref(), Some("/api/v1/payments/webhooks/stripe"));
        let socket = route(&Method::GET, "/ws/job/7/?after=3");
        assert_eq!(socket.as_deref(), Some("/api/v1/jobs/7/socket?after=3"));
        let named = route(&Method::GET, "/api/jobs/7/models/compare");
        assert_eq!(named.as_deref(), Some("/api/v1/jobs/7/models/compare"));
    }

    #[test]
    fn what_is_not_in_the_table_stays_as_it_is() {
        assert_eq!(route(&Method::POST, "/api/credits/balance"), None);
        assert_eq!(route(&Method::GET, "/api/jobs//logs"), None);
        assert_eq!(route(&Method::GET, "/api/jobs/7/8/logs"), None);
        assert_eq!(route(&Method::GET, "/api/v1/jobs"), None);
    }
}
