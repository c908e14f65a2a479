use super::*;

const KUBECONFIG: &str = r#"
apiVersion: v1
kind: Config
clusters:
- {name: dead, cluster: {server: "https://127.0.0.1:1"}}
users:
- {name: nobody, user: {token: none}}
contexts:
- {name: kind-podcheck, context: {cluster: dead, user: nobody}}
- {name: production, context: {cluster: dead, user: nobody}}
current-context: production
"#;

fn options(test: &str, context: Option<&str>) -> ClusterOptions {
    let path = std::env::temp_dir().join(format!("podcheck-kubeconfig-{test}-{}", std::process::id()));
    std::fs::write(&path, KUBECONFIG).expect("temporary file");
    ClusterOptions {
        kubeconfig: Some(path),
        context: context.map(str::to_owned),
        allow_any_context: false,
    }
}

async fn refusal(options: &ClusterOptions) -> String {
    match connect(options).await {
        Ok(cluster) => cluster.probe().await.expect_err("nobody listens").to_string(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn each_reason_for_no_cluster_names_the_next_step() {
    let absent = ClusterOptions {
        kubeconfig: Some("/nonexistent/kubeconfig".into()),
        ..ClusterOptions::default()
    };
    let cases = [
        (absent, "podcheck cluster up"),
        (options("dead", None), "does not answer"),
        (options("production", Some("production")), "--allow-any-context"),
        (options("unknown", Some("kind-other")), "no context kind-other"),
    ];
    for (options, expected) in cases {
        let text = refusal(&options).await;
        assert!(text.contains(expected), "{text}");
        if let Some(path) = options.kubeconfig {
            let _ = std::fs::remove_file(path);
        }
    }
}
