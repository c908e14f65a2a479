//! Why a container cannot be started, by the reason of its waiting state.

/// What a reason of the kubelet's means and what it waits for; nothing for reasons that are no failures.
pub(super) fn why(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "ErrImagePull" | "ImagePullBackOff" => {
            "its image cannot be pulled; the kubelet tries again, after 10 s, 20 s and so on up to 300 s"
        }
        "ErrImageNeverPull" => "its image is not on the node, and its imagePullPolicy is Never",
        "InvalidImageName" => "its image has no valid name",
        "CreateContainerConfigError" => {
            "something that it refers to is missing or not allowed (a ConfigMap, a Secret, a key, its user); the kubelet tries again"
        }
        "CreateContainerError" => "the runtime could not create it; the kubelet tries again",
        "RunContainerError" | "StartError" => "the runtime could not start it (most often its command does not exist)",
        "ImageInspectError" | "SignatureValidationFailed" | "RegistryUnavailable" => "its image cannot be used",
        _ => return None,
    })
}
