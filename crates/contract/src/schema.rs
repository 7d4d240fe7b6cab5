//! From the schemas of OpenAPI 3.0 to JSON Schema, which a library checks.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Value, json};

/// Rewrites in place what the two dialects say differently: OpenAPI 3.0's `nullable`.
pub(crate) fn from_open_api(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let nullable = fields.remove("nullable") == Some(Value::Bool(true));
            fields.values_mut().for_each(from_open_api);
            if nullable {
                let inner = Value::Object(std::mem::take(fields));
                *value = json!({ "anyOf": [inner, { "type": "null" }] });
            }
        }
        Value::Array(items) => items.iter_mut().for_each(from_open_api),
        _ => {}
    }
}

/// A validator for one schema, with everything that it may refer to beside it.
pub(crate) fn validator(schema: &Value, components: &Value) -> Result<jsonschema::Validator, String> {
    let whole = json!({ "allOf": [schema], "components": components });
    let options = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true);
    options.build(&whole).map_err(|problem| problem.to_string())
}

/// Where a value breaks its schema and how, without the value. Of alternatives, the one that comes closest is explained.
pub(crate) fn explained(error: &ValidationError<'_>) -> Vec<String> {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let closest = context.iter().min_by_key(|errors| {
                // "It is not null" is true and helps nobody.
                let type_alone = errors.len() == 1 && matches!(errors[0].kind(), ValidationErrorKind::Type { .. });
                (type_alone, errors.len())
            });
            closest.into_iter().flatten().flat_map(explained).collect()
        }
        _ => vec![format!("{} {}", error.instance_path(), error.masked())],
    }
}

/// The text of a query parameter as the type that its schema asks for.
pub(crate) fn parameter(text: &str, schema: &Value) -> Value {
    let typed = match schema["type"].as_str() {
        Some("integer") => text.parse().ok().map(|number: i64| json!(number)),
        Some("boolean") => text.parse().ok().map(|truth: bool| json!(truth)),
        _ => None,
    };
    typed.unwrap_or_else(|| json!(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn nullable_is_null_beside_the_rest() {
        let mut schema = json!({ "properties": { "a": { "type": "string", "enum": ["x"], "nullable": true } } });
        from_open_api(&mut schema);
        let validator = validator(&schema, &json!({})).expect("valid");
        assert!(validator.is_valid(&json!({ "a": null })));
        assert!(validator.is_valid(&json!({ "a": "x" })));
        assert!(!validator.is_valid(&json!({ "a": "y" })));
    }

    #[test]
    fn a_parameter_is_read_as_its_type() {
        assert_eq!(parameter("7", &json!({ "type": "integer" })), json!(7));
        assert_eq!(parameter("seven", &json!({ "type": "integer" })), json!("seven"));
        assert_eq!(parameter("7", &json!({ "type": "string" })), json!("7"));
    }
}
