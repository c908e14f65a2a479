//! A recording of any length that is made while it is read: the same pods again and again, under new uids.

use std::io::{self, Read};
use std::sync::Arc;

use podcheck::campaign::rerecord;
use podcheck::model::KubeletVersion;
use podcheck::recording::{Header, NodeFacts, RecordingWriter};
use podcheck::simulate::{Options, simulate};
use podcheck_generators::{Profile, cases};

/// What is read: the header, then the events of some pods, several times.
#[derive(Clone)]
pub struct Tape {
    header: Arc<[u8]>,
    /// Events of all pods, in order of time.
    batch: Vec<u8>,
    /// Where a uid's first eight digits stand in it.
    uids: Arc<[usize]>,
    pods: usize,
    events: usize,
    times: usize,
    /// How often it was begun: 0 is the header.
    turn: usize,
    at: usize,
}

impl Tape {
    /// So many simulated pods that live at the same time.
    pub fn new(version: KubeletVersion, pods: usize) -> Self {
        let node = format!("simulated-{version}");
        let facts = NodeFacts {
            kubelet: Some(version.to_string()),
            container_runtime: None,
            boot_unix_ms: Some(0),
        };
        let mut header = Header::default();
        header.nodes.insert(node.clone(), facts);
        let mut text = Vec::new();
        let mut writer = RecordingWriter::new(&mut text, &header).expect("room");
        for (id, scenario) in cases(Profile::Mixed, 2026).take(pods) {
            let mut trace = simulate(&scenario, &Options::new(version, id.index));
            trace.node = Some(node.clone());
            rerecord(&mut writer, &id.to_string(), &trace).expect("room");
        }
        let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
        let header = Arc::from(lines.remove(0));
        // All begin with `{"at":` and thirteen digits; equal times stay in their order.
        lines.sort_by_key(|line| &line[..19]);
        let batch = lines.concat();
        let name = br#""uid":""#;
        let uids = (0..batch.len()).filter(|&at| batch[at..].starts_with(name));
        let uids = uids.map(|at| at + name.len()).collect();
        Self {
            header,
            pods,
            events: lines.len(),
            batch,
            uids,
            times: 1,
            turn: 0,
            at: 0,
        }
    }

    /// The same pods so many times.
    pub fn repeated(self, times: usize) -> Self {
        Self { times, ..self }
    }

    pub fn pods(&self) -> usize {
        self.pods * self.times
    }

    pub fn events(&self) -> usize {
        self.events * self.times
    }

    pub fn bytes(&self) -> usize {
        self.header.len() + self.batch.len() * self.times
    }
}

impl Read for Tape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let part = if self.turn == 0 {
            &self.header[..]
        } else {
            &self.batch[..]
        };
        let read = (&part[self.at..]).read(buffer)?;
        self.at += read;
        if read > 0 || self.turn == self.times || buffer.is_empty() {
            return Ok(read);
        }
        (self.turn, self.at) = (self.turn + 1, 0);
        let digits = format!("{:08x}", self.turn);
        for &uid in &*self.uids {
            self.batch[uid..uid + 8].copy_from_slice(digits.as_bytes());
        }
        self.read(buffer)
    }
}
