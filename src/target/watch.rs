//! One raw watch of the pods, kept up from its last resource version; a real loss becomes a gap, never silence.

use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt as _;
use k8s_openapi::api::core::v1 as api;
use kube::api::{WatchEvent, WatchParams};
use kube::core::Request;
use kube::{Client, Resource as _};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::clock::unix_ms;
use super::namespace::our_pods;
use super::requests::{ANSWER_MAX, PATIENCE};
use crate::cluster::with_causes;
use crate::trace::UnixMs;

/// The API server ends a watch after this; then it goes on with a new one.
const WATCH_SECONDS: u32 = 240;
/// Bookmarks come about once a minute, so silence beyond this is a dead connection.
const SILENCE_MAX: Duration = Duration::from_secs(100);
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What the watch brings, in order.
#[derive(Debug)]
pub(super) enum Watched {
    /// An event as received.
    Event {
        at_ms: UnixMs,
        event_type: &'static str,
        object: Value,
    },
    /// Events are missing here; these pods are there now, others are gone.
    Gap {
        at_ms: UnixMs,
        why: String,
        present: Vec<Value>,
    },
    /// The cluster does not come back; the last message.
    Lost { why: String },
}

/// A watch that goes on by itself.
pub(super) struct Watch {
    client: Client,
    namespace: String,
    resource_version: String,
}

/// How one connection ended.
enum Ended {
    /// As every watch does; nothing is lost.
    Peacefully,
    /// Nothing is lost if the next connection works.
    Broken(String),
    /// The server has forgotten our place.
    Expired(String),
    /// The receiver is gone.
    Unwanted,
}

impl Watch {
    /// Lists to have a place to begin from.
    pub(super) async fn begin(client: Client, namespace: String) -> Result<Self, kube::Error> {
        let mut watch = Self {
            client,
            namespace,
            resource_version: String::new(),
        };
        watch.list().await?;
        Ok(watch)
    }

    /// Sends what comes until the receiver is dropped or the cluster stays away.
    pub(super) async fn run(mut self, sender: UnboundedSender<Watched>) {
        let mut away_since = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let (begin, before) = (Instant::now(), self.resource_version.clone());
            let ended = self.connection(&sender).await;
            if self.resource_version != before || begin.elapsed() > PATIENCE {
                (away_since, pause) = (None, FIRST_PAUSE);
            }
            let why = match ended {
                Ended::Unwanted => return,
                Ended::Peacefully => None,
                Ended::Broken(why) => Some(why),
                Ended::Expired(why) => match self.list().await {
                    Ok(present) => {
                        if sender
                            .send(Watched::Gap {
                                at_ms: unix_ms(),
                                why,
                                present,
                            })
                            .is_err()
                        {
                            return;
                        }
                        None
                    }
                    Err(error) => Some(with_causes(&error)),
                },
            };
            match why {
                None => away_since = None,
                Some(why) if away_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE => {
                    let _ = sender.send(Watched::Lost { why });
                    return;
                }
                Some(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = if away_since.is_some() {
                (pause * 2).min(Duration::from_secs(1))
            } else {
                FIRST_PAUSE
            };
        }
    }

    async fn list(&mut self) -> Result<Vec<Value>, kube::Error> {
        let request = self.request().list(&our_pods()).map_err(kube::Error::BuildRequest)?;
        let mut list: Value = tokio::time::timeout(ANSWER_MAX, self.client.request(request))
            .await
            .unwrap_or_else(|_| Err(kube::Error::Service("no answer to the list".into())))?;
        self.resource_version = text_at(&list, "/metadata/resourceVersion")
            .unwrap_or_default()
            .to_owned();
        Ok(list
            .get_mut("items")
            .and_then(Value::as_array_mut)
            .map(std::mem::take)
            .unwrap_or_default())
    }

    async fn connection(&mut self, sender: &UnboundedSender<Watched>) -> Ended {
        let selected = our_pods().label_selector.unwrap_or_default();
        let parameters = WatchParams::default().timeout(WATCH_SECONDS).labels(&selected);
        let request = match self.request().watch(&parameters, &self.resource_version) {
            Ok(request) => request,
            Err(error) => return Ended::Broken(error.to_string()),
        };
        let stream = match tokio::time::timeout(ANSWER_MAX, self.client.request_events::<Value>(request)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return ended(&error),
            Err(_) => return Ended::Broken("no answer to the watch".to_owned()),
        };
        let mut stream = pin!(stream);
        loop {
            let event = match tokio::time::timeout(SILENCE_MAX, stream.try_next()).await {
                Ok(Ok(Some(event))) => event,
                Ok(Ok(None)) => return Ended::Peacefully,
                Ok(Err(error)) => return ended(&error),
                Err(_) => return Ended::Broken("the watch fell silent".to_owned()),
            };
            let at_ms = unix_ms();
            let (event_type, object) = match event {
                WatchEvent::Added(object) => ("ADDED", object),
                WatchEvent::Modified(object) => ("MODIFIED", object),
                WatchEvent::Deleted(object) => ("DELETED", object),
                WatchEvent::Bookmark(bookmark) => {
                    self.resource_version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) => return ended(&kube::Error::Api(status)),
            };
            if let Some(version) = text_at(&object, "/metadata/resourceVersion") {
                self.resource_version = version.to_owned();
            }
            if sender
                .send(Watched::Event {
                    at_ms,
                    event_type,
                    object,
                })
                .is_err()
            {
                return Ended::Unwanted;
            }
        }
    }

    fn request(&self) -> Request {
        Request::new(api::Pod::url_path(&(), Some(&self.namespace)))
    }
}

fn ended(error: &kube::Error) -> Ended {
    match error {
        kube::Error::Api(status) if status.code == 410 => Ended::Expired(status.message.clone()),
        error => Ended::Broken(with_causes(error)),
    }
}

fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}
