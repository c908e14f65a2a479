//! Scenarios as YAML files, one line for each attempt and each probe.

use serde_yaml::Value;

use crate::{Invalid, Scenario};

/// Widest line that a mapping may take before it is spread over several.
const FLOW_WIDTH: usize = 160;

/// Why a text is not a scenario.
#[derive(Debug, thiserror::Error)]
pub enum YamlError {
    /// The text does not have the form of a scenario; the message names field, line and column.
    #[error("not a scenario: {0}")]
    Form(#[from] serde_yaml::Error),
    /// The form is right, the content is not.
    #[error("not a valid scenario: {0}")]
    Content(#[from] Invalid),
}

impl Scenario {
    /// Reads one scenario and validates it.
    pub fn from_yaml(text: &str) -> Result<Self, YamlError> {
        let scenario: Self = serde_yaml::from_str(text)?;
        scenario.validate()?;
        Ok(scenario)
    }

    /// Writes the scenario as YAML that [`Scenario::from_yaml`] reads back to an equal value.
    pub fn to_yaml(&self) -> String {
        let value =
            serde_yaml::to_value(self).expect("a scenario is plain data: maps with string keys, numbers, strings");
        let mut text = String::new();
        block(&value, 0, &mut text);
        text
    }
}

/// Writes a value as lines at this indentation; the first line continues the current one.
fn block(value: &Value, indent: usize, text: &mut String) {
    let newline = |text: &mut String, first: bool| {
        if !first {
            text.push_str(&" ".repeat(indent));
        }
    };
    match value {
        Value::Mapping(entries) => {
            for (number, (key, value)) in entries.iter().enumerate() {
                newline(text, number == 0);
                text.push_str(&flow(key));
                text.push(':');
                nested(value, indent + 2, text);
            }
        }
        Value::Sequence(items) => {
            for (number, item) in items.iter().enumerate() {
                newline(text, number == 0);
                text.push('-');
                if is_leaf(item) {
                    nested(item, indent + 2, text)
                } else {
                    item_block(item, indent + 2, text)
                }
            }
        }
        scalar => {
            text.push_str(&flow(scalar));
            text.push('\n');
        }
    }
}

fn item_block(item: &Value, indent: usize, text: &mut String) {
    text.push(' ');
    block(item, indent, text);
}

/// Writes what follows a key's colon or an item's dash: on the same line if it is a leaf, else indented below.
fn nested(value: &Value, indent: usize, text: &mut String) {
    if is_leaf(value) {
        text.push(' ');
        text.push_str(&flow(value));
        text.push('\n');
    } else {
        text.push('\n');
        text.push_str(&" ".repeat(indent));
        block(value, indent, text);
    }
}

/// Attempts, probes and moments: what holds no list of its own and fits on a line.
fn is_leaf(value: &Value) -> bool {
    fn has_list(value: &Value) -> bool {
        match value {
            Value::Sequence(_) => true,
            Value::Mapping(entries) => entries.values().any(has_list),
            _ => false,
        }
    }
    !has_list(value) && flow(value).len() <= FLOW_WIDTH
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Mapping(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", flow(key), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric()) => text.clone(),
        // A JSON string is a YAML string whatever it contains; no valid scenario has one that needs the quotes.
        Value::String(text) => format!("{text:?}"),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Tagged(_) => "null".into(),
    }
}
