//! `live::refusals`: the API server answers to the manifests in `expected/seeds/refusals` what is written down there.
//!
//! Only dry runs: nothing is created.

use kube::Client;
use kube::api::{PostParams, Request};
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use super::settings::{Mode, Settings};
use super::{live, support};

const PODS: &str = "/api/v1/namespaces/default/pods";

/// The only trial.
pub fn trial(settings: &Settings) -> Trial {
    let mode = settings.mode;
    Trial::ignorable_test("live::refusals", move || {
        let (runtime, cluster, facts) = match (mode, live::look(mode)) {
            (_, Ok(found)) => found,
            (Mode::Require, Err(reason)) => return Err(format!("PODCHECK_CLUSTER=require, and {reason}").into()),
            (_, Err(reason)) => return Ok(Completion::ignored_with(reason)),
        };
        runtime.block_on(answers(&cluster.client, &facts.server))
    })
}

/// Asks everything that is known of this server's version.
async fn answers(client: &Client, server: &str) -> Result<Completion, Failed> {
    let folder = support::expected().join("seeds/refusals");
    let text = std::fs::read_to_string(folder.join("answers.txt"))?;
    let mut asked = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let mut words = line.split_whitespace();
        let [manifest, version] = [(); 2].map(|()| words.next().unwrap_or_default());
        if !server.trim_start_matches('v').starts_with(&format!("{version}.")) {
            continue;
        }
        asked += 1;
        // The third column says how the answer is known.
        let (_, expected) = line
            .split_once(" source ")
            .or(line.split_once(" live "))
            .unwrap_or_default();
        let manifest: Value = serde_yaml::from_str(&std::fs::read_to_string(folder.join(format!("{manifest}.yaml")))?)?;
        let answer = ask(client, &manifest).await?;
        let fits = match expected.trim() {
            "accepted" => answer == "accepted",
            "dropped" => answer == "dropped",
            refused => answer.contains(refused),
        };
        if !fits {
            return Err(format!("{line}\nthe API server {server} answers: {answer}").into());
        }
    }
    if asked == 0 {
        return Ok(Completion::ignored_with(format!(
            "no answers of an API server {server} are written down"
        )));
    }
    Ok(Completion::Completed)
}

/// `accepted`, `dropped` (a container's own restartPolicy did not stay) or the message of the refusal.
async fn ask(client: &Client, manifest: &Value) -> Result<String, Failed> {
    let parameters = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    // Raw, because the types would lose the fields that are asked for, and `PostParams` has no validation.
    let mut request = Request::new(PODS).create(&parameters, serde_json::to_vec(manifest)?)?;
    *request.uri_mut() = format!("{}&fieldValidation=Strict", request.uri()).parse()?;
    match client.request::<Value>(request).await {
        Ok(kept) => {
            let same = policies(&kept) == policies(manifest);
            Ok(if same { "accepted" } else { "dropped" }.to_owned())
        }
        Err(kube::Error::Api(status)) => Ok(status.message.clone()),
        Err(error) => Err(error.into()),
    }
}

/// The restart policies of the containers.
fn policies(pod: &Value) -> Vec<Option<&str>> {
    ["initContainers", "containers"]
        .into_iter()
        .flat_map(|list| pod["spec"][list].as_array().into_iter().flatten())
        .map(|container| container["restartPolicy"].as_str())
        .collect()
}
