//! How the link is, for people and for programs: the daemon tells it on a Unix socket, as one line
//! of JSON to whoever connects. Nothing in it is secret: every user of the machine may ask.

mod served;

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use beffroi_protocol::probe::Carrier;
use beffroi_protocol::quality::Quality;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::diagnosis::{Sight, Told};
use crate::keep::{Link, Seen};
use crate::serve::Standing;
use crate::state::{Joined, State};
use crate::texts::{Value, t, t_with};
use crate::{VERSION, replace};

/// The daemon answers within this, or hangs.
const ANSWER: Duration = Duration::from_secs(5);

/// What `beffroi-agent status --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub(crate) version: String,
    /// Whether the daemon told this, or the state file alone.
    pub(crate) running: bool,
    /// The file that the daemon runs from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<PathBuf>,
    /// The daemon's number in the system: another one is another start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) process: Option<u32>,
    pub(crate) stage: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<Member>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<Line>,
    /// The other computers that this machine lets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) serving: Option<Standing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Alone,
    Joining,
    Joined,
    Leaving,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub(crate) community: String,
    pub(crate) commune: String,
    pub(crate) words: Vec<String>,
    pub(crate) gateway: String,
    /// Of this machine and of the gateway, in the tunnel.
    pub(crate) addresses: Vec<IpNet>,
    pub(crate) gateway_addresses: Vec<IpAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub(crate) state: Link,
    /// Where the gateway is tried.
    pub(crate) endpoint: Option<String>,
    pub(crate) carrier: Carrier,
    pub(crate) last_answer_seconds: Option<u64>,
    /// No recovery is under way: the last probes were answered.
    pub(crate) is_answering: bool,
    /// It does not, and something comes through the tunnel all the same.
    #[serde(default)]
    pub(crate) is_heard: bool,
    pub(crate) round_trip_milliseconds: Option<u64>,
    pub(crate) jitter_milliseconds: Option<u64>,
    pub(crate) loss_percent: Option<u8>,
    pub(crate) quality: Option<Quality>,
    /// The longest packet that passes, where it is shorter than the tunnel's.
    pub(crate) longest_packet_bytes: Option<u16>,
    pub(crate) last_handshake_seconds: Option<u64>,
    /// By how much this machine's clock is ahead of the gateway's.
    pub(crate) clock_ahead_seconds: Option<i64>,
    /// The gateway has said that it lets this machine in no more.
    pub(crate) is_revoked: bool,
    /// The link has been up on this very network.
    pub(crate) is_known_network: bool,
    /// Why the gateway does not answer, as far as it is known.
    pub(crate) findings: Vec<Told>,
}

/// What the daemon knows, and the socket's task tells with today's ages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) state: Option<State>,
    pub(crate) seen: Seen,
    pub(crate) sight: Sight,
    /// What passes on a narrow line, in bytes.
    pub(crate) longest: Option<u16>,
    pub(crate) serving: Option<Standing>,
}

impl Known {
    pub(crate) fn report(&self, now: Instant) -> Report {
        let mut report = Report::of_state(self.state.as_ref());
        report.running = true;
        report.program = std::env::current_exe().ok();
        report.process = Some(std::process::id());
        if report.stage == Stage::Joined {
            report.line = Some(Line::of(self, now));
            report.serving.clone_from(&self.serving);
        }
        report
    }
}

impl Line {
    fn of(known: &Known, now: Instant) -> Self {
        let Known { seen, sight, .. } = known;
        let age = |at: Instant| now.saturating_duration_since(at);
        let millis = |time: Duration| time.as_millis() as u64;
        Self {
            state: Link::of_age(seen.last_answer.map(age)),
            endpoint: seen.endpoint.map(|endpoint| endpoint.to_string()),
            carrier: seen.carrier,
            last_answer_seconds: seen.last_answer.map(|at| age(at).as_secs()),
            is_answering: seen.is_answering,
            is_heard: seen.is_heard,
            round_trip_milliseconds: seen.round_trip.map(millis),
            jitter_milliseconds: seen.jitter.map(millis),
            loss_percent: seen.loss,
            quality: seen.quality,
            longest_packet_bytes: known.longest,
            last_handshake_seconds: sight.handshake.map(|at| age(at).as_secs()),
            clock_ahead_seconds: sight.clock,
            is_revoked: sight.is_revoked,
            is_known_network: sight.is_known_network,
            findings: sight.findings.clone(),
        }
    }
}

impl Report {
    /// What the state file alone tells.
    pub(crate) fn of_state(state: Option<&State>) -> Self {
        let (stage, member) = match state {
            None => (Stage::Alone, None),
            Some(State::Joining(_)) => (Stage::Joining, None),
            Some(State::Joined(joined)) => (Stage::Joined, Some(Member::of(joined))),
            Some(State::Leaving(_)) => (Stage::Leaving, None),
        };
        Self {
            version: VERSION.to_owned(),
            running: false,
            program: None,
            process: None,
            stage,
            member,
            line: None,
            serving: None,
        }
    }

    /// For people, in French.
    pub fn text(&self) -> String {
        let mut lines = vec![t(match (self.stage, self.running) {
            (Stage::Alone, _) => "status-alone",
            (Stage::Joining, _) => "status-joining",
            (Stage::Leaving, _) => "status-leaving",
            (Stage::Joined, true) => "status-joined",
            (Stage::Joined, false) => "status-stopped",
        })];
        let mut row = |id: &str, value: String| lines.push(format!("{:<20}{value}", t(id) + " :"));
        if let Some(member) = &self.member {
            row("status-commune", member.commune.clone());
            row("status-community", member.community.clone());
            row("status-words", member.words.join(" "));
            row("status-gateway", member.gateway.clone());
        }
        if let Some(line) = &self.line {
            row("status-link", t(link_text(line.state)));
            if let Some(seconds) = line.last_answer_seconds {
                row("status-last-answer", ago(seconds));
            }
            if let Some(quality) = line.quality {
                row("status-quality", t(quality_text(quality)));
            }
            let milliseconds = |time: u64| t_with("status-milliseconds", &[("count", time.into())]);
            if let Some(time) = line.round_trip_milliseconds {
                row("status-round-trip", milliseconds(time));
            }
            if let Some(time) = line.jitter_milliseconds {
                row("status-jitter", milliseconds(time));
            }
            if let Some(loss) = line.loss_percent {
                row("status-loss", t_with("status-percent", &[("count", loss.into())]));
            }
            if let Some(bytes) = line.longest_packet_bytes {
                row("status-longest", t_with("status-bytes", &[("count", bytes.into())]));
            }
            if let Some(endpoint) = &line.endpoint {
                row("status-endpoint", endpoint.clone());
            }
            if line.carrier == Carrier::Tls {
                row("status-carrier", t("carrier-tls"));
            }
        }
        if let Some(serving) = &self.serving {
            row("status-lets-in", serving.text());
        }
        row("status-version", self.version.clone());
        if let Some(line) = self.line.as_ref().filter(|line| !line.is_answering) {
            let known = line.findings.first().map(Told::text);
            let is_down = matches!(line.state, Link::Never | Link::Offline);
            let advice = known.or_else(|| is_down.then(|| t("status-advice")));
            lines.extend(advice.map(|advice| format!("\n{advice}")));
        }
        lines.join("\n")
    }
}

impl Member {
    fn of(joined: &Joined) -> Self {
        Self {
            community: joined.welcome.community.clone(),
            commune: joined.welcome.commune.clone(),
            words: joined.words().map(str::to_owned).to_vec(),
            gateway: joined.endpoint.to_string(),
            addresses: joined.welcome.addresses.clone(),
            gateway_addresses: joined.welcome.gateway.clone(),
        }
    }
}

/// The name of a state of the link in the catalogue.
pub(crate) fn link_text(link: Link) -> &'static str {
    match link {
        Link::Never => "link-never",
        Link::Online => "link-online",
        Link::Doubtful => "link-doubtful",
        Link::Offline => "link-offline",
    }
}

/// The name of a line's quality in the catalogue.
pub(crate) const fn quality_text(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "quality-good",
        Quality::Slow => "quality-slow",
        Quality::Unsteady => "quality-unsteady",
        Quality::Lossy => "quality-lossy",
    }
}

/// "3 minutes ago", in the largest whole unit.
fn ago(seconds: u64) -> String {
    let (id, count) = match seconds {
        0..60 => ("ago-seconds", seconds),
        60..3_600 => ("ago-minutes", seconds / 60),
        3_600..86_400 => ("ago-hours", seconds / 3_600),
        _ => ("ago-days", seconds / 86_400),
    };
    t_with(id, &[("count", Value::from(count))])
}

/// Makes the socket. A socket that a killed daemon left is taken over; a living one is not.
///
/// # Errors
/// `AddrInUse` when another daemon answers there; else when the folder cannot be written.
pub(crate) async fn listen(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if UnixStream::connect(path).await.is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    replace::remove_if_there(path)?;
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Tells whoever connects, one after the other.
///
/// # Errors
/// When the socket is broken.
pub(crate) async fn serve(listener: UnixListener, known: watch::Receiver<Known>) -> io::Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let report = known.borrow().report(Instant::now());
        let line = serde_json::to_string(&report).expect("plain data") + "\n";
        // The line fits in the socket's buffer: someone who does not read holds nobody up.
        if let Ok(Err(error)) = timeout(ANSWER, stream.write_all(line.as_bytes())).await {
            log::debug!("status was not read: {error}");
        }
    }
}

/// What the daemon told.
///
/// # Errors
/// When it was not the daemon who told it.
pub fn parse(line: &[u8]) -> serde_json::Result<Report> {
    serde_json::from_slice(line)
}

/// Asks the daemon; `None` when none is running.
///
/// # Errors
/// When something answers that is not the daemon.
pub(crate) async fn ask(path: &Path) -> io::Result<Option<Report>> {
    let Ok(mut stream) = UnixStream::connect(path).await else {
        return Ok(None);
    };
    let mut line = Vec::new();
    timeout(ANSWER, stream.read_to_end(&mut line)).await??;
    Ok(Some(parse(&line)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Leaving;
    use crate::state::tests::{joined, joining};

    fn known(state: Option<State>, age: Option<u64>) -> (Known, Instant) {
        let now = Instant::now() + Duration::from_secs(1_000);
        let seen = Seen {
            carrier: Carrier::Tls,
            last_answer: age.map(|age| now - Duration::from_secs(age)),
            round_trip: Some(Duration::from_micros(42_400)),
            loss: Some(3),
            jitter: Some(Duration::from_millis(7)),
            quality: Some(Quality::Good),
            endpoint: Some(([192, 0, 2, 1], 51820).into()),
            is_answering: age.is_some(),
            is_heard: false,
        };
        (Known { state, seen, longest: Some(1232), ..Known::default() }, now)
    }

    #[test]
    fn a_member_reads_everything_of_its_link() {
        let (known, now) = known(Some(State::Joined(Box::new(joined()))), Some(130));
        let text = known.report(now).text();
        for part in [
            "Alvimare",
            "Côte d'Albâtre",
            "en service",
            "2 minutes",
            "bonne",
            "42 ms",
            "7 ms",
            "3 %",
            "1232 octets",
            "192.0.2.1:51820",
            "port 443",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert!(text.contains(&joined().words().join(" ")), "{text}");
    }

    #[test]
    fn the_report_follows_the_stage() {
        fn check(state: Option<State>, stage: Stage, has_line: bool) {
            let (known, now) = known(state, None);
            let report = known.report(now);
            assert_eq!((report.stage, report.line.is_some()), (stage, has_line));
        }
        check(None, Stage::Alone, false);
        check(Some(State::Joining(joining())), Stage::Joining, false);
        check(Some(State::Joined(Box::new(joined()))), Stage::Joined, true);
        check(Some(State::Leaving(Leaving { keys: Vec::new() })), Stage::Leaving, false);
    }

    #[test]
    fn no_secret_is_told() {
        let (known, now) = known(Some(State::Joined(Box::new(joined()))), Some(1));
        let json = serde_json::to_string(&known.report(now)).expect("plain data");
        assert!(!json.contains(&joined().key.to_base64()));
    }

    #[test]
    fn ages_are_told_in_the_largest_whole_unit() {
        fn check(seconds: u64, expected: &str) {
            assert_eq!(ago(seconds), expected);
        }
        check(0, "il y a 0 seconde");
        check(1, "il y a 1 seconde");
        check(59, "il y a 59 secondes");
        check(60, "il y a 1 minute");
        check(7_199, "il y a 1 heure");
        check(172_800, "il y a 2 jours");
    }

    #[tokio::test]
    async fn the_socket_tells_the_report_and_outlives_a_killed_daemon() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("run/agent.sock");
        assert_eq!(ask(&path).await.expect("nobody is there"), None);

        drop(listen(&path).await.expect("a writable folder"));
        let listener = listen(&path).await.expect("the old socket is taken over");
        let (sender, receiver) = watch::channel(Known::default());
        let serving = tokio::spawn(serve(listener, receiver));
        let report = ask(&path).await.expect("an answer").expect("it is running");
        assert_eq!((report.stage, report.running), (Stage::Alone, true));

        sender.send_modify(|known| known.state = Some(State::Joining(joining())));
        let report = ask(&path).await.expect("an answer").expect("it is running");
        assert_eq!(report.stage, Stage::Joining);
        let second = listen(&path).await.expect_err("the first is alive");
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
        serving.abort();
    }
}
