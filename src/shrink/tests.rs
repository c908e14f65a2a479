//! The search without any node: what shows the class is a rule of the test.

use podcheck_generators::{Profile, Scenario, cases, named};

use super::Search;
use crate::campaign::Rate;

/// Searches with an answer for every scenario; tells the smallest one and the rounds.
fn search(found: &Scenario, wave_max: usize, shows: impl Fn(&Scenario) -> bool) -> (Search, usize) {
    let mut search = Search::new(found.clone(), ALWAYS, wave_max);
    let rounds = play(&mut search, wave_max, shows);
    (search, rounds)
}

fn play(search: &mut Search, wave_max: usize, shows: impl Fn(&Scenario) -> bool) -> usize {
    let mut rounds = 0;
    while let Some(wave) = search.next_wave() {
        assert!(wave.len() <= wave_max);
        let rates: Vec<Rate> = wave.iter().map(|it| if shows(it) { ALWAYS } else { NEVER }).collect();
        search.results(&rates);
        rounds += 1;
        assert!(rounds < 500, "no end");
    }
    rounds
}

const ALWAYS: Rate = Rate { shown: 2, of: 2 };
const NEVER: Rate = Rate { shown: 0, of: 2 };

#[test]
fn what_is_needed_stays_and_all_else_goes() {
    let needs = |scenario: &Scenario| scenario.init.len() >= 2 && scenario.deletion.is_some();
    let mut rounds = Vec::new();
    for (id, scenario) in cases(Profile::Mixed, 11).filter(|(_, it)| needs(it)).take(40) {
        let (search, taken) = search(&scenario, 200, needs);
        let best = search.best();
        assert!(needs(best), "{id}");
        assert_eq!((best.init.len(), best.main.len()), (2, 1), "{id}\n{}", best.to_yaml());
        let probes = best.containers().flat_map(|it| [it.startup, it.readiness, it.liveness]);
        assert_eq!(probes.flatten().count(), 0, "{id}");
        rounds.push(taken);
    }
    rounds.sort_unstable();
    assert!(rounds[rounds.len() / 2] <= 8, "{rounds:?}");
}

#[test]
fn small_waves_lead_to_the_same_end() {
    let needs = |scenario: &Scenario| scenario.main.len() >= 2;
    for (_, scenario) in cases(Profile::Mixed, 12).filter(|(_, it)| needs(it)).take(10) {
        let (wide, _) = search(&scenario, 200, needs);
        let (narrow, _) = search(&scenario, 5, needs);
        assert_eq!(wide.best().containers().count(), narrow.best().containers().count());
    }
}

#[test]
fn a_ladder_saves_rounds_and_a_wrong_one_costs_one() {
    let found = cases(Profile::Mixed, 13)
        .map(|(_, it)| it)
        .find(|it| it.init.len() >= 3)
        .expect("one of many");
    let needs = |scenario: &Scenario| scenario.init.len() >= 2;
    let (alone, _) = search(&found, 200, needs);
    let mut search = Search::new(found.clone(), ALWAYS, 200).with_ladder(&alone.trail()[1..]);
    assert_eq!(
        search.next_wave().map(|wave| wave[0].clone()).as_ref(),
        Some(alone.best())
    );
    assert!(play(&mut search, 200, needs) <= 2);
    assert_eq!(search.best(), alone.best());
    let never = named("deviation/125404").expect("in the corpus");
    let mut misled = Search::new(found, ALWAYS, 200).with_ladder(&[never]);
    play(&mut misled, 200, needs);
    assert_eq!(misled.best().init.len(), 2);
}

#[test]
fn what_nothing_smaller_shows_stays_as_it_is() {
    let found = named("deviation/rs-3").expect("in the corpus");
    let (search, _) = search(&found, 20, |_| false);
    assert_eq!(search.best(), &found);
    assert_eq!(search.trail().len(), 1);
}

#[test]
fn a_first_wave_that_ran_too_seldom_refutes_nothing() {
    let found = named("deviation/rs-3").expect("in the corpus");
    let mut search = Search::new(found.clone(), ALWAYS, 20);
    let wave = search.next_wave().expect("edits");
    search.learn(Rate { shown: 1, of: 5 }, 4);
    search.hits(&vec![NEVER; wave.len()]);
    assert_eq!(search.best(), &found);
    let again = search.next_wave().expect("the same edits");
    assert!(
        again.len() <= 4 && again.iter().all(|it| wave.contains(it)),
        "{again:?}"
    );
    search.hits(&[ALWAYS]);
    assert_eq!(search.best(), &found, "one hit proves nothing");
    assert_eq!(search.next_wave().expect("the hit").first(), again.first());
}
