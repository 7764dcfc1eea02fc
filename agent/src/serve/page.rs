//! The one page of this machine, by plain HTTP for its local network: what a computer needs before it can open the
//! intranet, and the certificate that it needs for it. Whoever is not let in reads which address to tell the referent.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::conversations::converse_with_each;
use super::place::Place;
use super::room::Room;
use crate::state::Joined;
use crate::texts::{t, t_with};

const CERTIFICATE: &str = "/certificat.crt";
const CONNECTIONS: (usize, usize) = (32, 4);
/// For the head of a request, and for a whole conversation.
const HEAD: Duration = Duration::from_secs(10);
const CONVERSATION: Duration = Duration::from_secs(60);
const STYLE: &str = include_str!("page.css");

/// What it says.
#[derive(Debug)]
pub(super) struct Page {
    place: Place,
    community: String,
    commune: String,
    /// What the intranet is called.
    site: String,
    /// PEM.
    authority: String,
    room: Room,
}

impl Page {
    pub(super) fn new(place: Place, joined: &Joined, site: &str) -> Arc<Self> {
        let welcome = &joined.welcome;
        let (in_all, for_one) = CONNECTIONS;
        Arc::new(Self {
            place,
            community: welcome.community.clone(),
            commune: welcome.commune.clone(),
            site: site.to_owned(),
            authority: welcome.authority.clone(),
            room: Room::new(in_all, for_one),
        })
    }

    fn answer(&self, path: &str, peer: IpAddr) -> Response<Full<Bytes>> {
        let (kind, body) = match path {
            CERTIFICATE => ("application/x-x509-ca-cert", self.authority.clone()),
            "/" => ("text/html; charset=utf-8", self.html(peer)),
            _ => return elsewhere(),
        };
        Response::builder()
            .header(header::CONTENT_TYPE, kind)
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")
            .body(body.into())
            .expect("every part is well formed")
    }

    fn html(&self, peer: IpAddr) -> String {
        let is_let_in = matches!(peer, IpAddr::V4(address) if self.place.lets_in(address));
        let (title, content) = if is_let_in {
            (t("page-title"), self.steps())
        } else {
            let advice = t_with("page-unknown", &[("address", peer.to_string().into())]);
            (t("page-title-unknown"), format!("<p>{}</p>", escape(&advice)))
        };
        let [title, community, commune] = [&title, &self.community, &self.commune].map(|text| escape(text));
        format!(
            "<!doctype html>\n<html lang=\"fr\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <p class=\"who\">{community}<br>{commune}</p>\n<h1>{title}</h1>\n{content}\n</main>\n</body>\n</html>\n"
        )
    }

    fn steps(&self) -> String {
        let text = |id: &str| format!("<p>{}</p>", escape(&t(id)));
        let button = |to: &str, text: &str| format!("<p><a class=\"button\" href=\"{to}\">{text}</a></p>");
        let step = |id: &str, parts: &[String]| {
            format!("<li>\n<h2>{}</h2>\n{}\n</li>\n", escape(&t(id)), parts.join("\n"))
        };
        let certificate = button(CERTIFICATE, &escape(&t("page-certificate-button")));
        let address = t_with("page-names", &[("address", self.place.address.to_string().into())]);
        let address = format!("<p>{}</p>", escape(&address));
        let site = format!("https://{}/", escape(&self.site));
        let steps = [
            step(
                "page-certificate-title",
                &[
                    text("page-certificate"),
                    certificate,
                    text("page-certificate-windows"),
                    text("page-certificate-other"),
                ],
            ),
            step("page-names-title", &[address, text("page-names-windows"), text("page-names-macos")]),
            step("page-open-title", &[text("page-open"), button(&site, &site)]),
        ];
        format!("<ol>\n{}</ol>", steps.concat())
    }
}

/// Whatever was wanted here: the one page is another.
fn elsewhere() -> Response<Full<Bytes>> {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, "/")
        .body(Full::default())
        .expect("every part is well formed")
}

/// For ever.
pub(super) async fn serve(listener: TcpListener, page: Arc<Page>) {
    let converse = |stream, peer| timeout(CONVERSATION, converse(stream, peer, Arc::clone(&page)));
    converse_with_each(listener, converse).await;
}

async fn converse(stream: TcpStream, peer: SocketAddr, page: Arc<Page>) {
    let IpAddr::V4(address) = peer.ip() else { return };
    let Some(_taken) = page.room.take(address).filter(|_| page.place.is_near(address)) else { return };
    let service = service_fn(async |request: Request<Incoming>| {
        Ok::<_, Infallible>(page.answer(request.uri().path(), peer.ip()))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        log::debug!("{peer}: {error}");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::joined;

    fn page() -> Arc<Page> {
        let place = Place {
            interface: "eth0".into(),
            address: [192, 168, 1, 5].into(),
            network: "192.168.1.0/24".parse().expect("a network"),
            hosts: ["192.168.1.20/32".parse().expect("a network")].into(),
        };
        let mut joined = joined();
        joined.welcome.community = "Caux <& Seine>".into();
        Page::new(place, &joined, "intranet.example.fr")
    }

    #[test]
    fn who_is_let_in_reads_what_to_do_and_the_others_whom_to_ask() {
        fn check(address: [u8; 4], shown: &[&str], hidden: &[&str]) {
            let html = page().html(IpAddr::from(address));
            assert!(shown.iter().all(|text| html.contains(text)), "{html}");
            assert!(!hidden.iter().any(|text| html.contains(text)), "{html}");
        }
        let steps = ["/certificat.crt", "192.168.1.5", "https://intranet.example.fr/"];
        check([192, 168, 1, 20], &steps, &["<& Seine>"]);
        check([192, 168, 1, 21], &["192.168.1.21", "référent", "Caux &lt;&amp; Seine&gt;"], &steps);
    }

    #[test]
    fn there_is_one_page_and_one_file() {
        fn check(path: &str, status: StatusCode, kind: Option<&str>) {
            let answer = page().answer(path, IpAddr::from([192, 168, 1, 20]));
            let found = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            assert_eq!((answer.status(), found), (status, kind), "{path}");
        }
        check("/", StatusCode::OK, Some("text/html; charset=utf-8"));
        check("/certificat.crt", StatusCode::OK, Some("application/x-x509-ca-cert"));
        check("/../etc/passwd", StatusCode::SEE_OTHER, None);
        check("/favicon.ico", StatusCode::SEE_OTHER, None);
    }
}
