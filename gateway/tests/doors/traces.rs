//! Whoever changes something leaves a trace: every form of the admin door is sent once, and the list of who did what
//! grows. A form that is not sent here fails the test.

use std::collections::BTreeSet;
use std::time::Instant;

use axum::http::{Method, StatusCode};
use beffroi_gateway::audit::Report;
use beffroi_gateway::control::Subject;
use beffroi_gateway::directory;
use beffroi_gateway::{admin, store::WriteTx};
use beffroi_protocol::PublicKey;
use beffroi_protocol::probe::Probe;

use crate::rig::{GATEWAY, NAME, PASSWORD, Page, Rig, SERVER, Visitor, rig};
use crate::updates::release;

/// A list that is being prepared is nobody's directory yet: applying it is what leaves a trace.
const PREPARATION: &[&str] = &[
    "/annuaire/listes",
    "/annuaire/listes/{list}/abandonner",
    "/annuaire/listes/{list}/fichier",
    "/annuaire/listes/{list}/lignes",
    "/annuaire/listes/{list}/reponses",
];

struct Story {
    rig: Rig,
    referent: Visitor,
    sent: BTreeSet<&'static str>,
}

impl Story {
    async fn traces(&self) -> u32 {
        let report = self.rig.command(Subject::Audit, "").await.expect("it is verified");
        let report: Report = serde_json::from_str(&report).expect("it is a report");
        assert_eq!(report.fault_count, 0);
        report.last.map_or(0, |(number, _)| number)
    }

    /// Sends the form of that route, at that path, and gives where it leads.
    async fn sends(&mut self, route: &'static str, path: &str, fields: &[(&str, &str)]) -> String {
        let before = self.traces().await;
        let page = self.referent.post(path, fields).await;
        self.left_a_trace(route, &page, before).await
    }

    async fn left_a_trace(&mut self, route: &'static str, page: &Page, before: u32) -> String {
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{route}: {}", page.text);
        assert!(self.traces().await > before, "{route} has left no trace");
        self.sent.insert(route);
        page.location().to_owned()
    }

    /// What a form at that path holds when it is opened.
    async fn field(&mut self, path: &str, name: &str) -> String {
        self.referent.get(path).await.field(name).to_owned()
    }

    async fn accounts(&mut self) {
        const NEW: &str = "la brume du mardi";
        let code = self.rig.code();
        let fields = [("code", &*code), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)];
        self.sends("/installation", "/installation", &fields).await;
        let once = self.field("/compte", "once").await;
        let fields = [("once", &*once), ("current", PASSWORD), ("password", NEW), ("again", NEW)];
        self.sends("/compte", "/compte", &fields).await;
        self.sends("/deconnexion", "/deconnexion", &[]).await;
        self.sends("/connexion", "/connexion", &[("name", NAME), ("password", NEW)]).await;
    }

    async fn news_and_communes(&mut self) {
        self.sends("/annonce", "/annonce", &[("title", "Réunion"), ("text", "Jeudi")]).await;
        let id = self.field("/annonce", "id").await;
        self.sends("/annonce/retirer", "/annonce/retirer", &[("id", &id)]).await;
        self.sends("/communes/ajouter", "/communes/ajouter", &[("text", "Foucart\nHattenville")]).await;
        self.sends("/communes/{commune}/supprimer", "/communes/3/supprimer", &[]).await;
        self.sends("/communes/{commune}/nom", "/communes/2/nom", &[("name", "Foucart-en-Caux")]).await;
        let hours = [("hours", "lun 9h-12h")];
        self.sends("/communes/{commune}/heures", "/communes/2/heures", &hours).await;
        let seen = self.field("/communes/1/fiche", "seen").await;
        let fields = [("seen", &*seen), ("insee", "76014")];
        self.sends("/communes/{commune}/fiche", "/communes/1/fiche", &fields).await;
        let device = [("name", "Portable"), ("key", "")];
        self.sends("/communes/{commune}/appareil", "/communes/2/appareil", &device).await;
        let order = [("pour", "choix"), ("commune-2", "on")];
        self.sends("/bons/nouveaux", "/bons/nouveaux", &order).await;
        self.sends("/bons/{invitation}/annuler", "/bons/1/annuler", &[]).await;
    }

    async fn machines(&mut self) {
        assert!(self.rig.board.heard("256".parse().expect("a number"), &Probe::default(), Instant::now()));
        self.sends("/postes/{machine}/debit", "/postes/256/debit", &[]).await;
        self.sends("/postes/{machine}/cle", "/postes/256/cle", &[]).await;
        self.sends("/postes/{machine}/nom", "/postes/256/nom", &[("name", "Secrétariat")]).await;
        self.sends("/postes/{machine}/ordinateurs", "/postes/256/ordinateurs", &[("qui", "tous")]).await;
        self.sends("/postes/{machine}/role", "/postes/256/role", &[("role", "referent")]).await;
        self.sends("/postes/{machine}/remplacer", "/postes/256/remplacer", &[]).await;
        let fields = [("reason", "volé"), ("commune", "Alvimare")];
        self.sends("/postes/{machine}/retirer", "/postes/256/retirer", &fields).await;
    }

    async fn updates_and_settings(&mut self) {
        let before = self.traces().await;
        let page = self.referent.upload("/mises-a-jour/deposer", "release", &release("0.2.0", 1)).await;
        self.left_a_trace("/mises-a-jour/deposer", &page, before).await;
        self.sends("/mises-a-jour/proposer", "/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
        self.sends("/mises-a-jour/suite", "/mises-a-jour/suite", &[("wave", "First")]).await;
        self.sends("/mises-a-jour/arreter", "/mises-a-jour/arreter", &[]).await;
        self.sends("/reglages/secours", "/reglages/secours", &[("ouvert", "oui")]).await;

        let next = PublicKey::from_bytes([201; 32]);
        let prepare = "/reglages/cle/preparer";
        self.sends(prepare, prepare, &[]).await;
        self.netd_tells(next).await;
        self.sends("/reglages/cle/renoncer", "/reglages/cle/renoncer", &[]).await;
        self.sends(prepare, prepare, &[]).await;
        self.netd_tells(next).await;
        let unaware = self.field("/reglages/cle", "quand_meme").await;
        let fields = [("cle", &*next.to_string()), ("quand_meme", &*unaware)];
        self.sends("/reglages/cle/changer", "/reglages/cle/changer", &fields).await;
    }

    async fn netd_tells(&self, next: PublicKey) {
        let note = async move |tx: &mut WriteTx| directory::note_gateway_keys(tx, &GATEWAY, Some(next)).await;
        self.rig.store.write(note).await.expect("the store is written");
    }

    async fn people(&mut self) {
        let person = self.sends("/annuaire/ajouter", "/annuaire/ajouter", &[("family", "Maire")]).await;
        let number = person.rsplit('/').next().expect("a number").to_owned();
        let details = format!("{person}/coordonnees");
        let seen = self.field(&details, "seen").await;
        let fields = [("seen", &*seen), ("family", "Maire"), ("phone", "0235000000")];
        self.sends("/annuaire/personnes/{person}/coordonnees", &details, &fields).await;
        let mandate = [("function", "maire"), ("commune", "1"), ("from", "22/03/2026"), ("until", "")];
        let mandates = format!("{person}/fonctions");
        self.sends("/annuaire/personnes/{person}/fonctions", &mandates, &mandate).await;
        let first = format!("{mandates}/1");
        let ended =
            [("function", "maire"), ("commune", "1"), ("from", "22/03/2026"), ("until", "23/11/2026")];
        self.sends("/annuaire/personnes/{person}/fonctions/{mandate}", &first, &ended).await;

        let fields = [("name", "Commission eau"), ("kind", "commission")];
        let group = self.sends("/annuaire/groupes", "/annuaire/groupes", &fields).await;
        let member = [("person", &*number)];
        self.sends("/annuaire/groupes/{group}/ajouter", &format!("{group}/ajouter"), &member).await;
        self.sends("/annuaire/groupes/{group}/retirer", &format!("{group}/retirer"), &member).await;
        let name = [("name", "Commission voirie")];
        self.sends("/annuaire/groupes/{group}/nom", &format!("{group}/nom"), &name).await;
        self.sends("/annuaire/groupes/{group}/supprimer", &format!("{group}/supprimer"), &[]).await;

        let remove = format!("{first}/retirer");
        self.sends("/annuaire/personnes/{person}/fonctions/{mandate}/retirer", &remove, &[]).await;
        self.sends("/annuaire/personnes/{person}/effacer", &format!("{person}/effacer"), &[]).await;

        let list = "nom;fonction;commune\nDéléguée;déléguée communautaire;Alvimare\n";
        let page = self.referent.upload("/annuaire/listes", "list", list.as_bytes()).await;
        let list = page.location().to_owned();
        let stamp = self.field(&list, "stamp").await;
        self.sends("/annuaire/listes/{list}", &list, &[("stamp", &stamp)]).await;
    }
}

#[tokio::test]
async fn every_form_of_the_admin_door_leaves_a_trace() {
    let rig = rig().await;
    let referent = rig.at_admin(SERVER);
    let mut story = Story { rig, referent, sent: BTreeSet::new() };
    story.accounts().await;
    story.news_and_communes().await;
    story.people().await;
    story.updates_and_settings().await;
    story.machines().await;
    let forms = admin::routes().into_iter().filter(|route| route.method == Method::POST);
    let forms: BTreeSet<&str> = forms.map(|route| route.path).collect();
    let known: BTreeSet<&str> = story.sent.iter().chain(PREPARATION).copied().collect();
    assert_eq!(forms, known);
}
