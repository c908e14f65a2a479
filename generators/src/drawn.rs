//! Strategies that draw a value at once and keep no tree: scenarios are shrunk by their own edits. What cannot be used is not
//! drawn, since drawing would cost more than the simulation of the pod.

use std::fmt;

use proptest::strategy::{Just, NewTree, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};

/// A strategy made of a function.
#[derive(Clone)]
struct Drawn<F>(F);

impl<F> fmt::Debug for Drawn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drawn")
    }
}

impl<T, F> Strategy for Drawn<F>
where
    T: Clone + fmt::Debug,
    F: Fn(&mut TestRunner) -> Result<T, Reason>,
{
    type Tree = Just<T>;
    type Value = T;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        self.0(runner).map(Just)
    }
}

fn one<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> Result<S::Value, Reason> {
    Ok(strategy.new_tree(runner)?.current())
}

/// What one of the strategies draws, chosen by weight; those of weight 0 never are.
pub(crate) fn one_of<S: Strategy>(table: impl IntoIterator<Item = (u32, S)>) -> impl Strategy<Value = S::Value>
where
    S::Value: Clone,
{
    let table: Vec<(u32, S)> = table.into_iter().filter(|(weight, _)| *weight > 0).collect();
    let sum: u32 = table.iter().map(|(weight, _)| weight).sum();
    Drawn(move |runner: &mut TestRunner| {
        let mut rest = one(&(0..sum), runner)?;
        for (weight, strategy) in &table {
            if rest < *weight {
                return one(strategy, runner);
            }
            rest -= weight;
        }
        Err("a table of weights without an entry".into())
    })
}

/// One of the values, by weight; entries of weight 0 never come.
pub(crate) fn weighted<T: Clone + fmt::Debug + 'static>(table: &[(u32, T)]) -> impl Strategy<Value = T> + use<T> {
    one_of(
        table
            .iter()
            .map(|(weight, value)| (*weight, Just(value.clone())))
            .collect::<Vec<_>>(),
    )
}

/// `true` in so many draws of a hundred.
pub(crate) fn percent(percent: u32) -> impl Strategy<Value = bool> {
    proptest::bool::weighted(f64::from(percent) / 100.0)
}

/// The value in `percent` of the draws.
pub(crate) fn sometimes<S: Strategy>(percent: u32, value: S) -> impl Strategy<Value = Option<S::Value>>
where
    S::Value: Clone,
{
    let whether = self::percent(percent);
    Drawn(move |runner: &mut TestRunner| {
        let comes = one(&whether, runner)?;
        comes.then(|| one(&value, runner)).transpose()
    })
}

/// As many as `count` says.
pub(crate) fn several<S: Strategy>(
    count: impl Strategy<Value = usize>,
    element: S,
) -> impl Strategy<Value = Vec<S::Value>>
where
    S::Value: Clone,
{
    Drawn(move |runner: &mut TestRunner| {
        let count = one(&count, runner)?;
        (0..count).map(|_| one(&element, runner)).collect()
    })
}

/// `yes` in `percent` of the draws, else `no`.
pub(crate) fn either<T: Clone + fmt::Debug>(
    percent: u32,
    yes: impl Strategy<Value = T>,
    no: impl Strategy<Value = T>,
) -> impl Strategy<Value = (bool, T)> {
    let whether = self::percent(percent);
    Drawn(move |runner: &mut TestRunner| {
        let is_yes = one(&whether, runner)?;
        let value = if is_yes { one(&yes, runner)? } else { one(&no, runner)? };
        Ok((is_yes, value))
    })
}
