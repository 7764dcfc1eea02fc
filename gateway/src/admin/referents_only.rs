//! A request from inside the tunnel must come from a referent's machine. From outside the tunnel, only the
//! server's local addresses lead here.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::access::Access;
use crate::directory::MachineRole;
use crate::web::{Refusal, t};

pub(super) async fn refuse_town_halls(
    State(access): State<Access>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if !access.is_inside(peer.ip()) {
        return next.run(request).await;
    }
    let town_hall = match access.town_hall(peer.ip()).await {
        Ok(town_hall) => town_hall,
        Err(error) => return Refusal::from(error).into_response(),
    };
    match town_hall {
        Some(town_hall) if town_hall.machine().role == MachineRole::Referent => next.run(request).await,
        Some(town_hall) => {
            let commune = town_hall.commune().name.as_str();
            log::warn!(COMMUNE = commune; "a machine that is not a referent's asked for the admin page");
            Refusal::forbidden(t("admin-not-a-referents-machine")).into_response()
        }
        None => {
            log::warn!("an address inside the tunnel that no machine has asked for the admin page");
            Refusal::forbidden(t("admin-not-a-referents-machine")).into_response()
        }
    }
}
