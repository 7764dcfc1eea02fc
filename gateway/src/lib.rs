//! The gateway's rooms. Arrows point down only: doors, features, nouns, ground. Here, and nowhere else,
//! everyone is known: [`run`] gives each what it needs.

// Doors: a listener, a route table, composed pages; own no table of the store.
pub mod admin;
pub mod agents;
pub mod carrier;
pub mod command;
pub mod metrics;
pub mod portal;

// Features: types and rules, their tables, their pages, their tests.
pub mod certificates;
pub mod devices;
pub mod enrolment;
pub mod links;
pub mod news;
pub mod people;
pub mod updates;

// Nouns: what the features speak about; who is calling and what they may do.
pub mod access;
pub mod audit;
pub mod directory;
pub mod openings;

// Ground: what everything stands on.
pub mod config;
pub mod control;
pub mod journal;
pub mod listeners;
mod local_socket;
pub mod netd;
pub mod paths;
pub mod privileges;
pub mod spreadsheet;
pub mod store;
pub mod web;
mod whole_file;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::task::JoinSet;

use access::{Access, SetUpCode};
use certificates::Certificates;
use config::Config;
use directory::Network;
use links::{Alerts, Board, Keeper, Lookout, Recorder};
use listeners::Listeners;
use store::Store;
use updates::Shelf;
use web::Community;

/// For what is under way when the process is asked to stop; the doors have a shorter one of their own.
const FAREWELL: Duration = Duration::from_secs(8);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot open the store")]
    Store(#[from] store::OpenError),
    #[error("cannot prepare the certificates")]
    Certificates(#[from] certificates::Error),
    #[error("cannot prepare the carrier")]
    Carrier(#[from] carrier::Error),
    #[error("cannot prepare the first account")]
    Access(#[from] access::Error),
    #[error("commands cannot reach this process")]
    Control(#[from] control::OpenError),
    #[error("the task “{task}” has ended")]
    Stopped {
        task: &'static str,
        #[source]
        cause: Option<Cause>,
    },
    #[error("a task has failed")]
    Failed(#[from] tokio::task::JoinError),
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Serves until `stop` is true. A task that ends unasked ends everything: systemd starts the process
/// again.
///
/// # Errors
/// When the store or the certificates cannot be had, or a task has ended.
pub async fn run(config: Config, listeners: Listeners, stop: watch::Receiver<bool>) -> Result<(), Error> {
    let store = open(&config).await?;
    let network = Network::new(config.network.ipv4, config.network.ipv6);
    let wanted = certificates_wanted(&config, &network);
    let certificates = Certificates::open(store.clone(), &wanted, Timestamp::now()).await?;
    let access = Access::new(store.clone(), network);
    let board = Board::new(Instant::now());
    let (changes, follower) = directory::changes();
    let netd = Arc::new(netd::Client::new(config.netd.socket.clone()));
    let control = control::Door::open(&config.storage.socket)?;
    let (farewells, leaving) = links::farewells();
    let keeper = Keeper::new(&config, store.clone(), netd.clone(), board.clone(), farewells, follower);
    let zone = community(&config).time_zone;
    let recorder = Recorder::new(store.clone(), board.clone(), zone.clone());
    let alerts = Alerts::default();
    let lookout = Lookout::new(store.clone(), board.clone(), zone, alerts.clone(), config.alerts.down_for);
    announce_set_up(&config, &store).await?;

    let portal = portal::router(
        portal::Gate { store: store.clone(), access: access.clone(), board: board.clone() },
        community(&config),
    );
    let tray = enrolment::Tray::default();
    let invitations = enrolment::Desk {
        endpoint: config.network.endpoint.clone(),
        tray: tray.clone(),
        changes: changes.clone(),
    };
    let devices = devices::Desk {
        endpoint: config.network.endpoint.clone(),
        network,
        mtu: config.network.mtu,
        preshared: config.network.preshared,
        authority: certificates.authority_pem().into(),
        tray: access::Tray::default(),
        changes: changes.clone(),
    };
    let configurations = devices.tray.clone();
    let measuring = links::Measuring::default();
    let lines = links::Desk {
        board: board.clone(),
        alerts: alerts.clone(),
        measuring: measuring.clone(),
        changes: changes.clone(),
        network,
    };
    let shelf = Shelf::open(
        config.updates.directory.clone(),
        config.storage.directory.join("releases"),
        config.updates.key,
    );
    let updates = updates::Desk { shelf: shelf.clone() };
    let admin = admin::router(
        admin::Gate {
            store: store.clone(),
            access,
            enrolment: invitations.clone(),
            links: lines,
            devices,
            updates,
        },
        community(&config),
    );
    let terms = agents::Terms::new(&config, certificates.authority_pem().to_owned());
    let members = agents::Members::new(store.clone(), changes.clone(), terms.clone(), shelf, measuring);
    let enrolment = agents::Gate { store: store.clone(), changes: changes.clone(), terms };

    let traffic = web::Traffic::default();
    let (portal, admin) = (traffic.count("portal", portal), traffic.count("admin", admin));
    let figures = [store.figures(), netd.figures(), traffic.figures()].into_iter().flatten();
    let metrics = metrics::router(store.clone(), board.clone(), alerts, figures);

    let mut tasks = Tasks::default();
    let (intranet_tls, admin_tls) = (web::tls(certificates.intranet()), web::tls(certificates.admin()));
    tasks.serve("portal", web::serve(listeners.portal, intranet_tls, portal, until(stop.clone())));
    tasks.serve("admin", web::serve(listeners.admin, admin_tls, admin, until(stop.clone())));
    let carrier = carrier::router(carrier::Gate::new(store.clone(), changes, config.network.port));
    tasks.serve(
        "carrier",
        web::serve_strangers(listeners.carrier, carrier::tls()?, carrier, until(stop.clone())),
    );
    tasks.serve("enrolment", agents::serve_enrolment(listeners.enrolment, enrolment));
    tasks.serve("members", agents::serve_members(listeners.members, members.clone()));
    tasks.serve("probe", agents::serve_probes(listeners.probe, members, board, leaving));
    tasks.serve("metrics", metrics::serve(listeners.metrics, metrics));
    tasks.serve("updates", updates::keep(store.clone(), Timestamp::now));
    tasks.serve("codes", tray.tend());
    tasks.serve("configurations", configurations.tend());
    tasks.keep("links", async move { keeper.run().await });
    tasks.keep("history", recorder.run(until(stop.clone())));
    tasks.keep("alerts", lookout.run(until(stop.clone())));
    tasks.keep("certificates", async move { Err::<(), _>(certificates.keep(Timestamp::now).await) });
    let written = store.clone();
    tasks.keep("audit", async move { audit::keep(written, Timestamp::now).await.map(|_| ()) });
    let (saved, sealed) = (store.clone(), config.backup.recipient.is_some());
    tasks.serve("control", async move {
        let extra = async || command::extra(&saved, &netd, sealed).await;
        let answer = async |question| command::answer(&saved, &invitations, question).await;
        control.serve(saved.clone(), extra, answer).await;
    });
    tasks.serve("watchdog", watchdog(store.clone()));
    tasks.keep("store", async move { Err::<(), _>(store.failed().await) });

    tell(&[NotifyState::Ready]);
    let asked = stop.clone();
    let outcome = tokio::select! {
        // First: when all are asked to stop, a door that has stopped already is no failure.
        biased;
        () = until(stop) => Ok(()),
        // It may have stopped between the two looks.
        error = tasks.first_end() => if *asked.borrow() { Ok(()) } else { Err(error) },
    };
    tell(&[NotifyState::Stopping]);
    tasks.farewell().await;
    outcome
}

/// The tables of all rooms, for backup and check.
pub fn tables() -> Vec<&'static dyn store::AnyTable> {
    let rooms = [
        access::TABLES,
        audit::TABLES,
        certificates::TABLES,
        directory::TABLES,
        enrolment::TABLES,
        links::TABLES,
        news::TABLES,
        openings::TABLES,
        people::TABLES,
        updates::TABLES,
    ];
    rooms.concat()
}

/// Everything that runs for as long as the process does.
#[derive(Default)]
struct Tasks(JoinSet<(&'static str, Option<Cause>)>);

impl Tasks {
    fn serve(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(async move {
            task.await;
            (name, None)
        });
    }

    fn keep<E>(&mut self, name: &'static str, task: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: Into<Cause>,
    {
        self.0.spawn(async move { (name, task.await.err().map(Into::into)) });
    }

    async fn first_end(&mut self) -> Error {
        match self.0.join_next().await {
            Some(Ok((task, cause))) => Error::Stopped { task, cause },
            Some(Err(error)) => Error::Failed(error),
            None => Error::Stopped { task: "everything", cause: None },
        }
    }

    /// The doors let what is under way end, and what was seen of the links is written down; what has no end is cut.
    async fn farewell(&mut self) {
        let orderly = ["portal", "admin", "carrier", "history", "alerts"];
        let mut left = orderly.len();
        while left > 0 {
            match tokio::time::timeout(FAREWELL, self.0.join_next()).await {
                Ok(Some(Ok((name, _)))) if orderly.contains(&name) => left -= 1,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        self.0.shutdown().await;
    }
}

async fn open(config: &Config) -> Result<Store, Error> {
    let directory = config.storage.directory.clone();
    Ok(tokio::task::spawn_blocking(move || Store::open(&directory)).await??)
}

fn certificates_wanted(config: &Config, network: &Network) -> certificates::Wanted {
    certificates::Wanted {
        domain: config.community.domain.clone(),
        networks: network.networks().to_vec(),
        intranet: network.gateway().to_vec(),
        admin: config.admin.listen.iter().map(|address| address.ip()).chain(network.gateway()).collect(),
    }
}

/// Until there is a first account, each start prints the code with which it is made.
async fn announce_set_up(config: &Config, store: &Store) -> Result<(), Error> {
    let fresh = SetUpCode::random();
    let code = store.write(async move |tx| access::open_set_up(tx, &fresh).await).await?;
    if let (Some(code), Some(address)) = (code, config.admin.listen.first()) {
        command::say(&web::t_with(
            "command-set-up",
            &[("address", &format!("https://{address}/")), ("code", &code.to_string())],
        ));
    }
    Ok(())
}

fn community(config: &Config) -> Community {
    Community {
        name: config.community.name.clone(),
        // The configuration was checked with the same time zones a moment ago.
        time_zone: TimeZone::get(&config.community.time_zone).unwrap_or(TimeZone::UTC),
        help: config.community.help.clone(),
    }
}

async fn until(mut stop: watch::Receiver<bool>) {
    // Whoever could say "stop" is gone: that is a stop.
    drop(stop.wait_for(|stopped| *stopped).await);
}

/// Says "alive" to systemd twice in the time that it allows, when the store answers; sleeps for ever when
/// systemd does not ask.
async fn watchdog(store: Store) {
    let Some(allowed) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut beat = tokio::time::interval(allowed / 2);
    loop {
        beat.tick().await;
        if store.read(async |tx| access::is_set_up(tx).await).await.is_ok() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("systemd cannot be told {state:?}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The names of the tables that the source of a room makes.
    fn made(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).expect("the source is here") {
            let path = entry.expect("the source is read").path();
            if path.is_dir() {
                names.extend(made(&path));
                continue;
            }
            let source = fs::read(&path).expect("the source is read");
            let source = String::from_utf8_lossy(&source);
            let made = source.split(concat!("Table::", "new(\"")).skip(1);
            names.extend(made.filter_map(|rest| rest.split_once('"')).map(|(name, _)| name.to_owned()));
        }
        names
    }

    #[test]
    fn every_table_is_checked_and_backed_up_under_its_own_name() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut made: Vec<_> = made(&source)
            .into_iter()
            .filter(|name| !name.starts_with("store.") && !name.starts_with("tests."))
            .collect();
        let mut known: Vec<_> = tables().iter().map(|table| table.name().to_owned()).collect();
        made.sort();
        known.sort();
        assert_eq!(made, known);
        known.dedup();
        assert_eq!(made, known, "two tables have one name");
    }

    #[tokio::test]
    async fn every_database_kept_from_a_release_opens() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/fixtures");
        for layout in 1..=store::layout() {
            let directory = tempfile::tempdir().expect("a directory for the test");
            fs::copy(kept.join(format!("v{layout}.redb")), directory.path().join("beffroi.redb"))
                .unwrap_or_else(|error| panic!("no database of layout {layout} is kept: {error}"));
            let store = Store::open(directory.path()).expect("today's code opens it");
            let communes = store.read(async |tx| directory::communes(tx).await).await.expect("it is read");
            let names: Vec<_> = communes.iter().map(|commune| commune.name.as_str()).collect();
            assert!(names.contains(&"Foucart"), "{names:?}");
            drop(store);
            let report = store::check(directory.path(), &tables()).expect("it opens");
            assert!(report.problems.is_empty(), "layout {layout}: {:?}", report.problems);
            assert!(report.unknown.is_empty(), "layout {layout}: {:?}", report.unknown);
            assert_eq!(report.layout, store::layout());
        }
    }
}
