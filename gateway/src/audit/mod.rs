//! Who did what, when: written in the transaction that does it, and never changed afterwards.
//!
//! Each entry is tied to all before it by its fingerprint (`chain`), so that nobody can change what was written
//! without it showing (`verify`). Entries are kept for twelve months.
//!
//! An entry says what the journal of a town hall would say, in names as they were at the time: it does
//! not follow renamings, and needs no other table to be read.

mod chain;
mod keep;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod verify;

use jiff::Timestamp;

pub use chain::{Fingerprint, NotAFingerprint, Noted};
pub use keep::keep;
pub use store::{Error, Page, TABLES, about_machine, forget, last, page, record};
pub use table::table;
pub use verify::{Fault, Report, verify};

/// The longest text of an entry that someone typed, in characters; what is longer is cut.
const DETAIL_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    /// Name of the person; for what a machine or the gateway itself does, its name.
    pub who: String,
    pub act: Act,
    pub about: About,
}

/// What is done. The order of the variants is stored, and in every fingerprint: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Act {
    CommuneAdded,
    CommuneRenamed,
    InvitationCreated,
    InvitationCancelled,
    MachineEnrolled,
    MachineReplaced,
    MachineRenamed,
    MachineRevoked,
    /// The machine may reach the admin page.
    RoleGiven,
    RoleTaken,
    NoticePublished,
    NoticeWithdrawn,
    AccountCreated,
    PasswordChanged,
    SignedIn,
    SignedOut,
    BackupMade,
    CommuneRemoved,
    HoursChanged,
    /// At the terminal of the server, for a referent who has no password.
    CodeGiven,
    BackupRestored,
    KeyChangeAsked,
    KeyChanged,
    CarrierOpened,
    CarrierClosed,
    UpdateOffered,
    UpdateHurried,
    UpdateStopped,
    /// A machine has the release, and its link.
    UpdateKept,
    /// A machine went back to the version before, or refused.
    UpdateFailed,
    ReleaseUploaded,
    /// How much a line carries is to be measured.
    ThroughputAsked,
    GatewayKeyPrepared,
    GatewayKeyGivenUp,
    /// Ordered by a referent; netd follows.
    GatewayKeyChanged,
    /// A machine lets other computers of its town hall in.
    OthersLetIn,
    OthersShutOut,
    PersonAdded,
    PersonChanged,
    PersonErased,
    MandateGiven,
    MandateChanged,
    MandateRemoved,
    GroupAdded,
    GroupChanged,
    GroupRemoved,
    /// What is known of a commune beside its name.
    DetailsChanged,
    ListApplied,
}

impl Act {
    /// Identifier of the words for it in the catalogue.
    pub const fn message(self) -> &'static str {
        match self {
            Self::CommuneAdded => "audit-commune-added",
            Self::CommuneRenamed => "audit-commune-renamed",
            Self::InvitationCreated => "audit-invitation-created",
            Self::InvitationCancelled => "audit-invitation-cancelled",
            Self::MachineEnrolled => "audit-machine-enrolled",
            Self::MachineReplaced => "audit-machine-replaced",
            Self::MachineRenamed => "audit-machine-renamed",
            Self::MachineRevoked => "audit-machine-revoked",
            Self::RoleGiven => "audit-role-given",
            Self::RoleTaken => "audit-role-taken",
            Self::NoticePublished => "audit-notice-published",
            Self::NoticeWithdrawn => "audit-notice-withdrawn",
            Self::AccountCreated => "audit-account-created",
            Self::PasswordChanged => "audit-password-changed",
            Self::SignedIn => "audit-signed-in",
            Self::SignedOut => "audit-signed-out",
            Self::BackupMade => "audit-backup-made",
            Self::CodeGiven => "audit-code-given",
            Self::BackupRestored => "audit-backup-restored",
            Self::CommuneRemoved => "audit-commune-removed",
            Self::HoursChanged => "audit-hours-changed",
            Self::KeyChangeAsked => "audit-key-change-asked",
            Self::KeyChanged => "audit-key-changed",
            Self::CarrierOpened => "audit-carrier-opened",
            Self::CarrierClosed => "audit-carrier-closed",
            Self::UpdateOffered => "audit-update-offered",
            Self::UpdateHurried => "audit-update-hurried",
            Self::UpdateStopped => "audit-update-stopped",
            Self::UpdateKept => "audit-update-kept",
            Self::UpdateFailed => "audit-update-failed",
            Self::ReleaseUploaded => "audit-release-uploaded",
            Self::ThroughputAsked => "audit-throughput-asked",
            Self::GatewayKeyPrepared => "audit-gateway-key-prepared",
            Self::GatewayKeyGivenUp => "audit-gateway-key-given-up",
            Self::GatewayKeyChanged => "audit-gateway-key-changed",
            Self::OthersLetIn => "audit-others-let-in",
            Self::OthersShutOut => "audit-others-shut-out",
            Self::PersonAdded => "audit-person-added",
            Self::PersonChanged => "audit-person-changed",
            Self::PersonErased => "audit-person-erased",
            Self::MandateGiven => "audit-mandate-given",
            Self::MandateChanged => "audit-mandate-changed",
            Self::MandateRemoved => "audit-mandate-removed",
            Self::GroupAdded => "audit-group-added",
            Self::GroupChanged => "audit-group-changed",
            Self::GroupRemoved => "audit-group-removed",
            Self::DetailsChanged => "audit-details-changed",
            Self::ListApplied => "audit-list-applied",
        }
    }
}

/// What it is done to. All of it is optional, and all of it is text as it was at the time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub commune: Option<String>,
    pub machine: Option<String>,
    /// Number of the machine, by which its whole history is found again.
    pub machine_number: Option<u32>,
    /// A reason, a former name, whatever else was said.
    pub detail: Option<String>,
}

impl About {
    /// A machine, its commune, and its number.
    pub fn machine(commune: Option<String>, name: String, number: u32) -> Self {
        Self { commune, machine: Some(name), machine_number: Some(number), detail: None }
    }

    pub fn with_detail(self, detail: String) -> Self {
        Self { detail: Some(detail), ..self }
    }
}
