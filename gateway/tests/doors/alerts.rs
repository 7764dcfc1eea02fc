//! The hours of a town hall, and what is told of links that are down in them.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use beffroi_gateway::links::{Alert, Event, Standing};

use crate::rig::rig;

#[tokio::test]
async fn hours_are_taken_as_they_are_written() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.get("/communes/1").await.shows("Horaires d’ouverture inconnus");
    for (typed, sentence) in [
        ("lun 9h-12h, mardy 14h-17h", "«\u{a0}mardy\u{a0}» n’est ni un jour ni une heure"),
        ("9h-12h", "Quel jour\u{a0}?"),
        ("lun", "À quelle heure\u{a0}?"),
        ("lun 9h", "Jusqu’à quelle heure\u{a0}?"),
        ("lun 9h-25h", "L’heure «\u{a0}25h\u{a0}» n’existe pas"),
        ("lun 12h-9h", "finit avant d’avoir commencé"),
        ("lun 9h-12h, lun 10h-11h", "se recouvrent"),
        (&*"lun 9h-12h ".repeat(50), "C’est trop long"),
    ] {
        let page = referent.post("/communes/1/heures", &[("hours", typed)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        page.shows(sentence);
        assert_eq!(page.field("hours"), typed, "what was typed is kept");
    }
    for _ in 0..2 {
        let typed = "du lundi au jeudi de 9 h à midi et 13 h 30 à 17 h";
        let page = referent.post("/communes/1/heures", &[("hours", typed)]).await;
        assert_eq!(page.location(), "/communes/1");
    }
    referent.get("/communes/1").await.shows("Ouverte\u{a0}: lun-jeu 9h-12h et 13h30-17h.");
    assert_eq!(referent.get("/communes/1/heures").await.field("hours"), "lun-jeu 9h-12h et 13h30-17h");
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("a changé les horaires d’ouverture").count(), 1);

    referent.post("/communes/1/heures", &[("hours", " ")]).await;
    referent.get("/communes/1").await.shows("Horaires effacés").shows("Horaires d’ouverture inconnus");
    assert_eq!(referent.get("/communes/77/heures").await.status, StatusCode::NOT_FOUND);
    let page = referent.post("/communes/77/heures", &[("hours", "lun 9h-12h")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_alert_is_at_the_top_of_the_overview() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.get("/").await.hides("alerte");
    let mut told = rig.alerts.subscribe();
    let since =
        Instant::now().checked_sub(Duration::from_secs(25 * 60)).expect("the machine is up for longer");
    let alvimare = Standing { alert: Alert::TownHall("1".parse().expect("a number")), since };
    let line = Standing { alert: Alert::GatewayLine { down: 20, of: 22 }, since };
    rig.alerts.put(vec![line, alvimare], &[Event::Raised(line), Event::Raised(alvimare)]);
    let page = referent.get("/").await;
    page.shows("2 alertes")
        .shows("Mairie d’Alvimare\u{a0}: hors ligne depuis 25\u{a0}min, à un moment où elle est ouverte.")
        .shows("20 mairies sur 22 ont été coupées ensemble il y a 25\u{a0}min");
    let place = |word: &str| page.text.find(word).unwrap_or_else(|| panic!("{word} is shown"));
    assert!(place("2 alertes") < place("<table"));
    // What another channel is told.
    assert_eq!(told.try_recv().expect("it was told"), Event::Raised(line));

    rig.alerts.put(Vec::new(), &[Event::Cleared(line), Event::Cleared(alvimare)]);
    referent.get("/").await.hides("alerte");
}
