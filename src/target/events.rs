//! The API's Events about the pods of a run, fetched before they go with the namespace.
//!
//! A list at the end instead of a watch beside the pods: the nodes have enough to do. The API server forgets Events after
//! an hour, so a longer run keeps those of its last hour.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::core::v1 as api;
use kube::api::ListParams;
use kube::{Api, Client};

use crate::cluster::with_causes;
use crate::recording::{ApiEvent, ApiEventLine};

/// The run's end does not wait longer for them.
const PATIENCE: Duration = Duration::from_secs(30);
/// Events in one answer.
const PAGE: u32 = 500;
/// More than any run of an hour has.
const EVENTS_MAX: usize = 200_000;

/// Writes the Events of the namespace's pods; what fails is said in the file, and fails nothing else.
pub(super) async fn keep(client: &Client, namespace: &str, path: &Path) {
    let Ok(file) = File::create(path) else { return };
    let mut file = BufWriter::new(file);
    let events = Api::namespaced(client.clone(), namespace);
    let fetched = tokio::time::timeout(PATIENCE, fetch(&events, &mut file)).await;
    let missing = match fetched {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(why),
        Err(_) => Some(format!("they took longer than {} s", PATIENCE.as_secs())),
    };
    if let Some(missing) = missing {
        // Without a disk there is nowhere to say it.
        let _ = write(&mut file, &ApiEventLine::Missing { missing });
    }
    let _ = file.flush();
}

/// Says in the file why there are none.
pub(super) fn keep_reason(path: &Path, why: &str) {
    let line = ApiEventLine::Missing {
        missing: why.to_owned(),
    };
    // Without a disk there is nowhere to say it.
    let _ = File::create(path).and_then(|mut file| write(&mut file, &line));
}

async fn fetch(events: &Api<api::Event>, file: &mut impl Write) -> Result<(), String> {
    let mut page = ListParams::default().fields("involvedObject.kind=Pod").limit(PAGE);
    let mut count = 0;
    loop {
        let list = events.list(&page).await.map_err(|error| with_causes(&error))?;
        count += list.items.len();
        for event in list.items {
            write(file, &ApiEventLine::Event(kept(event))).map_err(|error| error.to_string())?;
        }
        match list.metadata.continue_.filter(|token| !token.is_empty()) {
            None => return Ok(()),
            Some(_) if count >= EVENTS_MAX => return Err(format!("there are more than {EVENTS_MAX}")),
            Some(token) => page = page.continue_token(&token),
        }
    }
}

fn write(file: &mut impl Write, line: &ApiEventLine) -> io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    writeln!(file)
}

fn kept(event: api::Event) -> ApiEvent {
    // The scheduler sets only the newer one of the two kinds of time.
    let micro = event.event_time.map(|time| time.0.to_string());
    let first = event
        .first_timestamp
        .map(|time| time.0.to_string())
        .or_else(|| micro.clone());
    let last = event.last_timestamp.map(|time| time.0.to_string()).or(micro);
    let first = first.or_else(|| event.metadata.creation_timestamp.map(|time| time.0.to_string()));
    let source = event.reporting_component.filter(|name| !name.is_empty());
    ApiEvent {
        uid: event.involved_object.uid.unwrap_or_default(),
        last: last.or_else(|| first.clone()).unwrap_or_default(),
        first: first.unwrap_or_default(),
        count: event.count.unwrap_or(1),
        kind: event.type_.unwrap_or_default(),
        reason: event.reason.unwrap_or_default(),
        part: event.involved_object.field_path.unwrap_or_default(),
        source: source.or_else(|| event.source?.component).unwrap_or_default(),
        message: event.message.unwrap_or_default(),
    }
}
