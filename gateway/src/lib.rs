//! The gateway's rooms. Arrows point down only: doors, features, nouns, ground.

// Doors: a listener, a route table, composed pages; own no table of the store.
pub mod admin;
pub mod agents;
pub mod portal;

// Features: types and rules, their tables, their pages, their tests.
pub mod certificates;
pub mod enrolment;
pub mod links;
pub mod news;

// Nouns: what the features speak about; who is calling and what they may do.
pub mod access;
pub mod audit;
pub mod directory;

// Ground: what everything stands on.
pub mod config;
pub mod journal;
pub mod listeners;
pub mod netd;
pub mod store;
pub mod web;
