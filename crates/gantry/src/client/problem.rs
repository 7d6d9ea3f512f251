//! Problems of the server (RFC 9457) as failures of a command.

use serde_json::Value;

use crate::failure::{Exit, Failure};

/// How to come by a key that may do more than the usual one.
const OTHER_KEY: &str = "`gantry login --email ADDRESS --scopes read,run,data,account` makes one \
                         for the account, and `admin` among them one for administrators.";

/// The failure for a status and what its body says.
pub fn derive_failure(status: u16, body: &Value, base: &str) -> Failure {
    let code = body["code"].as_str().unwrap_or_default();
    let exit = derive_exit(status, code);
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
    let mut cause = text("detail")
        .or_else(|| text("title"))
        .map_or_else(|| format!("{base} answered with status {status}"), str::to_owned);
    for error in body["errors"].as_array().into_iter().flatten() {
        let (pointer, message) = (error["pointer"].as_str(), error["message"].as_str());
        if let (Some(pointer), Some(message)) = (pointer, message)
            && !cause.contains(message)
        {
            cause.push_str(&format!("\n  {pointer}: {message}"));
        }
    }
    if exit == Exit::JobFailed
        && let Some(request) = text("request_id")
    {
        cause.push_str(&format!(" (request {request})"));
    }
    let failure = Failure::new(exit, cause);
    match (text("next_step"), exit) {
        (Some(next), Exit::Auth) if code == "forbidden" => {
            failure.with_next(format!("{next} {OTHER_KEY}"))
        }
        (Some(next), _) => failure.with_next(next),
        (None, Exit::Auth) => failure.with_next(format!("`gantry login --server {base}`")),
        (None, _) => failure,
    }
}

fn derive_exit(status: u16, code: &str) -> Exit {
    match (status, code) {
        (401 | 403 | 410, _) | (429, "locked_out") => Exit::Auth,
        (404, _) => Exit::NotFound,
        (402, _) | (429, "rate_limited") => Exit::Quota,
        (400 | 405 | 413 | 415 | 416 | 422, _) => Exit::Usage,
        (429 | 502..=504, _) => Exit::Unreachable,
        _ => Exit::JobFailed,
    }
}

#[cfg(test)]
mod tests {
    use gantry_types::PROBLEM_CODES;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_problem_has_the_exit_code_of_its_kind() {
        for code in PROBLEM_CODES {
            let exit = derive_exit(code.status(), code.slug());
            let expected = match code.slug() {
                "not_signed_in"
                | "wrong_credentials"
                | "not_vouched"
                | "second_factor_required"
                | "forbidden"
                | "csrf_rejected"
                | "locked_out"
                | "link_not_good" => Exit::Auth,
                "not_found" => Exit::NotFound,
                "insufficient_credits" | "not_in_plan" | "quota_exceeded" | "rate_limited" => {
                    Exit::Quota
                }
                "overloaded" | "unavailable" | "engine_unavailable" | "service_restarting" => {
                    Exit::Unreachable
                }
                "conflict"
                | "already_exists"
                | "overtaken"
                | "operation_paused"
                | "precondition_failed"
                | "internal" => Exit::JobFailed,
                _ => Exit::Usage,
            };
            assert_eq!(exit, expected, "{}", code.slug());
        }
    }

    #[test]
    fn details_and_next_steps_are_told() {
        let body = json!({
            "code": "invalid_parameters", "title": "The parameters are not valid",
            "detail": "A parameter is wrong.",
            "errors": [{ "pointer": "/target", "message": "is no column" }],
        });
        let failure = derive_failure(422, &body, "http://h");
        assert_eq!(failure.cause, "A parameter is wrong.\n  /target: is no column");
        let failure = derive_failure(401, &json!({ "title": "Sign in first" }), "http://h");
        assert_eq!(failure.next.as_deref(), Some("`gantry login --server http://h`"));
        let body = json!({ "code": "forbidden", "title": "No", "next_step": "Use another key." });
        let next = derive_failure(403, &body, "http://h").next.unwrap();
        assert!(next.starts_with("Use another key. `gantry login"), "{next}");
        assert_eq!(derive_failure(418, &Value::Null, "http://h").exit, Exit::JobFailed);
    }
}
