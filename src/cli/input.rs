//! Recordings named on the command line.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::Failure;
use crate::recording::{Notes, Reader};
use crate::trace::normalize::{Options, Traces};

/// The traces of a file, or of standard input if it is called `-`.
pub fn traces(path: &Path) -> Result<Traces<Box<dyn BufRead>>, Failure> {
    let (input, name): (Box<dyn BufRead>, String) = if path.as_os_str() == "-" {
        (Box::new(io::stdin().lock()), "<stdin>".to_owned())
    } else {
        (
            Box::new(BufReader::with_capacity(1 << 16, open(path)?)),
            path.display().to_string(),
        )
    };
    Ok(Traces::new(Reader::new(input, name), &Options::default()))
}

/// Opens a file that the user named.
pub fn open(path: &Path) -> Result<File, Failure> {
    let name = path.display();
    if path.is_dir() {
        return Err(Failure::Usage(format!("{name} is a directory; name a file in it")));
    }
    File::open(path).map_err(|error| {
        let text = format!("cannot open {name}: {error}; check the path");
        if error.kind() == io::ErrorKind::NotFound {
            Failure::Usage(text)
        } else {
            Failure::Environment(text)
        }
    })
}

/// Says on standard error what was odd about a recording.
pub fn print_notes(path: &Path, notes: &Notes) {
    for message in notes.messages() {
        eprintln!("note: {}: {message}", path.display());
    }
}
