use podcheck::manifest;
use podcheck_generators as g;
fn main() {
    let mut a = std::env::args().skip(1);
    let profile: g::Profile = a.next().unwrap().parse().unwrap();
    let seed: u64 = a.next().unwrap().parse().unwrap();
    let n: usize = a.next().unwrap().parse().unwrap();
    let nodes: Vec<String> = a.collect();
    for (id, s) in g::cases(profile, seed).take(n) {
        for node in &nodes {
            let name = manifest::pod_name(&id.to_string(), Some(&node[node.len() - 3..]));
            let p = manifest::pod(
                &id.to_string(),
                &s,
                &manifest::Placement {
                    name,
                    namespace: None,
                    node: Some(node.clone()),
                },
            );
            println!("{}", serde_json::to_string(&p).unwrap());
        }
    }
}
