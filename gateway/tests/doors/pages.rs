//! What every page has: its size on the line, its protection, its way of being asked again.

use axum::http::StatusCode;

use crate::rig::{Page, SERVER, TOWN_HALL, rig};

const BROWSER: (&str, &str) = ("accept-encoding", "gzip, deflate, br, zstd");

/// Bytes of an answer with HTTP/1.1's spelling of its headers, which is longer than HTTP/2's.
fn on_the_line(page: &Page) -> usize {
    let headers: usize = page.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    17 + headers + page.bytes.len()
}

#[tokio::test]
async fn the_home_page_is_small_the_first_time_and_smaller_the_second() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let text = "Le conseil communautaire se réunit jeudi à 18 h 30, salle des fêtes de Fauville-en-Caux.";
    referent.post("/annonce", &[("title", "Réunion du conseil"), ("text", text)]).await;

    let mut town_hall = rig.at_portal(TOWN_HALL);
    let page = town_hall.get("/").await;
    let assets: Vec<&str> = page.text.split(['"', ' ']).filter(|word| word.starts_with("/-/")).collect();
    assert_eq!(assets.len(), 3);
    let home = town_hall.get_with("/", &[BROWSER]).await;
    assert_eq!(home.header("content-encoding"), "br");
    let mut cold = on_the_line(&home);
    for path in assets {
        let asset = town_hall.get_with(path, &[BROWSER]).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert!(asset.header("cache-control").contains("immutable"), "{path}");
        cold += on_the_line(&asset);
    }
    // What TLS adds to a first visit: 753 bytes from the gateway and at most 2,000 from the browser, measured
    // with OpenSSL and Chromium; requests are about 500 bytes each.
    assert!(cold + 2_753 + 4 * 500 < 14_600, "{cold} bytes");

    let warm = town_hall.get_with("/", &[BROWSER, ("if-none-match", home.header("etag"))]).await;
    assert_eq!(warm.status, StatusCode::NOT_MODIFIED);
    assert!(warm.bytes.is_empty());
    assert!(on_the_line(&warm) < 250, "{} bytes", on_the_line(&warm));
}

/// One round trip less until it is drawn, and no more bytes.
#[tokio::test]
async fn a_first_visit_gets_all_in_one_answer() {
    let rig = rig().await;
    let mut town_hall = rig.at_portal(TOWN_HALL);
    let arriving = [("sec-fetch-dest", "document"), ("sec-fetch-site", "none")];
    let page = town_hall.get_with("/", &arriving).await;
    page.shows("<style>").shows("<script type=\"module\">").hides("stylesheet").hides("<script src");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("style-src 'self' 'sha256-") && policy.contains("script-src 'self' 'sha256-"));
    assert!(!policy.contains("unsafe"), "{policy}");

    let small = town_hall.get("/").await;
    small.hides("<style>").shows("stylesheet");
    assert_eq!(page.header("etag"), small.header("etag"), "it is the same page");
    let again =
        town_hall.get_with("/", &[arriving[0], arriving[1], ("if-none-match", page.header("etag"))]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.header("content-security-policy"), "", "the one that came with the page stays");

    let whole = town_hall.get_with("/", &[BROWSER, arriving[0], arriving[1]]).await;
    let mut apart = on_the_line(&town_hall.get_with("/", &[BROWSER]).await);
    for path in small.text.split(['"', ' ']).filter(|word| word.starts_with("/-/") && !word.ends_with("svg"))
    {
        apart += on_the_line(&town_hall.get_with(path, &[BROWSER]).await);
    }
    assert!(on_the_line(&whole) < apart, "{} bytes, {apart} apart", on_the_line(&whole));

    let within = [("sec-fetch-dest", "document"), ("sec-fetch-site", "same-origin")];
    town_hall.get_with("/", &within).await.hides("<style>");
    let sign_in = rig.referent().await.get_with("/compte", &arriving).await;
    sign_in.hides("<style>");
}

#[tokio::test]
async fn every_page_is_protected() {
    let rig = rig().await;
    for page in [
        rig.at_portal(TOWN_HALL).get("/").await,
        rig.at_portal(SERVER).get("/").await,
        rig.at_portal(TOWN_HALL).get("/nulle-part").await,
        rig.at_admin(SERVER).get("/nulle-part").await,
    ] {
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
        assert_eq!(page.header("cache-control"), "private, no-cache");
        page.hides("style=").hides("onclick").hides("<style").hides("<script>");
        page.shows("<html lang=\"fr\">").shows("<main id=\"contenu\"");
        assert_eq!(page.text.matches("<h1").count(), 1, "{}", page.text);
    }
}

#[tokio::test]
async fn every_encoding_and_none_is_answered() {
    let rig = rig().await;
    let plain = rig.at_portal(TOWN_HALL).get("/").await;
    for (accepted, expected) in [("br", "br"), ("zstd", "zstd"), ("gzip", "gzip"), ("identity", "")] {
        let page = rig.at_portal(TOWN_HALL).get_with("/", &[("accept-encoding", accepted)]).await;
        assert_eq!(page.header("content-encoding"), expected);
        assert_eq!(page.header("vary"), "accept-encoding");
        assert_eq!(page.bytes.len() < plain.bytes.len(), !expected.is_empty(), "{accepted}");
    }
}

#[tokio::test]
async fn a_form_without_end_is_refused() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let page = referent.post("/annonce", &[("title", "Réunion"), ("text", &"a".repeat(70_000))]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    page.shows("Le formulaire est trop long");
}

#[tokio::test]
async fn a_town_hall_is_greeted_by_its_name() {
    let rig = rig().await;
    rig.at_portal(TOWN_HALL)
        .get("/")
        .await
        .shows("<h1>Mairie d’Alvimare</h1>")
        .shows("Communauté de communes Cœur de Caux")
        .shows("Votre liaison")
        .shows("02 35 00 00 00");
    rig.at_portal(crate::rig::REVOKED).get("/").await.shows("Ce poste n’est pas raccordé");
    rig.at_admin(TOWN_HALL).get("/connexion").await.shows("Ce poste n’est pas celui d’un référent");
}
