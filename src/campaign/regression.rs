//! A smallest pod that is remembered, with what it shows and where.

use std::collections::BTreeMap;

use podcheck_generators::Scenario;
use serde::{Deserialize, Serialize};

use super::class::Class;
use super::confirmed::{Minimal, Rate};

/// One file of `expected/regressions/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Regression {
    /// The failure that it shows.
    pub class: Class,
    /// How often it was shown, by kubelet version; 0 says that a version does not show it.
    pub versions: BTreeMap<String, Rate>,
    /// The planted fault of the simulated node that shows it; absent: the behaviour of these versions does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What the pod does.
    pub scenario: Scenario,
}

impl Regression {
    /// Of a smallest pod.
    pub fn of(class: &Class, minimal: &Minimal, fault: Option<&str>) -> Self {
        Self {
            class: class.clone(),
            versions: minimal.confirmed.clone(),
            fault: fault.map(str::to_owned),
            scenario: minimal.scenario.clone(),
        }
    }

    /// Writes it with the scenario in its usual form, one line for each attempt and each probe.
    pub fn to_yaml(&self) -> Result<String, serde_yaml::Error> {
        let mut head = serde_yaml::to_value(self)?;
        if let Some(fields) = head.as_mapping_mut() {
            fields.remove("scenario");
        }
        let mut text = serde_yaml::to_string(&head)? + "scenario:\n";
        for line in self.scenario.to_yaml().lines() {
            text += &format!("  {line}\n");
        }
        Ok(text)
    }

    /// Reads what [`Regression::to_yaml`] writes, by hand or not; the scenario has to be valid.
    pub fn from_yaml(text: &str) -> Result<Self, String> {
        let regression: Self = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let valid = regression.scenario.validate();
        valid.map_err(|error| format!("not a valid scenario: {error}"))?;
        Ok(regression)
    }
}
