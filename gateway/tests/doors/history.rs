//! How the links did: on a commune's page, and on the sheet for the elected.

use std::time::{Duration, Instant};

use beffroi_protocol::probe::Probe;
use jiff::{SignedDuration, Timestamp};

use crate::rig::{Rig, rig};

/// An hour this morning, in which the machine of Alvimare was heard for half of the time.
async fn an_hour_passes(rig: &mut Rig) {
    let (mut now, mut wall): (_, Timestamp) =
        (Instant::now(), "2026-11-24T06:00:00Z".parse().expect("a timestamp"));
    let probe = Probe { round_trip: Some(85_000), ..Probe::default() };
    for minute in 1..=60 {
        now += Duration::from_secs(60);
        wall += SignedDuration::from_mins(1);
        if minute <= 30 {
            assert!(rig.board.heard("256".parse().expect("a number"), &probe, now));
        }
        rig.recorder.look(now, wall);
    }
    rig.recorder.write().await.expect("it is written");
}

#[tokio::test]
async fn the_past_of_a_link_is_told_in_bars_and_in_words() {
    let mut rig = rig().await;
    let mut referent = rig.referent().await;
    referent.get("/communes/1").await.shows("Pas encore d’historique");
    referent
        .get("/communes/disponibilite")
        .await
        .shows("Pas encore d’historique")
        .shows("Sans historique\u{a0}: Alvimare.");

    an_hour_passes(&mut rig).await;
    referent
        .get("/communes/1")
        .await
        .shows("En ligne 54,2\u{a0}% du temps observé.")
        .shows("Un jour avec coupure, 27\u{a0}min en tout.")
        .shows("Aller-retour moyen\u{a0}: 85\u{a0}ms.")
        .shows("24 novembre 2026\u{a0}: hors ligne 27\u{a0}min, entre 7\u{a0}h et 9\u{a0}h")
        .shows("<svg class=\"bars\"")
        .hides("Pas encore d’historique");
    referent.post("/communes/ajouter", &[("text", "Yébleron")]).await;
    referent
        .get("/communes/disponibilite")
        .await
        .shows("Du 1er décembre 2024 au 24 novembre 2026.")
        .shows("La liaison d’une commune a été en ligne 54,2\u{a0}% du temps observé.")
        .shows("La moins disponible\u{a0}: Alvimare (54,2\u{a0}%).")
        .shows("Sans historique\u{a0}: Yébleron.");
}
