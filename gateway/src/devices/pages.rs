//! Adding a device, and its configuration: shown to the one who made it, for half an hour.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::{FromRef, Path, State};
use beffroi_protocol::code::Endpoint;
use serde::Deserialize;

use super::{Configuration, Error, Keys};
use crate::access::{self, Audience, Once, Referent, Route};
use crate::devices;
use crate::directory::{
    self, Changes, CommuneId, CommuneName, MachineId, MachineName, Network, NewMachine, to_the_end,
};
use crate::paths;
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Drawing, Form, Frame, Now, Refusal, Reply, filters, t};

/// What these pages need beside the store.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Where devices find the gateway.
    pub endpoint: Endpoint,
    pub network: Network,
    pub mtu: u16,
    /// Whether links have a preshared key.
    pub preshared: bool,
    /// The certificate of the private authority, in PEM: without it a browser warns of the intranet.
    pub authority: Arc<str>,
    pub tray: access::Tray<MachineId, Configuration>,
    pub changes: Changes,
}

pub fn routes<S>() -> Vec<Route<S>>
where
    Store: FromRef<S>,
    Desk: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let referent = Audience::Referent;
    vec![
        Route::get(paths::ADD_DEVICE, referent, form_page),
        Route::post(paths::ADD_DEVICE, referent, add),
        Route::get("/appareils/autorite", referent, authority),
        Route::get(paths::DEVICE, referent, page),
        Route::get("/appareils/{machine}/configuration", referent, file),
    ]
}

#[derive(Template)]
#[template(path = "devices/templates/add.html")]
struct AddPage {
    frame: Frame,
    commune: CommuneName,
    back: String,
    form: DeviceForm,
    refused: Option<String>,
}

#[derive(Template)]
#[template(path = "devices/templates/device.html")]
struct DevicePage {
    frame: Frame,
    id: MachineId,
    name: String,
    town_hall: String,
    back: String,
    /// What the browser of the device opens.
    address: String,
    configuration: Option<Configuration>,
    drawing: Option<Drawing>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DeviceForm {
    once: Once,
    name: String,
    /// Empty where the gateway makes the keys.
    key: String,
}

async fn form_page(
    State(store): State<Store>,
    Path(id): Path<CommuneId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let commune = store.read(async move |tx: &ReadTx| commune(tx, id).await).await?;
    Reply::page(&AddPage { frame, commune, back: id.path(), form: DeviceForm::default(), refused: None })
}

async fn add(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Path(id): Path<CommuneId>,
    who: Referent,
    Now(at): Now,
    frame: Frame,
    Form(form): Form<DeviceForm>,
) -> Result<Reply, Refusal> {
    let town_hall = store.read(async move |tx: &ReadTx| commune(tx, id).await).await?;
    let (name, keys) = match parse(&form) {
        Ok(parsed) => parsed,
        Err(why) => return kept(frame, town_hall, id, form, why),
    };
    let new = NewMachine { commune: id, name, key: keys.public(), at };
    match make(&store, &desk, &who, form.once.clone(), town_hall.town_hall(), new, keys).await {
        Err(Error::Directory(directory::Error::KeyTaken(_))) => {
            kept(frame, town_hall, id, form, t("devices-key-taken"))
        }
        Err(Error::Directory(directory::Error::KeyReserved)) => {
            kept(frame, town_hall, id, form, t("devices-key-reserved"))
        }
        added => Ok(Reply::see_other(added?)),
    }
}

/// Records a device, keeps its configuration for its page, and gives the address of this. A form that was sent
/// before adds nothing and leads to the same page.
async fn make(
    store: &Store,
    desk: &Desk,
    who: &Referent,
    once: Once,
    town_hall: String,
    new: NewMachine,
    keys: Keys,
) -> Result<String, Error> {
    let preshared = desk.preshared.then(devices::draw_preshared).transpose()?;
    let (store, desk) = (store.clone(), desk.clone());
    let (by, owner, network) = (who.name().to_owned(), who.id(), desk.network);
    to_the_end(async move {
        let recorded = preshared.clone();
        let (path, made) = store
            .write(async move |tx: &mut WriteTx| {
                if let Some(path) = once.led_to(tx).await? {
                    return Ok::<_, Error>((path, None));
                }
                let gateway = directory::coming_gateway_key(tx).await?.ok_or(Error::NoGatewayKey)?;
                let machine = devices::add(tx, &network, new.clone(), recorded.as_ref(), &by).await?;
                let path = paths::device(machine.id);
                once.leads_to(tx, &path, new.at).await?;
                Ok((path, Some((machine, gateway))))
            })
            .await?;
        if let Some((machine, gateway)) = made {
            let configuration = Configuration {
                title: format!("{town_hall}, {}", machine.name),
                keys,
                addresses: network.machine(machine.id),
                mtu: desk.mtu,
                gateway,
                preshared,
                endpoint: desk.endpoint,
                allowed: network.gateway().map(Into::into),
            };
            desk.tray.put(machine.id, configuration, owner, Instant::now());
            desk.changes.announce();
        }
        Ok(path)
    })
    .await
}

async fn page(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Path(id): Path<MachineId>,
    who: Referent,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (machine, commune) = store
        .read(async move |tx: &ReadTx| {
            let machine = devices::device(tx, id).await?;
            let commune = commune(tx, machine.commune).await?;
            Ok::<_, Error>((machine, commune))
        })
        .await?;
    let configuration = desk.tray.shown(id, who.id(), Instant::now());
    let drawing = configuration.as_ref().filter(|configuration| configuration.is_whole());
    let drawing = drawing.map(|configuration| Drawing::of(&configuration.text())).transpose();
    let [ipv4, _] = desk.network.gateway();
    let page = DevicePage {
        frame,
        id,
        name: machine.name.to_string(),
        town_hall: commune.town_hall(),
        back: machine.commune.path(),
        address: format!("https://{ipv4}/"),
        configuration,
        drawing: drawing.map_err(|error| Refusal::broken(&error))?,
    };
    Ok(Reply::page(&page)?.never_kept())
}

/// The programs take the file's name for that of the tunnel, of 15 letters at most.
async fn file(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Path(id): Path<MachineId>,
    who: Referent,
) -> Result<Reply, Refusal> {
    store.read(async move |tx: &ReadTx| devices::device(tx, id).await).await?;
    let configuration = desk.tray.shown(id, who.id(), Instant::now());
    let text = configuration.ok_or_else(|| Refusal::conflict(t("devices-gone")))?.text();
    Ok(Reply::file("beffroi.conf", "text/plain; charset=utf-8", text).never_kept())
}

/// Not a secret: what every machine trusts.
async fn authority(State(desk): State<Desk>) -> Reply {
    Reply::file("beffroi.crt", "application/x-x509-ca-cert", desk.authority.to_string())
}

fn kept(
    frame: Frame,
    commune: CommuneName,
    id: CommuneId,
    form: DeviceForm,
    why: String,
) -> Result<Reply, Refusal> {
    Reply::kept(&AddPage { frame, commune, back: id.path(), form, refused: Some(why) })
}

fn parse(form: &DeviceForm) -> Result<(MachineName, Keys), String> {
    let name = MachineName::parse(&form.name).map_err(|_| t("devices-name"))?;
    let keys = match form.key.trim() {
        "" => Keys::make().map_err(|_| t("devices-no-randomness"))?,
        key => Keys::Own(key.parse().map_err(|_| t("devices-key"))?),
    };
    Ok((name, keys))
}

async fn commune(tx: &ReadTx, id: CommuneId) -> Result<CommuneName, Error> {
    Ok(directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?.name)
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::NoSuchCommune(_) | Error::NoSuchDevice(_) => Refusal::not_found(),
            Error::NoGatewayKey => Refusal::conflict(t("devices-no-gateway-key")),
            other => Refusal::broken(&other),
        }
    }
}
