//! A published document: finding operations by request, and following references.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::schema;

pub(crate) struct Document {
    paths: Value,
    webhooks: Value,
    pub components: Value,
}

/// One operation with its schemas.
pub(crate) struct Operation {
    /// `METHOD template`.
    pub name: String,
    pub query: BTreeMap<String, Value>,
    pub body: Option<Value>,
    pub body_required: bool,
    /// By status; `None` where there is no body.
    pub responses: BTreeMap<u16, Option<Value>>,
}

impl Document {
    pub fn read(text: &str) -> Self {
        // An empty document finds fault with every exchange, which is what a broken file deserves.
        let mut document: Value = serde_json::from_str(text).unwrap_or_default();
        schema::from_open_api(&mut document);
        Self {
            paths: document["paths"].take(),
            webhooks: document["x-webhooks"].take(),
            components: document["components"].take(),
        }
    }

    pub fn operation(&self, method: &str, path: &str) -> Option<Operation> {
        let method = method.to_lowercase();
        let fitting = self
            .paths
            .as_object()?
            .iter()
            .filter(|(template, methods)| fits(template, path) && methods.get(&method).is_some());
        // `/issues/comments/{id}` before `/issues/{number}/comments`: the fewer placeholders, the better.
        let (template, methods) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
        let found = &methods[&method];
        let parameters = found["parameters"].as_array().into_iter().flatten();
        let query = parameters
            .map(|parameter| self.resolved(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| Some((parameter["name"].as_str()?.to_owned(), parameter["schema"].clone())));
        let body = self.resolved(&found["requestBody"]);
        let responses = found["responses"].as_object().into_iter().flatten();
        Some(Operation {
            name: format!("{} {template}", method.to_uppercase()),
            query: query.collect(),
            body: content(&body),
            body_required: body["required"] == true,
            responses: responses
                .filter_map(|(status, response)| Some((status.parse().ok()?, content(&self.resolved(response)))))
                .collect(),
        })
    }

    pub fn webhook(&self, name: &str) -> Option<Value> {
        content(&self.resolved(&self.webhooks[name]["post"]["requestBody"]))
    }

    /// What a reference stands for, or the thing itself.
    pub fn resolved(&self, value: &Value) -> Value {
        let mut value = value.clone();
        while let Some(reference) = value["$ref"].as_str() {
            let found = reference
                .strip_prefix("#/components")
                .and_then(|pointer| self.components.pointer(pointer));
            value = found.cloned().unwrap_or_default();
        }
        value
    }

    /// Keys that a request has and its schema does not know. JSON Schema lets them pass, a forge ignores them in silence,
    /// and so a misspelt one would never be found.
    pub fn unknown_keys(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let known = self.resolved(schema);
        if let Some(items) = value.as_array() {
            return items
                .iter()
                .flat_map(|item| self.unknown_keys(&known["items"], item, &format!("{at}[]")))
                .collect();
        }
        let (Some(fields), Some(properties)) = (value.as_object(), self.properties(&known)) else {
            return Vec::new();
        };
        fields
            .iter()
            .flat_map(|(key, value)| match properties.get(key) {
                Some(schema) => self.unknown_keys(schema, value, &format!("{at}.{key}")),
                None => vec![format!("{at}.{key} is unknown to the operation")],
            })
            .collect()
    }

    /// The properties of an object and of everything that it is composed of; `None` where it says nothing of them.
    fn properties(&self, schema: &Value) -> Option<BTreeMap<String, Value>> {
        let own = schema["properties"].as_object().into_iter().flatten();
        let mut all: BTreeMap<_, _> = own.map(|(key, schema)| (key.clone(), schema.clone())).collect();
        for composed in ["allOf", "anyOf", "oneOf"].map(|key| schema[key].as_array()) {
            for part in composed.into_iter().flatten() {
                all.extend(self.properties(&self.resolved(part)).unwrap_or_default());
            }
        }
        (!all.is_empty()).then_some(all)
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.trim_end_matches('/').split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(expected, found)| expected == found || (expected.starts_with('{') && !found.is_empty()))
}

fn content(body: &Value) -> Option<Value> {
    let content = body["content"].as_object()?;
    let kinds = ["application/json", "application/json; charset=utf-8"];
    match kinds.iter().find_map(|kind| content.get(*kind)) {
        Some(found) => Some(found["schema"].clone()),
        None => Some(json!({})),
    }
}
