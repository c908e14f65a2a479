//! Scenarios named on the command line: a file, a case id, or the name of one in the corpus.

use std::io::Read;
use std::path::Path;

use podcheck_generators::{CORPUS, CaseId, Profile, Scenario, case};
use serde::Deserialize;
use serde_yaml::{Deserializer, Value};

use super::args::NEWEST;
use super::{Failure, input, plain};
use crate::campaign::{Class, Regression};
use crate::simulate::Workload;

/// A file larger than this holds no scenario.
const BYTES_MAX: u64 = 4 << 20;

/// A scenario and what to call it.
#[derive(Clone, Debug)]
pub struct Named {
    /// Case id, name in the corpus, or name of the file or pod.
    pub name: String,
    /// What to run; a plain manifest comes without a scenario.
    pub work: Workload,
    /// The class of failure that it is kept for.
    pub class: Option<Class>,
}

impl Named {
    fn new(name: impl Into<String>, scenario: &Scenario) -> Self {
        Self {
            name: name.into(),
            work: Workload::of(scenario),
            class: None,
        }
    }
}

/// The named scenario, or an error that lists the names.
pub fn corpus(name: &str) -> Result<Named, Failure> {
    corpus_entry(name).map(|entry| Named::new(name, &entry.scenario()))
}

/// The named scenario with its text, or an error that lists the names.
pub fn corpus_entry(name: &str) -> Result<&'static podcheck_generators::Named, Failure> {
    CORPUS.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = CORPUS.iter().map(|entry| entry.name).collect();
        Failure::Usage(format!(
            "no named scenario is called {name:?}; there are: {}",
            names.join(", ")
        ))
    })
}

/// What the user named: a file if there is one, else a case id, else a name in the corpus.
pub fn scenarios(text: &str) -> Result<Vec<Named>, Failure> {
    let path = Path::new(text);
    if text == "-" || path.exists() {
        return file(path, NEWEST.minor);
    }
    if let Some(named) = CORPUS.iter().find(|named| named.name == text) {
        return Ok(vec![Named::new(text, &named.scenario())]);
    }
    match text.parse::<CaseId>() {
        Ok(id) => Ok(vec![Named::new(id.to_string(), &case(id))]),
        Err(error) => {
            let is_id = text
                .split('/')
                .next()
                .is_some_and(|first| first.parse::<Profile>().is_ok());
            Err(Failure::Usage(if is_id {
                error.to_string()
            } else {
                format!(
                    "{text} is neither a file nor a case id (like sidecars/7f3a9c/12) nor a named scenario; \
                     podcheck generate --list names those there are"
                )
            }))
        }
    }
}

/// All scenarios and manifests in a file; manifests as an API server 1.`server_minor` takes them.
pub fn file(path: &Path, server_minor: u32) -> Result<Vec<Named>, Failure> {
    let place = if path.as_os_str() == "-" {
        "<stdin>".to_owned()
    } else {
        path.display().to_string()
    };
    let text = read(path, &place)?;
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("{place}: {error}"));
    let documents: Result<Vec<Value>, _> = Deserializer::from_str(&text).map(Value::deserialize).collect();
    let mut documents = documents.map_err(|error| wrong(&format!("not YAML: {error}")))?;
    documents.retain(|document| !document.is_null());
    match &documents[..] {
        [] => Err(wrong(&"there is no scenario in it; podcheck generate writes some")),
        [only] if only.get("scenario").is_some() => {
            let regression = Regression::from_yaml(&text).map_err(|error| wrong(&error))?;
            Ok(vec![Named {
                class: Some(regression.class),
                ..Named::new(stem(path), &regression.scenario)
            }])
        }
        // Read as text, errors name line and column.
        [only] if !plain::is_manifest(only) => {
            let scenario = Scenario::from_yaml(&text).map_err(|error| wrong(&error))?;
            Ok(vec![Named {
                class: class_beside(path)?,
                ..Named::new(stem(path), &scenario)
            }])
        }
        several => {
            let numbered = several.iter().enumerate();
            let name = |index| {
                if several.len() == 1 {
                    stem(path)
                } else {
                    format!("{}-{index}", stem(path))
                }
            };
            numbered
                .map(|(index, value)| {
                    named(value, &place, &name(index), server_minor).map_err(|failure| failure.at(&place))
                })
                .collect()
        }
    }
}

/// The class of the divergence that a scenario's folder is about.
fn class_beside(path: &Path) -> Result<Option<Class>, Failure> {
    let file = path.with_file_name("class.yaml");
    if path.file_name().is_none_or(|name| name != "scenario.yaml") || !file.is_file() {
        return Ok(None);
    }
    let text = read(&file, &file.display().to_string())?;
    let class = serde_yaml::from_str(&text);
    class
        .map(Some)
        .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
}

fn named(value: &Value, place: &str, name: &str, server_minor: u32) -> Result<Named, Failure> {
    if plain::is_manifest(value) {
        if let Some(scenario) = annotated(value) {
            return Ok(Named::new(object_name(value), &scenario?));
        }
        let plain = plain::read(value, server_minor)?;
        for assumption in &plain.assumptions {
            eprintln!("note: {place}: {assumption}");
        }
        return Ok(Named {
            name: plain.name,
            work: plain.work,
            class: None,
        });
    }
    let scenario = Scenario::deserialize(value).map_err(|error| Failure::Usage(format!("not a scenario: {error}")))?;
    scenario
        .validate()
        .map_err(|error| Failure::Usage(format!("not a valid scenario: {error}")))?;
    Ok(Named::new(name, &scenario))
}

/// The scenario that a pod made by this program carries with it.
fn annotated(value: &Value) -> Option<Result<Scenario, Failure>> {
    let yaml = value
        .get("metadata")?
        .get("annotations")?
        .get("podcheck.dev/scenario")?
        .as_str()?;
    Some(
        Scenario::from_yaml(yaml).map_err(|error| Failure::Usage(format!("annotation podcheck.dev/scenario: {error}"))),
    )
}

fn object_name(value: &Value) -> String {
    let name = value
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(Value::as_str);
    name.unwrap_or("pod").to_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map_or_else(|| "scenario".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn read(path: &Path, place: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let result = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        input::open(path)?.take(BYTES_MAX + 1).read_to_end(&mut bytes)
    };
    result.map_err(|error| Failure::Environment(format!("cannot read {place}: {error}")))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Failure::Usage(format!(
            "{place} has more than {} MiB: not a scenario or manifest",
            BYTES_MAX >> 20
        )));
    }
    String::from_utf8(bytes).map_err(|_| Failure::Usage(format!("{place} is not text: not a scenario or manifest")))
}
