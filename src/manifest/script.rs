//! The shell program of one container: lives as scripted, journals what it does, answers its probes.
//!
//! Plain busybox `sh`. Hundreds of these share two cores, so what the shell can do by itself it does without a fork: a
//! life costs one `sleep`. Everything that differs between containers is in the lines before and inside `case`.

use std::fmt::Write as _;

use podcheck_generators::{Attempt, Container, OnTerm, Probe, ProbeHandler, ProbeOutcome};

/// Where all containers of the pod meet: attempt counters and the journal.
pub const SHARED_DIR: &str = "/podcheck";
/// Where a container keeps the files that answer its probes; its own, so a restart begins without them.
pub const PROBE_DIR: &str = "/tmp";
/// What the kubelet reads when the container is gone.
pub const MESSAGE_FILE: &str = "/dev/termination-log";

/// A pod's termination messages together; the kubelet cuts each at its equal share, from the end.
const MESSAGES_BYTES_MAX: usize = 12 * 1024;
/// One termination message.
const MESSAGE_BYTES_MAX: usize = 4000;

/// The probes of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeKind {
    /// `startupProbe`
    Startup,
    /// `readinessProbe`
    Readiness,
    /// `livenessProbe`
    Liveness,
}

impl ProbeKind {
    /// The file whose presence is the answer, and the path of the `httpGet`.
    pub fn file(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Readiness => "ready",
            Self::Liveness => "live",
        }
    }

    fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            Self::Startup => container.startup.as_ref(),
            Self::Readiness => container.readiness.as_ref(),
            Self::Liveness => container.liveness.as_ref(),
        }
    }
}

/// Port of container number `index` for this kind of probe; containers of a pod share one address.
pub fn port(index: usize, kind: ProbeKind, handler: ProbeHandler) -> i32 {
    let base = 8100 + 10 * i32::try_from(index).unwrap_or_default();
    match (handler, kind) {
        (ProbeHandler::HttpGet | ProbeHandler::Exec, _) => base,
        (ProbeHandler::TcpSocket, ProbeKind::Startup) => base + 1,
        (ProbeHandler::TcpSocket, ProbeKind::Readiness) => base + 2,
        (ProbeHandler::TcpSocket, ProbeKind::Liveness) => base + 3,
    }
}

/// The program of container number `index` out of `count`, called `name`.
pub fn script(name: &str, container: &Container, index: usize, count: usize) -> String {
    let message_bytes = MESSAGE_BYTES_MAX.min(MESSAGES_BYTES_MAX / count.max(1) - 16);
    let attempts = attempts(container);
    let probes = probes(container, index);
    // The first trap only remembers: a TERM before it would be lost, since PID 1 has no default action.
    // The attempt is counted before it is journalled, so that a kill in between cannot repeat a number.
    format!(
        r#"got=; trap got=1 TERM
me={name} bytes={message_bytes}
echo -n . >>{SHARED_DIR}/$me.attempts
read n <{SHARED_DIR}/$me.attempts
n=$((${{#n}}-1))
journal() {{
  read up _ </proc/uptime
  echo "$me $n $1 $up" >>{SHARED_DIR}/journal
  all=
  while read -r line; do all="$all$line
"; done <{SHARED_DIR}/journal
  while [ ${{#all}} -gt $bytes ]; do all="${{all#*
}}"; done
  echo -n "$all" >{MESSAGE_FILE}
}}
journal start
nap() {{ sleep $1 & nap=$!; wait $nap; while kill -0 $nap 2>/dev/null; do wait $nap; done; }}
quit() {{ trap '' TERM; journal exit:$1; exit $1; }}
on_term() {{
  trap 'journal term' TERM
  journal term
  [ $after = never ] && return
  [ $after = 0 ] || nap $after
  quit $term
}}
case $n in
{attempts}esac
{probes}trap on_term TERM
[ $got ] && on_term
[ $life = 0 ] || nap $life
quit $code
"#
    )
}

/// One `case` branch an attempt; the last one is for all later attempts too.
fn attempts(container: &Container) -> String {
    let last = container.attempts.len() - 1;
    let mut text = String::new();
    for (index, attempt) in container.attempts.iter().enumerate() {
        let pattern = if index == last {
            "*".to_owned()
        } else {
            index.to_string()
        };
        let _ = writeln!(text, "{pattern}) {};;", variables(attempt));
    }
    text
}

/// `term` is the exit code after a TERM, `after` how long that takes.
fn variables(attempt: &Attempt) -> String {
    // 28 hours stand for ever: busybox has no `sleep infinity` before 1.36.
    let life = attempt.lives_ms.map_or_else(|| "100000".to_owned(), seconds);
    let code = attempt.exit_code;
    let (after, term) = match attempt.on_term {
        OnTerm::Exit { code, after_ms } => (seconds(after_ms), code),
        OnTerm::Ignore => ("never".to_owned(), 0),
    };
    format!("life={life} code={code} after={after} term={term}")
}

/// What opens and closes the probes' answers; empty without probes.
fn probes(container: &Container, index: usize) -> String {
    let kinds = [ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness];
    let present: Vec<_> = kinds
        .into_iter()
        .filter_map(|kind| kind.of(container).map(|probe| (kind, probe)))
        .collect();
    if present.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "[ -d {PROBE_DIR} ] || mkdir {PROBE_DIR}\n\
         at() {{ sleep $1; shift; \"$@\"; }}\n\
         pass() {{ : >{PROBE_DIR}/$1; }}\n\
         fail() {{ rm {PROBE_DIR}/$1; }}\n"
    );
    for (kind, probe) in &present {
        let (pass, fail) = match probe.handler {
            ProbeHandler::HttpGet | ProbeHandler::Exec => {
                (format!("pass {}", kind.file()), format!("fail {}", kind.file()))
            }
            // A listener that is there or not; httpd, since every busybox has it and it serves many.
            ProbeHandler::TcpSocket => (listen(port(index, *kind, probe.handler)), "kill $!".to_owned()),
        };
        let is_tcp = probe.handler == ProbeHandler::TcpSocket;
        let background = if is_tcp { " &" } else { "" };
        let _ = match probe.outcome {
            ProbeOutcome::NeverPasses | ProbeOutcome::FailsAfter { ms: 0 } => Ok(()),
            ProbeOutcome::Passes | ProbeOutcome::PassesAfter { ms: 0 } => writeln!(text, "{pass}{background}"),
            ProbeOutcome::PassesAfter { ms } => writeln!(text, "at {} {pass} &", seconds(ms)),
            ProbeOutcome::FailsAfter { ms } => writeln!(text, "{pass}{background}\nat {} {fail} &", seconds(ms)),
            ProbeOutcome::FirstLifeOnly => writeln!(text, "[ $n = 0 ] && {pass}{background}"),
            ProbeOutcome::LaterLivesOnly => writeln!(text, "[ $n = 0 ] || {pass}{background}"),
        };
    }
    // Last, so that no request meets a file that is not there yet.
    if present.iter().any(|(_, probe)| probe.handler == ProbeHandler::HttpGet) {
        let _ = writeln!(
            text,
            "{} &",
            listen(port(index, ProbeKind::Startup, ProbeHandler::HttpGet))
        );
    }
    text
}

fn listen(port: i32) -> String {
    format!("httpd -f -p {port} -h {PROBE_DIR}")
}

/// Milliseconds as the seconds that `sleep` takes: `2500` is `2.5`.
pub fn seconds(ms: u32) -> String {
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
