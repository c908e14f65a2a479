//! Scenarios as YAML files.

use crate::{Invalid, Scenario};

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
        serde_yaml::to_string(self).expect("a scenario is plain data: maps with string keys, numbers and strings")
    }
}
