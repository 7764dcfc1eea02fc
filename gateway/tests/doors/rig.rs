//! A communauté with one commune and three machines, both doors, and visitors.
//!
//! ```text
//!   10.66.1.0  Alvimare, "Accueil"        a town hall's machine
//!   10.66.1.1  Alvimare, "Référent"       a referent's machine
//!   10.66.1.2  Alvimare, "Perdu"          revoked
//!   127.0.0.1  the server itself
//! ```

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use beffroi_gateway::access::{self, Access, SetUpCode};
use beffroi_gateway::control::{Question, Subject};
use beffroi_gateway::directory::{
    self, CommuneName, Follower, MachineName, MachineRole, Network, NewMachine, Revocation,
};
use beffroi_gateway::links::{Alerts, Board, Measuring, Recorder};
use beffroi_gateway::store::{Store, WriteTx};
use beffroi_gateway::updates::{self, Shelf};
use beffroi_gateway::web::{Called, Community, Now, Traffic};
use beffroi_gateway::{admin, command, devices, enrolment, links, metrics, portal};
use beffroi_protocol::{PrivateKey, PublicKey};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const SERVER: &str = "127.0.0.1";
pub(crate) const TOWN_HALL: &str = "10.66.1.0";
pub(crate) const REFERENTS_MACHINE: &str = "10.66.1.1";
pub(crate) const REVOKED: &str = "10.66.1.2";
pub(crate) const NOBODYS: &str = "10.66.9.9";
/// An invited machine's, before it is enrolled.
pub(crate) const GUESTS: &str = "198.18.53.33";
/// The gateway's own, inside the tunnel.
pub(crate) const GATEWAYS: &str = "10.66.0.1";

/// The folders of releases, below the rig's own: what the package brings, and what is uploaded.
const SHELF: &str = "brought";
const UPLOADED: &str = "uploaded";

pub(crate) const GATEWAY: PublicKey = PublicKey::from_bytes([200; 32]);

pub(crate) const NAME: &str = "Jeanne Lefèvre";
pub(crate) const PASSWORD: &str = "trois vaches au pré";

pub(crate) struct Rig {
    /// How each line is; nobody feeds it but the test.
    pub(crate) board: Board,
    /// Writes down how each line was; it looks when the test says so.
    pub(crate) recorder: Recorder,
    /// What is told; nobody looks but the test.
    pub(crate) alerts: Alerts,
    /// Whose line is measured; nobody obeys but the test.
    pub(crate) measuring: Measuring,
    /// The releases that are there to be offered.
    pub(crate) shelf: Shelf,
    admin: Router,
    portal: Router,
    metrics: Router,
    pub(crate) store: Store,
    invitations: enrolment::Desk,
    code: SetUpCode,
    now: Timestamp,
    folder: TempDir,
}

pub(crate) async fn rig() -> Rig {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let network = Network::new(
        "10.66.0.0/16".parse().expect("a network"),
        "fda6:8423:71b7::/64".parse().expect("a network"),
    );
    let now: Timestamp = "2026-11-24T08:05:00Z".parse().expect("a timestamp");
    let machines = store
        .write(async move |tx: &mut WriteTx| populate(tx, &network, now).await)
        .await
        .expect("a commune and its machines");
    let access = Access::new(store.clone(), network);
    let fresh = SetUpCode::random();
    let code = store
        .write(async move |tx: &mut WriteTx| access::open_set_up(tx, &fresh).await)
        .await
        .expect("the store answers")
        .expect("nobody has an account yet");
    let board = Board::new(Instant::now());
    board.expect(&machines);
    let (changes, follower) = directory::changes();
    tokio::spawn(carry_out(follower));
    let invitations = enrolment::Desk {
        endpoint: "passerelle.coeur-de-caux.fr:51820".parse().expect("an endpoint"),
        tray: enrolment::Tray::default(),
        changes: changes.clone(),
    };
    let alerts = Alerts::default();
    let measuring = Measuring::default();
    let recorder = Recorder::new(store.clone(), board.clone(), community().time_zone);
    let devices = devices::Desk {
        endpoint: invitations.endpoint.clone(),
        network,
        mtu: 1280,
        preshared: true,
        authority: "-----BEGIN CERTIFICATE-----".into(),
        tray: access::Tray::default(),
        changes: changes.clone(),
    };
    let [brought, uploaded] = [SHELF, UPLOADED].map(|name| folder.path().join(name));
    let shelf = Shelf::open(brought, uploaded, Some(crate::updates::key()));
    let gate = admin::Gate {
        devices,
        updates: updates::Desk { shelf: shelf.clone() },
        store: store.clone(),
        access: access.clone(),
        enrolment: invitations.clone(),
        links: links::Desk {
            board: board.clone(),
            alerts: alerts.clone(),
            measuring: measuring.clone(),
            changes,
            network,
        },
    };
    let admin = admin::router(gate, community());
    let figures = store.figures();
    let portal =
        portal::router(portal::Gate { store: store.clone(), access, board: board.clone() }, community());
    let traffic = Traffic::default();
    let (portal, admin) = (traffic.count("portal", portal), traffic.count("admin", admin));
    let figures = figures.into_iter().chain(traffic.figures());
    let metrics = metrics::router(store.clone(), board.clone(), alerts.clone(), figures);
    Rig {
        board,
        recorder,
        alerts,
        measuring,
        shelf,
        admin,
        portal,
        metrics,
        store,
        invitations,
        code,
        now,
        folder,
    }
}

/// In the place of the keeper of the links: whatever is announced is done.
async fn carry_out(mut follower: Follower) {
    loop {
        follower.changed().await;
        let pending = follower.pending();
        follower.done(pending);
    }
}

async fn populate(
    tx: &mut WriteTx,
    network: &Network,
    at: Timestamp,
) -> Result<Vec<directory::Machine>, directory::Error> {
    directory::note_gateway_keys(tx, &GATEWAY, None).await?;
    let name = CommuneName::parse("Alvimare").expect("a name");
    let commune = directory::add_commune(tx, &name, false).await?.id;
    for name in ["Accueil", "Référent", "Perdu"] {
        let key = PrivateKey::generate().expect("random bytes").public();
        let name = MachineName::parse(name).expect("a name");
        directory::add_machine(tx, network, NewMachine { commune, name, key, at }).await?;
    }
    let machines = directory::machines(tx).await?;
    directory::set_role(tx, machines[1].id, MachineRole::Referent).await?;
    let revocation = Revocation { at, by: "essai".to_owned(), reason: "perdu".to_owned() };
    directory::revoke(tx, machines[2].id, revocation).await?;
    directory::machines(tx).await
}

fn community() -> Community {
    Community {
        name: "Communauté de communes Cœur de Caux".to_owned(),
        time_zone: jiff::tz::TimeZone::get("Europe/Paris").expect("the zone is known"),
        help: "appelez le 02 35 00 00 00".to_owned(),
    }
}

impl Rig {
    /// Somebody at the admin door, from that address.
    pub(crate) fn at_admin(&self, address: &str) -> Visitor {
        Visitor::new(&self.admin, address, self.now)
    }

    /// Somebody at the intranet's door, from that address.
    pub(crate) fn at_portal(&self, address: &str) -> Visitor {
        Visitor::new(&self.portal, address, self.now)
    }

    /// A Prometheus on the server.
    pub(crate) fn at_metrics(&self) -> Visitor {
        Visitor::new(&self.metrics, SERVER, self.now)
    }

    /// What the running gateway answers to a command.
    pub(crate) async fn command(&self, subject: Subject, rest: &str) -> Result<String, String> {
        let question = Question { subject, rest: rest.as_bytes().to_vec() };
        let answer = command::answer(&self.store, &self.invitations, question).await?;
        Ok(String::from_utf8(answer).expect("it is UTF-8"))
    }

    /// Puts a release on the shelf.
    pub(crate) fn shelve(&self, release: &[u8]) {
        let shelf = self.folder.path().join(SHELF);
        std::fs::create_dir_all(&shelf).expect("a folder");
        std::fs::write(shelf.join("agent.release"), release).expect("a file");
    }

    /// What lies among the uploaded releases, whole or not.
    pub(crate) fn uploaded(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join(UPLOADED)).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The set-up code, as printed.
    pub(crate) fn code(&self) -> String {
        self.code.to_string()
    }

    /// The referent, who has just made the first account.
    pub(crate) async fn referent(&self) -> Visitor {
        let mut visitor = self.at_admin(SERVER);
        let fields = [("code", &*self.code()), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)];
        let page = visitor.post("/installation", &fields).await;
        assert_eq!(page.location(), "/", "{}", page.text);
        visitor
    }
}

/// A browser that keeps its cookies.
pub(crate) struct Visitor {
    router: Router,
    peer: SocketAddr,
    called: IpAddr,
    now: Timestamp,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    fn new(router: &Router, address: &str, now: Timestamp) -> Visitor {
        let called = if address == SERVER { SERVER } else { GATEWAYS };
        let [address, called] = [address, called].map(|text| text.parse::<IpAddr>().expect("an address"));
        let (router, peer) = (router.clone(), (address, 40000).into());
        Visitor { router, peer, called, now, cookies: BTreeMap::new() }
    }

    /// The same person, by another address of the gateway.
    pub(crate) fn calling(mut self, address: &str) -> Visitor {
        self.called = address.parse().expect("an address");
        self
    }

    /// The same person, later.
    pub(crate) fn later(&mut self, hours: i64) -> &mut Visitor {
        self.now += SignedDuration::from_hours(hours);
        self
    }

    /// The same person, at the time of the clock.
    pub(crate) fn now(&mut self) -> &mut Visitor {
        self.now = Timestamp::now();
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.ask(Method::GET, path, &[], String::new()).await
    }

    pub(crate) async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.ask(Method::GET, path, headers, String::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form in which this file was chosen.
    pub(crate) async fn upload(&mut self, path: &str, field: &str, file: &[u8]) -> Page {
        let head =
            format!("--fin\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"f\"\r\n\r\n");
        let form = [head.as_bytes(), file, b"\r\n--fin--\r\n"].concat();
        self.send_form(path, form).await
    }

    /// Sends these bytes as a form with files in it, whatever they are.
    pub(crate) async fn send_form(&mut self, path: &str, form: Vec<u8>) -> Page {
        let headers =
            [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=fin")];
        self.ask(Method::POST, path, &headers, form).await
    }

    pub(crate) async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.ask(Method::POST, path, &[&form, headers].concat(), body).await
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(self.peer))
            .extension(Called(self.called))
            .extension(Now(self.now))
            .header(header::HOST, "beffroi");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request.body(body.into()).expect("a request");
        let (parts, body) = self.router.clone().oneshot(request).await.expect("infallible").into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes().to_vec();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().expect("ASCII"));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status, headers: parts.headers, bytes, text }
    }

    fn keep(&mut self, cookie: &str) {
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie} has no {attribute}");
        }
        let pair = cookie.split(';').next().expect("a first part");
        let (name, value) = pair.split_once('=').expect("a name and a value");
        if value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// What came back.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
}

impl Page {
    /// Where it leads; empty when it leads nowhere.
    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// The page shows these words.
    #[track_caller]
    pub(crate) fn shows(&self, words: &str) -> &Page {
        assert!(self.text.contains(words), "{} without {words:?}:\n{}", self.status, self.text);
        self
    }

    /// The page does not.
    #[track_caller]
    pub(crate) fn hides(&self, words: &str) -> &Page {
        assert!(!self.text.contains(words), "{} with {words:?}:\n{}", self.status, self.text);
        self
    }

    /// What a field holds when the page is opened.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\"");
        let rest = self.text.split_once(&start).map_or_else(|| panic!("no field {name}"), |(_, rest)| rest);
        let rest = rest.split_once('>').map_or(rest, |(tag, _)| tag);
        rest.split_once("value=\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(value, _)| value)
    }
}
