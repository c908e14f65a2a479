//! How the program ends.

use std::io;
use std::process::ExitCode;

use thiserror::Error;

use crate::recording::RecordingError;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything that was judged conforms.
    Conforms,
    /// 1: something diverges.
    Diverges,
    /// 2: wrong usage or a wrong input.
    Usage,
    /// 3: the environment failed.
    Environment,
    /// 4: nothing or too little was judged.
    TooLittle,
}

impl Exit {
    /// The number of the exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Conforms => 0,
            Self::Diverges => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::TooLittle => 4,
        }
    }

    /// What `conclusive` verdicts out of `judged` amount to, with or without a divergence among them.
    pub fn of_verdicts(judged: usize, conclusive: usize, diverges: bool) -> Self {
        if diverges {
            Self::Diverges
        } else if conclusive == 0 || conclusive * 2 < judged {
            Self::TooLittle
        } else {
            Self::Conforms
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command stopped without an answer.
#[derive(Debug, Error)]
pub enum Failure {
    /// The arguments or an input are wrong.
    #[error("{0}")]
    Usage(String),
    /// The world outside is not as it must be.
    #[error("{0}")]
    Environment(String),
    /// The model does not know what it would have to judge.
    #[error("{0}")]
    NotCovered(String),
    /// The answer could not be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// The same, said of this place.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        match self {
            Self::Usage(text) => Self::Usage(format!("{place}: {text}")),
            Self::Environment(text) => Self::Environment(format!("{place}: {text}")),
            Self::NotCovered(text) => Self::NotCovered(format!("{place}: {text}")),
            Self::Output(error) => Self::Output(error),
        }
    }

    /// The exit code it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NotCovered(_) => Exit::TooLittle,
            Self::Environment(_) | Self::Output(_) => Exit::Environment,
        }
    }
}

impl From<RecordingError> for Failure {
    fn from(error: RecordingError) -> Self {
        let text = error.to_string();
        match error {
            RecordingError::Read { .. } => Self::Environment(text),
            RecordingError::Open { source, .. } if source.kind() != io::ErrorKind::NotFound => Self::Environment(text),
            _ => Self::Usage(text),
        }
    }
}
