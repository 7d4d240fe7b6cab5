//! The check itself: it must find what is wrong, or it is worth nothing.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_contract::Contract;
use embargod_sandbox::Exchange;
use serde_json::{Value, json};

fn check(
    method: &str,
    path: &str,
    query: &[(&str, &str)],
    request: Value,
    status: u16,
    response: Value,
) -> Vec<String> {
    let query: Vec<_> = query
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let exchange = Exchange {
        caller: "bot",
        method,
        path,
        query: &query,
        request: &request,
        status,
        response: &response,
    };
    Contract::github().check(&exchange)
}

#[test]
fn a_token_as_github_documents_it_is_right() {
    let response =
        json!({ "token": "ghs_x", "expires_at": "2026-01-01T00:00:00Z", "permissions": { "issues": "write" } });
    let path = "/app/installations/1/access_tokens";
    assert_eq!(
        check("POST", path, &[], Value::Null, 201, response.clone()),
        Vec::<String>::new()
    );
    assert_eq!(
        check("POST", path, &[], Value::Null, 200, response).len(),
        1,
        "the wrong status"
    );
    let wrong = check("POST", path, &[], Value::Null, 201, json!({ "token": "ghs_x" }));
    assert!(wrong[0].contains("expires_at"), "{wrong:?}");
}

#[test]
fn what_the_operation_does_not_know_is_wrong() {
    let list = "/repos/o/r/security-advisories";
    assert_eq!(
        check(
            "GET",
            list,
            &[("state", "draft"), ("per_page", "100")],
            Value::Null,
            200,
            json!([])
        ),
        Vec::<String>::new()
    );
    for (key, value) in [("page", "2"), ("state", "asleep"), ("per_page", "many")] {
        assert_eq!(
            check("GET", list, &[(key, value)], Value::Null, 200, json!([])).len(),
            1,
            "{key}={value}"
        );
    }
    assert_eq!(check("DELETE", list, &[], Value::Null, 204, Value::Null).len(), 1);
    assert_eq!(check("GET", "/repos/o", &[], Value::Null, 200, json!({})).len(), 1);
}

#[test]
fn a_misspelt_key_of_a_request_is_wrong_at_any_depth() {
    let path = "/repos/o/r/check-runs";
    let request =
        json!({ "name": "n", "head_sha": "s", "conclusoin": "success", "output": { "title": "t", "summry": "s" } });
    let wrong = check("POST", path, &[], request, 201, json!({}));
    for expected in [
        "request.conclusoin",
        "request.output.summry",
        "\"summary\" is a required",
    ] {
        assert!(
            wrong.iter().any(|wrong| wrong.contains(expected)),
            "{expected}: {wrong:#?}"
        );
    }
}

#[test]
fn an_error_that_is_not_described_needs_a_message() {
    let path = "/repos/o/r/issues/1";
    assert_eq!(
        check(
            "GET",
            path,
            &[],
            Value::Null,
            401,
            json!({ "message": "Bad credentials" })
        ),
        Vec::<String>::new()
    );
    assert_eq!(check("GET", path, &[], Value::Null, 401, json!({})).len(), 1);
}

#[test]
fn a_delivery_is_held_to_its_event_and_action() {
    let contract = Contract::github();
    let wrong = contract.check_delivery(
        "issue_comment",
        &json!({ "action": "created", "issue": {}, "comment": {} }),
    );
    assert!(wrong.iter().any(|wrong| wrong.contains("repository")), "{wrong:?}");
    assert_eq!(
        contract.check_delivery("issues", &json!({ "action": "dreamt" })).len(),
        1
    );
}
