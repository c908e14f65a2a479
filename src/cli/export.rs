//! `podcheck export`: a scenario for people who do not have this program.

mod kept;

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use kept::{Told, class_of, read_header};

use super::output::Output;
use super::source::{self, Named};
use super::{Exit, Failure};
use crate::campaign::{Class, Regression};
use crate::export::{self, Evidence, Facts, Manifest, Subject};
use crate::manifest::pod_name;

const EXAMPLES: &str = "\
What it shows and where is known from a divergence's folder, a file of expected/regressions or a named scenario of a known
deviation; any other scenario has a manifest and a test of how it ends. With --output and without --to all three are made:
pod.yaml and run.sh, chainsaw-test.yaml, issue.md.

Examples:
  podcheck export runs/nightly/divergences/podcheck-mixed-7f3a9c-12-worker --output to-send
  podcheck export expected/regressions/rs-3.yaml --to issue
  podcheck export deviation/125880 --to chainsaw > chainsaw-test.yaml
  podcheck export sidecars/7f3a9c/12 > run.sh && sh run.sh";

/// Write a scenario as a plain manifest with kubectl commands, as a chainsaw test, or as an issue for upstream
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A divergence's folder, a scenario's YAML file, a case id (sidecars/7f3a9c/12), or a named scenario (deviation/rs-3)
    #[arg(value_name = "FILE|FOLDER|CASE|NAME")]
    what: String,

    /// What to make of it [default: manifest; with --output everything]
    #[arg(long, value_enum)]
    to: Option<Form>,

    /// Write files into this folder instead of standard output
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// What a scenario can be made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// A plain pod and the kubectl commands that drive it
    Manifest,
    /// A test for chainsaw that a healthy kubelet passes
    Chainsaw,
    /// The text of an issue for kubernetes/kubernetes
    Issue,
}

/// What is known of the thing that was named.
struct Known {
    subject: Subject,
    facts: Facts,
    /// The life that shows it, if there is one.
    evidence: Option<Evidence>,
}

/// Exports it.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let known = load(&args.what)?;
    let forms = match (args.to, &args.output) {
        (Some(form), _) => vec![form],
        (None, None) => vec![Form::Manifest],
        // Of a healthy pod there is nothing to report.
        (None, Some(_)) if known.evidence.is_none() => vec![Form::Manifest, Form::Chainsaw],
        (None, Some(_)) => vec![Form::Manifest, Form::Chainsaw, Form::Issue],
    };
    let mut files = Vec::new();
    for form in forms {
        let text = text(form, &known, args.output.is_some(), &args.what)?;
        match (&args.output, form) {
            (None, _) if output.is_json() => output.json(&serde_json::json!({"form": form, "text": text}))?,
            (None, _) => output.text(&text)?,
            (Some(_), Form::Manifest) => {
                files.push(("pod.yaml", export::pod(&known.subject.name, &known.subject.scenario)));
                files.push(("run.sh", text));
            }
            (Some(_), Form::Chainsaw) => files.push(("chainsaw-test.yaml", text)),
            (Some(_), Form::Issue) => files.push(("issue.md", text)),
        }
    }
    if let Some(folder) = &args.output {
        write(folder, &files).map_err(|error| {
            let folder = folder.display();
            Failure::Environment(format!("cannot write to {folder}: {error}; choose another --output"))
        })?;
        for (name, _) in &files {
            let path = folder.join(name);
            if output.is_json() {
                output.json(&serde_json::json!({"file": path}))?;
            } else {
                output.line(&path.display().to_string())?;
            }
        }
    }
    Ok(Exit::Conforms)
}

fn text(form: Form, known: &Known, to_folder: bool, what: &str) -> Result<String, Failure> {
    let Known {
        subject,
        facts,
        evidence,
    } = known;
    match form {
        Form::Manifest if to_folder => Ok(export::script(subject, Manifest::File("pod.yaml"))),
        Form::Manifest => {
            let pod = export::pod(&subject.name, &subject.scenario);
            Ok(export::script(subject, Manifest::Inline(&pod)))
        }
        Form::Chainsaw => export::chainsaw(subject).map_err(|error| Failure::Usage(format!("{what}: {error}"))),
        Form::Issue => evidence.as_ref().map(|it| export::issue(subject, it, facts)).ok_or_else(|| {
            Failure::Usage(format!(
                "nothing is known to be wrong with {what}; an issue needs a divergence's folder (podcheck run --output DIR makes \
                 them) or a file of expected/regressions"
            ))
        }),
    }
}

fn write(folder: &Path, files: &[(&str, String)]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    files
        .iter()
        .try_for_each(|(name, text)| fs::write(folder.join(name), text))
}

fn load(what: &str) -> Result<Known, Failure> {
    let path = Path::new(what);
    if path.is_dir() {
        return from_folder(path);
    }
    let is_kept = path
        .file_name()
        .is_some_and(|name| name == "minimal.yaml" || name == "scenario.yaml");
    match path
        .parent()
        .filter(|folder| is_kept && folder.join("class.yaml").is_file())
    {
        Some(folder) => from_file(path, Some(folder)),
        None => from_file(path, None),
    }
}

fn from_folder(folder: &Path) -> Result<Known, Failure> {
    let place = folder.display();
    let kept = ["minimal.yaml", "scenario.yaml"].map(|name| folder.join(name));
    if let Some(file) = kept.iter().find(|file| file.is_file()) {
        return from_file(file, Some(folder));
    }
    let run = folder.join("divergences");
    let text = if let Ok(entries) = fs::read_dir(&run) {
        let mut names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        names.sort();
        let first = names
            .first()
            .map_or_else(|| "there is none in it".to_owned(), |name| name.display().to_string());
        format!("{place} is the folder of a run; name one of its divergences: {first}")
    } else {
        format!(
            "{place} is not a divergence's folder: there is no minimal.yaml and no scenario.yaml in it; podcheck run --output DIR \
             makes them under DIR/divergences"
        )
    };
    Err(Failure::Usage(text))
}

/// A file, a case id or a name; `folder` is that of the divergence that it was kept for.
fn from_file(path: &Path, folder: Option<&Path>) -> Result<Known, Failure> {
    let what = path.display().to_string();
    let named = source::scenarios(&what)?;
    let [Named { name, work, class }] = &named[..] else {
        return Err(Failure::Usage(format!(
            "{what} holds {} scenarios; export takes one",
            named.len()
        )));
    };
    let Some(scenario) = &work.scenario else {
        return Err(Failure::Usage(format!(
            "{what} is a plain manifest already; kubectl create -f {what} runs it, podcheck predict shows what to expect of it"
        )));
    };
    let text = fs::read_to_string(path).ok();
    let regression = text.and_then(|text| Regression::from_yaml(&text).ok());
    let told = folder.map(Told::read).unwrap_or_default();
    let class = class
        .clone()
        .or_else(|| folder.and_then(class_of))
        .or_else(|| export::known_class(scenario));
    let mut subject = Subject {
        name: object_name(folder.and(class.as_ref()), name),
        scenario: scenario.clone(),
        class,
        versions: regression
            .as_ref()
            .map_or_else(|| told.confirmed.clone(), |it| it.versions.clone()),
        fault: regression.and_then(|it| it.fault).or_else(|| told.fault.clone()),
    };
    let mut facts = Facts {
        server: told.server.clone(),
        target: told.target.clone(),
        replay: format!("podcheck replay {what} --times 5"),
        ..Facts::default()
    };
    let evidence = evidence(&mut subject, folder, &told, &mut facts)?;
    Ok(Known {
        subject,
        facts,
        evidence,
    })
}

fn object_name(class: Option<&Class>, name: &str) -> String {
    let name = class.map_or_else(|| name.to_owned(), Class::slug);
    pod_name(name.strip_prefix("podcheck-").unwrap_or(&name), None)
}

/// A recording of this very pod, else a simulated life of it, else a recording of the pod that it was shrunk from.
fn evidence(
    subject: &mut Subject,
    folder: Option<&Path>,
    told: &Told,
    facts: &mut Facts,
) -> Result<Option<Evidence>, Failure> {
    let Some(class) = subject.class.clone() else {
        return Ok(None);
    };
    let mut other = None;
    for name in ["minimal.recording.jsonl", "recording.jsonl"] {
        let Some(path) = folder.map(|folder| folder.join(name)).filter(|path| path.is_file()) else {
            continue;
        };
        let Some(mut found) = export::recorded(&path, &class, &told.divergences)? else {
            continue;
        };
        found.is_simulated = found
            .trace
            .node
            .as_ref()
            .is_some_and(|node| node.starts_with("simulated-"));
        read_header(&path, facts)?;
        if found.trace.scenario.as_ref() == Some(&subject.scenario) {
            return Ok(Some(found));
        }
        other.get_or_insert(found);
    }
    if let Some(found) = export::simulated(subject) {
        return Ok(Some(found));
    }
    if let Some(scenario) = other.as_ref().and_then(|found| found.trace.scenario.clone()) {
        eprintln!("note: no recording of the smallest pod; exporting the one that it was shrunk from");
        subject.scenario = scenario;
    }
    Ok(other)
}
