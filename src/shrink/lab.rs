//! Where candidates are run.

use std::collections::BTreeSet;
use std::path::Path;

use podcheck_generators::Scenario;

use crate::campaign::{Class, Rate};

/// A scenario to run on a node, several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    pub scenario: Scenario,
    /// Name of the node.
    pub node: String,
    pub times: usize,
}

/// The classes that each pod of a trial showed; pods that could not be judged are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub pods: Vec<BTreeSet<Class>>,
}

/// What to keep of a wave: the recording of one pod that shows the class.
#[derive(Clone, Copy, Debug)]
pub struct Keep<'a> {
    pub class: &'a Class,
    /// On which node it has to be.
    pub node: &'a str,
    pub file: &'a Path,
}

impl Keep<'_> {
    /// Makes room for the file: the folder is there, and nothing of an earlier wave.
    pub fn make_room(&self) -> std::io::Result<()> {
        self.file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        match std::fs::remove_file(self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Why a wave has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Somebody wants the program to end.
    #[error("interrupted")]
    Interrupted,
    /// The cluster or the disk cannot be used.
    #[error("{0}")]
    Environment(String),
}

/// Runs trials.
pub trait Lab {
    /// Name and kubelet version of each node.
    fn nodes(&self) -> &[(String, String)];

    /// Runs all trials at the same time; the results are in their order.
    fn run(&self, trials: &[Trial], keep: Option<Keep<'_>>) -> Result<Vec<Shown>, Stop>;
}

impl Shown {
    /// How many of the pods showed this class.
    pub fn rate(&self, class: &Class) -> Rate {
        let shows = |classes: &&BTreeSet<Class>| classes.iter().any(|other| other.is_same_failure(class));
        Rate {
            shown: self.pods.iter().filter(shows).count(),
            of: self.pods.len(),
        }
    }
}
