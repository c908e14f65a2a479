//! What is kept of a divergence: a folder with everything needed to understand it and to run it again.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::confirmed::Minimal;
use super::gather::Finding;
use super::regression::Regression;
use super::summary::Found;
use crate::manifest::{self, Placement};

/// Writes `scenario.yaml` and `pod.yaml` (if the pod carries a scenario) and each text under its name.
pub fn keep(folder: &Path, case: &str, finding: &Finding, texts: &[(&str, &str)]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    if let Some(scenario) = &finding.trace.scenario {
        fs::write(
            folder.join("scenario.yaml"),
            format!("# {case}\n{}", scenario.to_yaml()),
        )?;
        let placement = Placement {
            name: finding.trace.name.clone(),
            namespace: None,
            node: None,
        };
        let pod = manifest::pod(case, scenario, &placement);
        fs::write(
            folder.join("pod.yaml"),
            manifest::to_yaml(&pod).map_err(io::Error::other)?,
        )?;
    }
    let class = serde_yaml::to_string(&finding.class()).map_err(io::Error::other)?;
    fs::write(folder.join("class.yaml"), class)?;
    for (name, text) in texts {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Writes the smallest pod that shows a divergence: `minimal.yaml`, which can go into `expected/regressions/`, and its pod.
pub fn keep_minimal(folder: &Path, found: &Found, minimal: &Minimal, fault: Option<&str>) -> io::Result<()> {
    let regression = Regression::of(&found.class, minimal, fault);
    let head = format!(
        "# {}, from {} on {}: {minimal}\n",
        found.class, found.case, found.kubernetes
    );
    let text = regression.to_yaml().map_err(io::Error::other)?;
    fs::write(folder.join("minimal.yaml"), head + &text)?;
    let placement = Placement {
        name: "podcheck-minimal".to_owned(),
        namespace: None,
        node: None,
    };
    let pod = manifest::pod("minimal", &minimal.scenario, &placement);
    let pod = manifest::to_yaml(&pod).map_err(io::Error::other)?;
    fs::write(folder.join("minimal.pod.yaml"), pod)
}

/// Copies what a recording holds of one pod; lines that are not a pod's event (header, clocks, gaps) come along.
pub fn extract(recording: &Path, uid: &str, target: &Path) -> io::Result<()> {
    let mut input = BufReader::new(File::open(recording)?);
    let mut output = BufWriter::new(File::create(target)?);
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let is_event = line
            .get(..line.len().min(40))
            .is_some_and(|start| start.contains("\"event\":"));
        if !is_event || line.contains(uid) {
            output.write_all(line.as_bytes())?;
        }
        line.clear();
    }
    output.flush()
}
