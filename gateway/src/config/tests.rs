use std::path::Path;

use super::*;

const LEAST: &str = "[community]\nname = \"Cœur de Caux\"\ndomain = \"coeur-de-caux.fr\"\n";

#[test]
fn the_example_shows_the_defaults() {
    let example = Config::parse(include_str!("../../gateway.example.toml")).expect("the example is right");
    assert_eq!(Config::parse(LEAST).expect("name and domain suffice"), example);
}

#[test]
fn endpoints_are_read_in_every_form() {
    fn check(text: &str, expected: Option<&str>) {
        let found = endpoint(text, 51820).map(|endpoint| endpoint.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }
    check("passerelle.coeur-de-caux.fr", Some("passerelle.coeur-de-caux.fr:51820"));
    check("passerelle.coeur-de-caux.fr:443", Some("passerelle.coeur-de-caux.fr:443"));
    check("192.0.2.1", Some("192.0.2.1:51820"));
    check("192.0.2.1:500", Some("192.0.2.1:500"));
    check("2001:db8::1", Some("[2001:db8::1]:51820"));
    check("[2001:db8::1]:500", Some("[2001:db8::1]:500"));
    check("passerelle", None);
    check("a b.fr", None);
    check("passerelle.fr:0", None);
    check("", None);
}

#[test]
fn tunnel_networks_are_private_and_large_enough() {
    fn check(text: &str, expected: bool) {
        assert_eq!(private_network(text).is_some(), expected, "{text}");
    }
    check("10.66.0.0/16", true);
    check("100.64.0.0/12", true);
    check("192.168.0.0/22", true);
    check("192.168.1.0/24", false);
    check("8.8.0.0/16", false);
    check("10.66.0.0", false);
}

#[test]
fn the_prefix_belongs_to_the_domain() {
    assert_eq!(own_prefix("coeur-de-caux.fr"), own_prefix("coeur-de-caux.fr"));
    assert_ne!(own_prefix("coeur-de-caux.fr"), own_prefix("caux.fr"));
    assert!(own_prefix("caux.fr").network().is_unique_local());
}

/// A folder per mistake: `gateway.toml`, and `problems.txt` with key, value and remedy of each.
#[test]
fn wrong_configurations_are_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/fixtures");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the fixtures are there") {
        let case = entry.expect("the fixtures can be listed").path();
        let text = std::fs::read_to_string(case.join("gateway.toml")).expect("a configuration");
        let expected = std::fs::read_to_string(case.join("problems.txt")).expect("its problems");
        let problems = Config::parse(&text).expect_err("a fixture is a mistake");
        let found: String = problems
            .iter()
            .map(|problem| format!("{} | {} | {}\n", problem.key, problem.value, problem.remedy))
            .collect();
        assert_eq!(found, expected, "{}", case.display());
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} fixtures");
}

#[test]
fn a_wrong_configuration_is_explained_in_words() {
    let text = LEAST.replace("coeur-de-caux.fr", "mairie") + "[network]\nprot = 1\n";
    let problems = Config::parse(&text).expect_err("two mistakes");
    let error = ConfigError::Wrong { path: "/etc/beffroi/gateway.toml".into(), problems };
    assert_eq!(
        error.explain(),
        "La configuration /etc/beffroi/gateway.toml est à corriger\u{a0}:\n  \
         community.domain = «\u{a0}mairie\u{a0}»\u{a0}: indiquez le nom de domaine de la communauté, par \
         exemple \"coeur-de-caux.fr\".\n  \
         network.prot = «\u{a0}1\u{a0}»\u{a0}: ce réglage n’existe pas. Les réglages possibles ici sont\u{a0}: port, \
         endpoint, ipv6, ipv4, mtu, interface, preshared, open."
    );
}
