//! All runs of a pod with at most so many unusual choices, each once.

use crate::model::KubeletVersion;
use crate::simulate::{Explored, Unusual, Workload, explore};

/// Hands over every run, the canonical one first, and each after the run that it departs from.
pub fn each_run(
    work: &Workload,
    kubelet: KubeletVersion,
    choices: usize,
    each: &mut impl FnMut(&[Unusual], &Explored),
) {
    beyond(work, kubelet, choices, &mut Vec::new(), each);
}

/// The run with these unusual choices, and all those that depart from it later on.
fn beyond(
    work: &Workload,
    kubelet: KubeletVersion,
    choices: usize,
    unusual: &mut Vec<Unusual>,
    each: &mut impl FnMut(&[Unusual], &Explored),
) {
    let run = explore(work, kubelet, unusual);
    each(unusual, &run);
    if choices == 0 {
        return;
    }
    // A run that departs before this one's last departure is another run's to hand over.
    let first = unusual.last().map_or(0, |last| last.at as usize + 1);
    for (at, &ways) in run.ways.iter().enumerate().skip(first) {
        for way in 1..ways {
            unusual.push(Unusual { at: at as u32, way });
            beyond(work, kubelet, choices - 1, unusual, each);
            unusual.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use podcheck_generators::shapes;

    use super::*;

    #[test]
    fn every_run_comes_once_and_differs_from_the_canonical_one() {
        let scenario = &shapes(1)[0].scenarios(0)[0];
        let (work, kubelet) = (Workload::of(scenario), KubeletVersion { minor: 37, patch: 0 });
        let mut told = BTreeSet::new();
        let mut runs = 0;
        each_run(&work, kubelet, 2, &mut |unusual, run| {
            runs += 1;
            assert!(
                unusual.iter().all(|it| it.way < run.ways[it.at as usize]),
                "{unusual:?}"
            );
            told.insert(unusual.to_vec());
        });
        assert_eq!(told.len(), runs);
        assert!(runs > 100, "{runs}");
    }
}
