//! Every profile draws valid scenarios within its budget, and reaches the shapes it is for.

use podcheck_generators::{CaseId, Moment, Profile, RestartPolicy, Scenario, case, cases, outlook};

const SEED: u64 = 0x7f3a9c;

fn first(profile: Profile, count: usize) -> impl Iterator<Item = (CaseId, Scenario)> {
    cases(profile, SEED).take(count)
}

#[test]
fn every_case_is_valid_and_within_the_budget() {
    for profile in Profile::ALL {
        for (id, scenario) in first(profile, 2_000) {
            if let Err(invalid) = scenario.validate() {
                panic!("{id} is not valid: {invalid}\n{}", scenario.to_yaml());
            }
            assert!(
                scenario.observe_ms_max <= profile.budget_ms(),
                "{id} is observed for {} ms",
                scenario.observe_ms_max
            );
        }
    }
}

#[test]
fn a_case_depends_on_nothing_but_its_id() {
    for profile in Profile::ALL {
        let forwards: Vec<Scenario> = first(profile, 20).map(|(_, scenario)| scenario).collect();
        for index in (0..20).rev() {
            assert_eq!(
                case(CaseId {
                    profile,
                    seed: SEED,
                    index
                }),
                forwards[index as usize],
                "{profile} case {index}"
            );
        }
        assert_ne!(
            case(CaseId {
                profile,
                seed: SEED + 1,
                index: 0
            }),
            forwards[0],
            "{profile} ignores its seed"
        );
    }
}

/// Shares over many draws, in percent, and the mean length of a pod.
#[derive(Debug, Default)]
struct Shares {
    sidecars: u64,
    init_containers: u64,
    startup: u64,
    readiness: u64,
    liveness: u64,
    deletion: u64,
    again: u64,
    finalizer: u64,
    policies: [u64; 3],
    ends: u64,
    stops: u64,
    mean_ms: u64,
    max_ms: u64,
    containers_x100: u64,
}

fn shares(profile: Profile) -> Shares {
    const COUNT: u64 = 500;
    let mut shares = Shares::default();
    for (_, scenario) in first(profile, COUNT as usize) {
        let names = scenario.names();
        let has = |prefix| u64::from(names.iter().any(|name| name.starts_with(prefix)));
        shares.sidecars += has('s');
        shares.init_containers += has('i');
        shares.startup += u64::from(scenario.containers().any(|container| container.startup.is_some()));
        shares.readiness += u64::from(scenario.containers().any(|container| container.readiness.is_some()));
        shares.liveness += u64::from(scenario.containers().any(|container| container.liveness.is_some()));
        shares.deletion += u64::from(scenario.deletion.is_some());
        shares.again += u64::from(
            scenario
                .deletion
                .as_ref()
                .is_some_and(|deletion| deletion.again.is_some()),
        );
        shares.finalizer += u64::from(scenario.deletion.as_ref().is_some_and(|deletion| deletion.finalizer));
        shares.policies[match scenario.restart_policy {
            RestartPolicy::Always => 0,
            RestartPolicy::OnFailure => 1,
            RestartPolicy::Never => 2,
        }] += 1;
        let ahead = outlook(&scenario, 1);
        let natural_ms = ahead.end_ms.filter(|end_ms| *end_ms <= scenario.observe_ms_max);
        shares.ends += u64::from(natural_ms.is_some() && scenario.deletion.is_none());
        shares.stops += u64::from(natural_ms.is_none() && scenario.deletion.is_none());
        shares.containers_x100 += 100 * names.len() as u64;
        let life_ms = u64::from(
            natural_ms
                .unwrap_or(scenario.observe_ms_max)
                .min(deleted_ms(&scenario).unwrap_or(u32::MAX)),
        );
        shares.mean_ms += life_ms;
        shares.max_ms = shares.max_ms.max(life_ms);
    }
    for count in [
        &mut shares.sidecars,
        &mut shares.init_containers,
        &mut shares.startup,
        &mut shares.readiness,
        &mut shares.liveness,
        &mut shares.deletion,
        &mut shares.again,
        &mut shares.finalizer,
        &mut shares.ends,
        &mut shares.stops,
    ]
    .into_iter()
    .chain(&mut shares.policies)
    {
        *count = *count * 100 / COUNT;
    }
    shares.mean_ms /= COUNT;
    shares.containers_x100 /= COUNT;
    shares
}

/// When the delete and its grace are roughly over.
fn deleted_ms(scenario: &Scenario) -> Option<u32> {
    let deletion = scenario.deletion.as_ref()?;
    let ahead = outlook(scenario, 1);
    let start_ms = |name: &str| {
        let index = scenario.names().iter().position(|other| other == name)?;
        if index < scenario.init.len() {
            ahead.init_start_ms.get(index).copied()
        } else {
            ahead.main_start_ms
        }
    };
    let at_ms = match &deletion.at {
        Moment::Created { after_ms } => *after_ms,
        Moment::Running {
            container, after_ms, ..
        } => start_ms(container)? + after_ms,
        Moment::Terminated {
            container, after_ms, ..
        } => start_ms(container)? + 2_500 + after_ms,
    };
    Some(at_ms + deletion.grace_seconds.unwrap_or(scenario.grace_seconds) * 1_000 / 2)
}

#[test]
fn profiles_reach_their_shapes() {
    for profile in Profile::ALL {
        let shares = shares(profile);
        println!("{profile:12} {shares:?}");
        assert!(shares.sidecars >= 20, "{profile}: {shares:?}");
        assert!(
            profile == Profile::Regressions || shares.policies.iter().all(|share| *share >= 10),
            "{profile}: {shares:?}"
        );
        assert!(
            shares.startup > 5 && shares.liveness > 1 && shares.readiness > 1,
            "{profile}: {shares:?}"
        );
        assert!(shares.deletion >= 15, "{profile}: {shares:?}");
        assert!(
            profile == Profile::Deletion || shares.ends >= 20,
            "{profile}: {shares:?}"
        );
    }
    let mixed = shares(Profile::Mixed);
    assert!((33..=42).contains(&mixed.deletion), "{mixed:?}");
    let deletion = shares(Profile::Deletion);
    assert!(
        deletion.deletion == 100 && deletion.again >= 10 && deletion.finalizer >= 8,
        "{deletion:?}"
    );
}
