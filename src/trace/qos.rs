//! The class of service that follows from a pod's resources.

use super::pod::with_init;
use super::{PodResources, Qos};
use crate::recording::object;
use crate::recording::object::Quantity;

/// The class of the pod that is asked for, where that is certain.
///
/// A resize may not change it, so it follows from the resources of any time. A container without `resources` was stripped
/// of them: the API server writes them out even where they are empty. Resources of the whole pod (KEP-2837) decide instead
/// of the containers', if the API server and the kubelet know of them; and of a static pod the API server sees other ones
/// than the kubelet, which has no defaults of the namespace.
pub(super) fn due(pod: &object::Pod) -> Option<Qos> {
    let spec = &pod.spec;
    if spec.resources.is_some() || pod.metadata.annotations.mirror.is_some() || spec.containers.is_empty() {
        return None;
    }
    let (mut none, mut all) = (true, true);
    for (container, _) in with_init(&spec.init_containers, &spec.containers) {
        let object::Resources { requests, limits } = container.resources.as_ref()?;
        for (request, limit) in [(requests.cpu, limits.cpu), (requests.memory, limits.memory)] {
            let limit = amount(limit)?;
            // Where only a limit is given, the API server requests as much.
            let request = request.map_or(Some(limit), |it| amount(Some(it)))?;
            none &= request == 0 && limit == 0;
            all &= limit != 0 && request == limit;
        }
    }
    Some(match (none, all) {
        (true, _) => Qos::BestEffort,
        (_, true) => Qos::Guaranteed,
        _ => Qos::Burstable,
    })
}

/// A cgroup of version 1 without a limit has the greatest number of bytes that fills whole pages, which is just below 8 EiB.
const NO_LIMIT_BILLIONTHS_MIN: i128 = (1 << 62) * 1_000_000_000;

/// What a status tells of the pod as a whole; what cannot be read says nothing.
pub(super) fn told(resources: &object::Resources) -> Option<PodResources> {
    let object::Resources { requests, limits } = resources;
    let [limit, others @ ..] =
        [limits.memory, limits.cpu, requests.memory, requests.cpu].map(|it| amount(it).unwrap_or(0));
    if others.iter().any(|&it| it != 0) {
        return Some(PodResources::Amounts);
    }
    match limit {
        0 => None,
        NO_LIMIT_BILLIONTHS_MIN.. => Some(PodResources::NoLimit),
        _ => Some(PodResources::Amounts),
    }
}

/// Nothing at all and an amount of zero are the same; none, where it cannot be read.
fn amount(quantity: Option<Quantity>) -> Option<i128> {
    quantity.map_or(Some(0), |it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class of a pod with these resources of its init containers and of its main ones.
    fn due_of(init: &[&str], main: &[&str], more: &str) -> Option<Qos> {
        let list = |resources: &[&str]| {
            let containers = resources.iter().enumerate();
            let texts = containers.map(|(n, it)| format!(r#"{{"name": "c{n}", "resources": {it}}}"#));
            texts.collect::<Vec<_>>().join(", ")
        };
        let (init, main) = (list(init), list(main));
        let text = format!(r#"{{"spec": {{"initContainers": [{init}], "containers": [{main}] {more}}}}}"#);
        due(&serde_json::from_str(&text).expect("a pod"))
    }

    const NOTHING: &str = "{}";
    const EQUAL: &str =
        r#"{"requests": {"cpu": "1", "memory": "64Mi"}, "limits": {"cpu": "1000m", "memory": "65536Ki"}}"#;
    const LIMITS: &str = r#"{"limits": {"cpu": "1", "memory": "64Mi"}}"#;
    const REQUEST: &str = r#"{"requests": {"cpu": "10m"}}"#;
    const MEMORY: &str = r#"{"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}"#;
    const OTHER: &str = r#"{"requests": {"ephemeral-storage": "5Mi"}, "limits": {"ephemeral-storage": "5Mi"}}"#;
    const ZERO: &str = r#"{"requests": {"cpu": "0", "memory": "0"}, "limits": {"cpu": "0"}}"#;

    #[test]
    fn the_class_follows_from_all_containers() {
        let of = |init: &[&str], main: &[&str]| due_of(init, main, "").expect("certain");
        assert_eq!(of(&[], &[NOTHING]), Qos::BestEffort);
        assert_eq!(of(&[NOTHING], &[OTHER, ZERO]), Qos::BestEffort);
        assert_eq!(of(&[], &[EQUAL]), Qos::Guaranteed);
        assert_eq!(of(&[LIMITS], &[EQUAL, LIMITS]), Qos::Guaranteed);
        assert_eq!(of(&[], &[EQUAL, NOTHING]), Qos::Burstable);
        assert_eq!(of(&[NOTHING], &[EQUAL]), Qos::Burstable);
        assert_eq!(of(&[REQUEST], &[NOTHING]), Qos::Burstable);
        assert_eq!(of(&[], &[MEMORY]), Qos::Burstable);
        let more = r#"{"requests": {"cpu": "0", "memory": "1"}, "limits": {"cpu": "1", "memory": "1"}}"#;
        assert_eq!(of(&[], &[more]), Qos::Burstable);
    }

    #[test]
    fn what_a_status_tells_of_the_pod_as_a_whole() {
        let of = |text: &str| told(&serde_json::from_str(text).expect("resources"));
        assert_eq!(of(NOTHING), None);
        assert_eq!(of(ZERO), None);
        assert_eq!(of(EQUAL), Some(PodResources::Amounts));
        assert_eq!(of(REQUEST), Some(PodResources::Amounts));
        assert_eq!(
            of(r#"{"limits": {"memory": "9007199254740988Ki"}}"#),
            Some(PodResources::NoLimit)
        );
        let both = r#"{"limits": {"memory": "9007199254740988Ki"}, "requests": {"cpu": "10m"}}"#;
        assert_eq!(of(both), Some(PodResources::Amounts));
        assert_eq!(of(r#"{"limits": {"memory": "no number"}}"#), None);
    }

    #[test]
    fn what_is_not_certain_is_left_open() {
        assert_eq!(due_of(&[], &[], ""), None);
        assert_eq!(due_of(&[], &["null"], ""), None);
        assert_eq!(due_of(&[], &[r#"{"limits": {"cpu": "much"}}"#], ""), None);
        assert_eq!(
            due_of(&[], &[NOTHING], r#", "resources": {"requests": {"cpu": "1"}}"#),
            None
        );
        let mirror = r#"{"metadata": {"annotations": {"kubernetes.io/config.mirror": "1"}}, "spec": {"containers": [{"resources": {}}]}}"#;
        assert_eq!(due(&serde_json::from_str(mirror).expect("a pod")), None);
    }
}
