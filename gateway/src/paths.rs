//! Where the referents' door has what rooms that know nothing of each other lead to. Each of these pages belongs to
//! one room, which puts it into its table of routes from here; the others lead there from here too.
//!
//! Patterns are as axum writes them. What is inside of one room is written in that room.

use std::fmt::Display;

/// Makes invitations.
pub const INVITE: &str = "/bons/nouveaux";
/// Adds communes.
pub const ADD_COMMUNES: &str = "/communes/ajouter";
/// A commune and its machines.
pub const COMMUNE: &str = "/communes/{commune}";
/// Takes a commune off the list.
pub const REMOVE_COMMUNE: &str = "/communes/{commune}/supprimer";
/// What is known of a commune beside its name.
pub const COMMUNE_DETAILS: &str = "/communes/{commune}/fiche";
/// Adds a device that has no agent.
pub const ADD_DEVICE: &str = "/communes/{commune}/appareil";
/// The configuration of such a device.
pub const DEVICE: &str = "/appareils/{machine}";
/// Has another computer take the place of a machine.
pub const REPLACE_MACHINE: &str = "/postes/{machine}/remplacer";
/// What the guide says of how much a line carries.
pub const ABOUT_THROUGHPUT: &str = "/guide#le-débit-dune-ligne";

/// [`INVITE`], for one commune.
pub fn invite(commune: impl Display) -> String {
    format!("{INVITE}?commune={commune}")
}

/// [`COMMUNE`]
pub fn commune(commune: impl Display) -> String {
    COMMUNE.replace("{commune}", &commune.to_string())
}

/// [`REMOVE_COMMUNE`]
pub fn remove_commune(commune: impl Display) -> String {
    REMOVE_COMMUNE.replace("{commune}", &commune.to_string())
}

/// [`COMMUNE_DETAILS`]
pub fn commune_details(commune: impl Display) -> String {
    COMMUNE_DETAILS.replace("{commune}", &commune.to_string())
}

/// [`ADD_DEVICE`]
pub fn add_device(commune: impl Display) -> String {
    ADD_DEVICE.replace("{commune}", &commune.to_string())
}

/// [`DEVICE`]
pub fn device(machine: impl Display) -> String {
    DEVICE.replace("{machine}", &machine.to_string())
}

/// [`REPLACE_MACHINE`]
pub fn replace_machine(machine: impl Display) -> String {
    REPLACE_MACHINE.replace("{machine}", &machine.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_its_pattern_filled_in() {
        assert_eq!(invite(3), "/bons/nouveaux?commune=3");
        assert_eq!(commune(3), "/communes/3");
        assert_eq!(remove_commune(3), "/communes/3/supprimer");
        assert_eq!(commune_details(3), "/communes/3/fiche");
        assert_eq!(add_device(3), "/communes/3/appareil");
        assert_eq!(device(256), "/appareils/256");
        assert_eq!(replace_machine(256), "/postes/256/remplacer");
    }
}
