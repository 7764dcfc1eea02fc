//! The figures, as a Prometheus reads them.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::http::StatusCode;
use beffroi_protocol::probe::Probe;

use crate::rig::{SERVER, TOWN_HALL, rig};

#[tokio::test]
async fn the_figures_are_in_the_format_of_prometheus() {
    let rig = rig().await;
    rig.referent().await;
    let probe = Probe { round_trip: Some(45_000), sent: 32, answered: 32, ..Probe::default() };
    assert!(rig.board.heard("256".parse().expect("a number"), &probe, Instant::now()));
    rig.at_portal(TOWN_HALL).get("/").await;
    rig.at_portal(TOWN_HALL).get("/nulle-part").await;
    rig.at_admin(SERVER).get("/").await;

    let page = rig.at_metrics().get("/metrics").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4");
    page.shows(r#"beffroi_link_state{commune="Alvimare",machine="256",state="online"} 1"#)
        .shows(r#"beffroi_link_state{commune="Alvimare",machine="257",state="never"} 1"#)
        .shows(r#"beffroi_link_round_trip_seconds{commune="Alvimare",machine="256"} 0.045"#)
        .shows(r#"beffroi_http_request_duration_seconds_count{door="portal",status="200"} 1"#)
        .shows(r#"beffroi_http_request_duration_seconds_count{door="portal",status="404"} 1"#)
        .shows(r#"beffroi_http_request_duration_seconds_count{door="admin",status="303"} 2"#)
        .shows(r#"beffroi_alerts{alert="town_hall"} 0"#)
        .shows("beffroi_store_commit_duration_seconds_bucket{le=\"+Inf\"}")
        .shows("beffroi_build_info{version=")
        .hides("Accueil")
        .hides("Perdu")
        .hides(r#"machine="258""#);
    check(&page.text);
    assert_eq!(rig.at_metrics().get("/").await.status, StatusCode::NOT_FOUND);
}

/// Every figure is announced once, with its type, under a name of ours; every value is a number.
fn check(text: &str) {
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            assert!(types.insert(name, kind).is_none(), "{name} is announced twice");
            assert!(name.starts_with("beffroi_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
            continue;
        }
        if line.starts_with("# HELP beffroi_") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a figure and its value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = series.split('{').next().expect("a first part");
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let kind = types.get(name).or_else(|| types.get(family.unwrap_or(name)));
        assert!(kind.is_some(), "{line} was not announced");
    }
    assert!(types.len() >= 12, "{types:?}");
}
