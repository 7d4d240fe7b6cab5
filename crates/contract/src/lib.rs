#![doc = include_str!("../README.md")]

mod document;
mod schema;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use embargod_sandbox::{Exchange, Flavour};
use serde_json::Value;

use document::{Document, Operation};

pub use watch::{Watch, watch};

/// What a forge has published, ready to be asked.
pub struct Contract {
    flavour: Flavour,
    document: Document,
    // Building a validator costs more than using it a hundred times.
    built: Mutex<BTreeMap<String, &'static jsonschema::Validator>>,
}

impl Contract {
    /// GitHub's.
    pub fn github() -> &'static Self {
        static GITHUB: OnceLock<Contract> = OnceLock::new();
        GITHUB.get_or_init(|| Self::read(Flavour::Github, include_str!("../github.json")))
    }

    /// GitLab's.
    pub fn gitlab() -> &'static Self {
        static GITLAB: OnceLock<Contract> = OnceLock::new();
        GITLAB.get_or_init(|| Self::read(Flavour::Gitlab, include_str!("../gitlab.json")))
    }

    /// That of a forge.
    pub fn of(flavour: Flavour) -> &'static Self {
        match flavour {
            Flavour::Github => Self::github(),
            Flavour::Gitlab => Self::gitlab(),
        }
    }

    fn read(flavour: Flavour, text: &str) -> Self {
        Self {
            flavour,
            document: Document::read(text),
            built: Mutex::default(),
        }
    }

    /// What is wrong with an exchange; empty when nothing is.
    ///
    /// An error that the forge does not describe for the operation (such as bad credentials) needs a message and no more;
    /// anything else that it does not describe is wrong.
    pub fn check(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let subject = format!("{} {}", exchange.method, exchange.path);
        let Some(operation) = self.document.operation(exchange.method, exchange.path) else {
            return vec![format!("{subject}: no operation of the contract")];
        };
        let mut wrong = self.check_request(&operation, exchange);
        wrong.extend(self.check_response(&operation, exchange));
        wrong.iter().map(|wrong| format!("{subject}: {wrong}")).collect()
    }

    /// What is wrong with the payload of a webhook; empty when nothing is.
    pub fn check_delivery(&self, event: &str, payload: &Value) -> Vec<String> {
        let name = match (self.flavour, payload["action"].as_str()) {
            (Flavour::Gitlab, _) => event.to_owned(),
            (Flavour::Github, Some(action)) => format!("{}-{action}", event.replace('_', "-")),
            (Flavour::Github, None) => event.replace('_', "-"),
        };
        match self.document.webhook(&name) {
            Some(schema) => {
                let wrong = self.violations(&format!("webhook {name}"), &schema, payload);
                wrong.iter().map(|wrong| format!("webhook {name}: {wrong}")).collect()
            }
            None => vec![format!("webhook {name}: not in the contract")],
        }
    }

    fn check_request(&self, operation: &Operation, exchange: &Exchange<'_>) -> Vec<String> {
        let mut wrong = Vec::new();
        for (key, text) in exchange.query {
            match operation.query.get(key) {
                Some(schema) => {
                    let name = format!("{} ?{key}", operation.name);
                    let value = schema::parameter(text, &self.document.resolved(schema));
                    wrong.extend(self.violations(&name, schema, &value));
                }
                None => wrong.push(format!("the operation has no query parameter {key}")),
            }
        }
        match &operation.body {
            Some(schema) if !exchange.request.is_null() => {
                let name = format!("{} body", operation.name);
                let request = match self.flavour {
                    Flavour::Github => exchange.request.clone(),
                    Flavour::Gitlab => self.form(schema, exchange.request),
                };
                wrong.extend(self.violations(&name, schema, &request));
                wrong.extend(self.document.unknown_keys(schema, &request, "request"));
            }
            Some(_) if operation.body_required => wrong.push("the body is missing".to_owned()),
            None if !exchange.request.is_null() => wrong.push("the operation takes no body".to_owned()),
            Some(_) | None => {}
        }
        // What the forge refused may have been wrong.
        if exchange.status >= 400 { Vec::new() } else { wrong }
    }

    fn check_response(&self, operation: &Operation, exchange: &Exchange<'_>) -> Vec<String> {
        let status = exchange.status;
        match operation.responses.get(&status) {
            Some(Some(schema)) => self.violations(&format!("{} {status}", operation.name), schema, exchange.response),
            Some(None) if exchange.response.is_null() => Vec::new(),
            Some(None) | None if status >= 400 && self.is_an_error(exchange.response) => Vec::new(),
            Some(None) => vec![format!("{status} has no body")],
            None => vec![format!("the operation has no answer {status}")],
        }
    }

    /// GitLab says what is wrong with a parameter in `error`, and its messages may be lists and objects.
    fn is_an_error(&self, response: &Value) -> bool {
        match self.flavour {
            Flavour::Github => response["message"].is_string(),
            Flavour::Gitlab => !response["message"].is_null() || response["error"].is_string(),
        }
    }

    /// A form has texts alone: each is read as its field's type.
    fn form(&self, schema: &Value, request: &Value) -> Value {
        let fields = request.as_object().into_iter().flatten();
        let typed = fields.map(|(key, value)| {
            let field = self.document.resolved(&schema["properties"][key]);
            let value = value
                .as_str()
                .map_or_else(|| value.clone(), |text| schema::parameter(text, &field));
            (key.clone(), value)
        });
        Value::Object(typed.collect())
    }

    fn violations(&self, name: &str, schema: &Value, value: &Value) -> Vec<String> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if !built.contains_key(name) {
            match schema::validator(schema, &self.document.components) {
                // As many as there are operations, each kept until the tests end.
                Ok(validator) => built.insert(name.to_owned(), Box::leak(Box::new(validator))),
                Err(problem) => return vec![format!("{name} cannot be checked: {problem}")],
            };
        }
        let Some(validator) = built.get(name).copied() else {
            return Vec::new();
        };
        drop(built);
        validator
            .iter_errors(value)
            .flat_map(|error| schema::explained(&error))
            .collect()
    }
}
