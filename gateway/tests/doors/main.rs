//! The doors in process: the real routers over a real database, one visitor at a time.
//!
//! Reading order: `rig` is what the others are written with; `routes` holds every route against every role.

mod accounts;
mod acts;
mod alerts;
mod catalogue;
mod codes;
mod devices;
mod gateway_key;
mod history;
mod invitations;
mod links;
mod members;
mod metrics;
mod notices;
mod pages;
mod people;
mod rig;
mod routes;
mod serving;
mod throughput;
mod tls;
mod traces;
mod updates;
