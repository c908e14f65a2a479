//! `sim::<profile>`: simulated pods of every version are accepted.

use libtest_mimic::{Failed, Trial};
use podcheck::campaign::{Draw, Gathered, Played, Simulation, simulate_all};
use podcheck::model::KubeletVersion;
use podcheck_generators::{CaseId, Profile, case};

use super::settings::Settings;

/// Cases of a profile, each on every version.
const CASES: u64 = 40;

/// One trial a profile.
pub fn trials(settings: &Settings) -> Vec<Trial> {
    let (cases, seed) = (settings.cases.unwrap_or(CASES), settings.seed);
    let trial = |profile: Profile| Trial::test(format!("sim::{profile}"), move || accepted(profile, cases, seed));
    Profile::ALL.into_iter().map(trial).collect()
}

fn accepted(profile: Profile, cases: u64, seed: u64) -> Result<(), Failed> {
    let versions = (28..=37).map(|minor| KubeletVersion { minor, patch: 0 }).collect();
    let simulation = Simulation {
        versions,
        fault: None,
        strict: false,
    };
    let draw = |index| {
        let id = CaseId { profile, seed, index };
        (id.to_string(), case(id))
    };
    let mut gathered = Gathered::default();
    let mut names = std::collections::BTreeMap::new();
    simulate_all(
        &simulation,
        &Draw {
            case: &draw,
            count: cases,
            until: None,
        },
        |Played { case, trace, judged }| {
            names.insert(trace.uid.clone(), case);
            gathered.add(trace, judged);
            Ok::<(), Failed>(())
        },
    )?;
    let tallies = || gathered.kubelets.values();
    let (judged, inconclusive) = (
        tallies().map(|t| t.judged).sum::<usize>(),
        tallies().map(|t| t.inconclusive).sum::<usize>(),
    );
    let mut text = String::new();
    for finding in &gathered.findings {
        let case = names.get(&finding.trace.uid).map_or("", String::as_str);
        let first = finding
            .divergences
            .first()
            .map_or(String::new(), |it| format!("{}: {}", it.rule, it.summary));
        let kubernetes = &finding.kubernetes;
        text += &format!("podcheck replay {case} --target simulated --node {kubernetes}\n    {first}\n");
    }
    if !text.is_empty() {
        return Err(format!("{} of {judged} pods diverge:\n{text}", gathered.findings.len()).into());
    }
    if inconclusive * 20 > judged {
        return Err(format!("{inconclusive} of {judged} simulated pods are inconclusive").into());
    }
    Ok(())
}
