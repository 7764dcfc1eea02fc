//! Devices without an agent: added, shown once, marked, taken away.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake};

use axum::http::StatusCode;
use beffroi_gateway::directory;
use beffroi_protocol::PrivateKey;
use tokio::sync::Notify;

use crate::rig::{GATEWAY, REFERENTS_MACHINE, Rig, rig};

#[tokio::test]
async fn a_device_gets_a_configuration_that_is_shown_to_one_person() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let once = referent.get("/communes/1/appareil").await.field("once").to_owned();
    let form = [("once", &*once), ("name", "Téléphone"), ("key", "")];
    let path = referent.post("/communes/1/appareil", &form).await.location().to_owned();
    assert_eq!(
        referent.post("/communes/1/appareil", &form).await.location(),
        path,
        "sent twice, it adds once"
    );

    let page = referent.get(&path).await;
    assert_eq!(page.header("cache-control"), "no-store");
    page.shows("Téléphone").shows("<svg class=\"qr\"").shows("PrivateKey = ").shows("https://10.66.0.1/");
    let file = referent.get(&format!("{path}/configuration")).await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"beffroi.conf\"");
    assert_eq!(file.header("cache-control"), "no-store");
    file.shows("Address = 10.66.1.3/32, fda6:8423:71b7::103/128")
        .shows("AllowedIPs = 10.66.0.1/32, fda6:8423:71b7::1/128")
        .shows("PresharedKey = ")
        .shows("Endpoint = passerelle.coeur-de-caux.fr:51820")
        .hides("DNS");
    referent.get("/communes/1").await.shows("Appareil sans agent").shows(&path);
    referent.get("/").await.shows("Téléphone (sans agent)");
    referent.get("/qui-a-fait-quoi").await.shows("sans agent").hides("PrivateKey");
    let certificate = referent.get("/appareils/autorite").await;
    assert_eq!(certificate.header("content-disposition"), "attachment; filename=\"beffroi.crt\"");

    let page = rig.at_admin(REFERENTS_MACHINE).get(&path).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "who is not signed in sees nothing");
    let revoke = [("reason", "perdu"), ("commune", "Alvimare")];
    referent.post("/postes/259/retirer", &revoke).await;
    assert_eq!(referent.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(referent.get(&format!("{path}/configuration")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_device_that_makes_its_own_key_keeps_it() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let key = PrivateKey::generate().expect("random bytes").public().to_string();
    let form = [("name", "Portable"), ("key", &*key)];
    let path = referent.post("/communes/1/appareil", &form).await.location().to_owned();
    referent.get(&path).await.shows("sous la ligne PrivateKey").hides("PrivateKey = ").hides("class=\"qr\"");

    let again = referent.post("/communes/1/appareil", &[("name", "Autre"), ("key", &key)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.shows("Cette clé est ou a été celle d’un autre poste");
    assert_eq!(again.field("name"), "Autre");
}

#[tokio::test]
async fn what_is_typed_of_a_device_is_judged() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let gateways = GATEWAY.to_string();
    for (name, key, sentence) in [
        ("", "", "Donnez à l’appareil un nom"),
        ("Portable", "abc", "Ce n’est pas une clé publique"),
        ("Portable", &gateways, "Cette clé n’est pas celle de l’appareil"),
    ] {
        let page = referent.post("/communes/1/appareil", &[("name", name), ("key", key)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.shows(sentence);
        assert_eq!((page.field("name"), page.field("key")), (name, key));
    }
    let page = referent.post("/communes/77/appareil", &[("name", "Portable")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_browser_that_hangs_up_loses_no_key() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    {
        let mut request = pin!(referent.post("/communes/1/appareil", &[("name", "Tablette"), ("key", "")]));
        let woken = Arc::new(Woken::default());
        let waker = woken.clone().into();
        // The browser hangs up at the first moment at which the device is in the store.
        while !is_added(&rig, "Tablette").await {
            let answer = request.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(answer.is_pending(), "the device is added before the answer");
            woken.0.notified().await;
        }
    }
    referent.get("/appareils/259").await.shows("PrivateKey = ");
}

async fn is_added(rig: &Rig, name: &str) -> bool {
    let machines = rig.store.read(async |tx| directory::machines(tx).await).await.expect("it is read");
    machines.iter().any(|machine| machine.name.as_str() == name)
}

#[derive(Default)]
struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}
