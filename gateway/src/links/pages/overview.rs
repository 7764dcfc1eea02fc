//! Every link at a glance, those that want attention first.

use std::collections::BTreeSet;
use std::time::Instant;

use askama::Template;
use axum::extract::State as Held;

use super::{Desk, Shown, silence};
use crate::directory::{self, Commune, CommuneId, Machine};
use crate::links::{Alert, Error, Standing, State, words};
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Refusal, Reply, Text, filters};

#[derive(Template)]
#[template(path = "links/templates/overview.html")]
struct OverviewPage {
    frame: Frame,
    silence: Option<Text>,
    alerts: Vec<AlertShown>,
    rows: Vec<Row>,
    counts: Counts,
    without: Vec<Without>,
}

/// One sentence for one cause.
struct AlertShown {
    sentence: Text,
    /// The page about it, when there is one.
    path: Option<String>,
}

/// A machine and its link.
struct Row {
    commune: String,
    commune_path: String,
    machine: String,
    without_agent: bool,
    link: Shown,
}

/// A commune that has no machine.
struct Without {
    name: String,
    path: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    online: usize,
    doubtful: usize,
    offline: usize,
    never: usize,
    idle: usize,
    without: usize,
}

pub(super) async fn page(
    Held(store): Held<Store>,
    Held(desk): Held<Desk>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (communes, machines, without_agent) = store
        .read(async move |tx: &ReadTx| {
            let communes = directory::communes(tx).await?;
            Ok::<_, Error>((communes, directory::machines(tx).await?, directory::without_agent(tx).await?))
        })
        .await?;
    let now = Instant::now();
    let machines: Vec<(Machine, State)> = machines
        .into_iter()
        .filter(Machine::is_active)
        .map(|machine| {
            let state = desk.board.link(machine.id, now).map_or(State::Never, |link| link.state);
            (machine, state)
        })
        .collect();
    let served: BTreeSet<CommuneId> = machines.iter().map(|(machine, _)| machine.commune).collect();
    let without: Vec<Without> = communes
        .iter()
        .filter(|commune| !served.contains(&commune.id))
        .map(|commune| Without { name: commune.name.to_string(), path: commune.id.path() })
        .collect();
    let counts = count(machines.iter().map(|(_, state)| *state), without.len());
    let rows = sorted(machines, &communes)
        .into_iter()
        .map(|(machine, commune)| Row {
            commune: commune.name.to_string(),
            commune_path: commune.id.path(),
            without_agent: without_agent.contains(&machine.id),
            link: Shown::of(&desk.board, &machine, now),
            machine: machine.name.to_string(),
        })
        .collect();
    let silence = silence(&desk.board, now);
    let standing = desk.alerts.standing();
    let alerts = standing.iter().filter_map(|standing| shown(standing, &communes, now)).collect();
    Reply::page(&OverviewPage { frame, silence, alerts, rows, counts, without })
}

/// That netd is silent is said from its first moment, above.
fn shown(standing: &Standing, communes: &[Commune], now: Instant) -> Option<AlertShown> {
    let duration = words::duration(now.saturating_duration_since(standing.since));
    match standing.alert {
        Alert::Netd => None,
        Alert::GatewayLine { down, of } => {
            let sentence = Text::new("links-alert-line").with("down", &down).with("of", &of);
            Some(AlertShown { sentence: sentence.with("duration", &duration), path: None })
        }
        Alert::TownHall(id) => {
            let commune = communes.iter().find(|commune| commune.id == id)?;
            let sentence = Text::new("links-alert-town-hall").with("town_hall", &commune.name.town_hall());
            Some(AlertShown { sentence: sentence.with("duration", &duration), path: Some(id.path()) })
        }
    }
}

fn count(states: impl Iterator<Item = State>, without: usize) -> Counts {
    states.fold(Counts { without, ..Counts::default() }, |mut counts, state| {
        match state {
            State::Online => counts.online += 1,
            State::Doubtful => counts.doubtful += 1,
            State::Offline => counts.offline += 1,
            State::Never => counts.never += 1,
            State::Idle => counts.idle += 1,
        }
        counts
    })
}

/// Problems first, then in the alphabetical order of the communes.
fn sorted(machines: Vec<(Machine, State)>, communes: &[Commune]) -> Vec<(Machine, &Commune)> {
    let mut rows: Vec<(State, usize, Machine, &Commune)> = machines
        .into_iter()
        .filter_map(|(machine, state)| {
            let place = communes.iter().position(|commune| commune.id == machine.commune)?;
            Some((state, place, machine, &communes[place]))
        })
        .collect();
    rows.sort_by(|one, other| {
        (one.0, one.1).cmp(&(other.0, other.1)).then_with(|| one.2.name.folded().cmp(&other.2.name.folded()))
    });
    rows.into_iter().map(|(_, _, machine, commune)| (machine, commune)).collect()
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::PublicKey;
    use jiff::Timestamp;

    use super::*;
    use crate::directory::{CommuneName, MachineName, MachineRole};

    #[test]
    fn what_wants_attention_comes_first() {
        let commune = |number: &str, name: &str| Commune {
            id: number.parse().expect("a number"),
            name: CommuneName::parse(name).expect("a name"),
            seat: false,
        };
        let machine = |number: u32, commune: &str, name: &str| Machine {
            id: number.to_string().parse().expect("a number"),
            commune: commune.parse().expect("a number"),
            name: MachineName::parse(name).expect("a name"),
            key: PublicKey::from_bytes([1; 32]),
            role: MachineRole::TownHall,
            enrolled: Timestamp::UNIX_EPOCH,
            revoked: None,
            seen: true,
        };
        // As the directory gives them: in alphabetical order.
        let communes = [commune("2", "Alvimare"), commune("3", "Étretat"), commune("1", "Yébleron")];
        let machines = vec![
            (machine(256, "1", "accueil"), State::Online),
            (machine(257, "2", "Mairie"), State::Online),
            (machine(258, "2", "accueil"), State::Online),
            (machine(259, "3", "accueil"), State::Never),
            (machine(260, "3", "conseil"), State::Doubtful),
            (machine(261, "1", "secrétariat"), State::Offline),
            (machine(262, "2", "bureau"), State::Offline),
        ];
        let counts = count(machines.iter().map(|(_, state)| *state), 4);
        assert_eq!(counts, Counts { online: 3, doubtful: 1, offline: 2, never: 1, idle: 0, without: 4 });
        let rows: Vec<String> = sorted(machines, &communes)
            .into_iter()
            .map(|(machine, commune)| format!("{} {}", commune.name, machine.name))
            .collect();
        assert_eq!(
            rows,
            [
                "Alvimare bureau",
                "Yébleron secrétariat",
                "Étretat conseil",
                "Étretat accueil",
                "Alvimare accueil",
                "Alvimare Mairie",
                "Yébleron accueil",
            ]
        );
    }
}
