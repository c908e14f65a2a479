//! What shrinking costs: every fault of the bug zoo from the first random pod that shows it to the smallest one, in
//! waves as wide as a cluster's: `cargo bench --bench shrink`.

use podcheck::campaign::{Class, Simulation, is_twin};
use podcheck::check::Verdict;
use podcheck::model::{Behaviour, KubeletVersion};
use podcheck::shrink::{Lab, Limits, Pursued, Pursuit, SimulatedLab, pursue};
use podcheck::simulate::Fault;
use podcheck_generators::{Profile, Scenario, cases};

const VERSION: KubeletVersion = KubeletVersion { minor: 37, patch: 0 };
/// Random pods of each profile until a fault counts as missed.
const PODS_MAX: usize = 2_000;
const CONFIRM: usize = 5;

fn main() {
    let normal = Behaviour::of(VERSION);
    let mut costs: Vec<(usize, usize)> = Vec::new();
    println!("{:<36} {:>6} {:>5}  containers  class", "FAULT", "rounds", "pods");
    for fault in Fault::ALL.iter().filter(|fault| !fault.is_normal(&normal)) {
        let simulation = Simulation {
            versions: vec![VERSION],
            fault: Some(*fault),
            strict: true,
        };
        let Some((scenario, class)) = found(&simulation, *fault) else {
            println!("{fault:<36} no pod shows it");
            continue;
        };
        let pursued = shrunk(simulation, &scenario, &class);
        match &pursued.minimal {
            None => println!("{fault:<36} seen once  {class}"),
            Some(minimal) => {
                let (from, to) = (minimal.containers_from, minimal.containers_to);
                let ended = minimal.stopped.as_ref().map_or(String::new(), |why| format!("; {why}"));
                let (rounds, pods) = (minimal.rounds, minimal.pods);
                println!("{fault:<36} {rounds:>6} {pods:>5}  {from:>4} to {to}   {class}{ended}");
                costs.push((rounds, to));
            }
        }
    }
    costs.sort_unstable();
    let rounds = costs.get(costs.len() / 2).map_or(0, |(rounds, _)| *rounds);
    let containers = costs.iter().map(|(_, to)| *to).max().unwrap_or(0);
    println!(
        "{} faults, median {rounds} rounds, at most {containers} containers",
        costs.len()
    );
}

/// The first random pod that shows it, profiles in turn.
fn found(simulation: &Simulation, fault: Fault) -> Option<(Scenario, Class)> {
    let mut drawn: Vec<_> = Profile::ALL.into_iter().map(|profile| cases(profile, 1)).collect();
    let profiles = drawn.len();
    (0..PODS_MAX * profiles).find_map(|number| {
        let (id, scenario) = drawn[number % profiles].next()?;
        let played = simulation.play(&id.to_string(), &scenario, VERSION);
        let Verdict::Diverges(found) = &played.judged.verdict else {
            return None;
        };
        let counts = |name: &Option<String>| name.as_deref().is_none_or(|name| is_twin(fault, name));
        let first = found.iter().find(|it| counts(&it.known_deviation))?;
        let class = Class::of(&played.trace, first);
        Some((scenario, class))
    })
}

fn shrunk(simulation: Simulation, scenario: &Scenario, class: &Class) -> Pursued {
    let lab = SimulatedLab::new(simulation);
    let node = lab.nodes()[0].0.clone();
    pursue(
        &lab,
        &Pursuit {
            class,
            scenario,
            node: &node,
            confirm: CONFIRM,
            limits: Some(Limits::CLUSTER),
            until: None,
            // The model of a healthy kubelet cannot know a fault that is planted.
            model_first: false,
            recording: None,
            say: &|_| (),
        },
    )
}
