//! A request from inside the tunnel, or to the gateway's address there, must come from a referent's machine. From
//! outside the tunnel, only the server's local addresses lead here, whatever the firewall lets through.

use std::net::SocketAddr;
use std::time::Instant;

use axum::Extension;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::access::Access;
use crate::directory::MachineRole;
use crate::web::{Called, Refusal, t};

pub(super) async fn refuse_town_halls(
    State(access): State<Access>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(called): Extension<Called>,
    request: Request,
    next: Next,
) -> Response {
    let peer = peer.ip();
    if !access.is_inside(peer) && !access.is_inside(called.0) {
        return next.run(request).await;
    }
    let town_hall = match access.town_hall(peer).await {
        Ok(town_hall) => town_hall,
        Err(error) => return Refusal::from(error).into_response(),
    };
    if town_hall.as_ref().is_some_and(|it| it.machine().role == MachineRole::Referent) {
        return next.run(request).await;
    }
    let level = access.level("admin page", peer, Instant::now());
    match town_hall {
        Some(town_hall) => {
            let commune = town_hall.commune().name.as_str();
            log::log!(level, COMMUNE = commune; "a machine that is not a referent's asked for the admin page");
        }
        None => log::log!(level, "an address that no machine has asked for the admin page inside the tunnel"),
    }
    log::debug!("{peer} asked for the admin page");
    Refusal::forbidden(t("admin-not-a-referents-machine")).into_response()
}
