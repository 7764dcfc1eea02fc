//! The private authority (RFC 5280): what it may sign for is in its certificate, marked critical.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
    date_time_ymd,
};

use super::store::{Certificate, StoredAuthority};
use super::{BACKDATED, Error, LIFE, Names, Wanted};

/// Twenty years: machines keep it for as long as they live.
const AUTHORITY_LIFE: Duration = Duration::from_hours(20 * 365 * 24);
/// The authority is good from then on, whatever the clock said when it was made: a machine without a battery
/// starts in the past or in the future, and the authority cannot be made again without a visit to every town hall.
const GOOD_FROM: (i32, u8, u8) = (2025, 1, 1);

pub(super) struct Authority {
    stored: StoredAuthority,
    issuer: Issuer<'static, KeyPair>,
    fingerprint: [u8; 32],
}

impl Authority {
    /// A new one, as it is kept.
    pub(super) fn make(wanted: &Wanted, now: Timestamp) -> Result<StoredAuthority, Error> {
        let networks = permitted(wanted);
        let mut params = CertificateParams::default();
        params.distinguished_name = named(&format!("Beffroi {}", wanted.domain));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let addresses = networks.iter().map(|network| {
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(network.network(), network.prefix_len()))
        });
        let names = [GeneralSubtree::DnsName(wanted.domain.clone())];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: names.into_iter().chain(addresses).collect(),
            excluded_subtrees: Vec::new(),
        });
        let (year, month, day) = GOOD_FROM;
        params.not_before = date_time_ymd(year, month, day);
        params.not_after =
            params.not_before.max(date_time_ymd(1970, 1, 1) + since_1970(now)) + AUTHORITY_LIFE;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?;
        Ok(StoredAuthority {
            domain: wanted.domain.clone(),
            networks,
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    pub(super) fn of(stored: StoredAuthority) -> Result<Authority, Error> {
        let key = KeyPair::from_pem(&stored.key_pem)?;
        let fingerprint = *blake3::hash(key.public_key_raw()).as_bytes();
        let issuer = Issuer::from_ca_cert_pem(&stored.certificate_pem, key)?;
        Ok(Authority { stored, issuer, fingerprint })
    }

    pub(super) fn pem(&self) -> &str {
        &self.stored.certificate_pem
    }

    pub(super) fn may_sign_for(&self, address: IpAddr) -> bool {
        self.stored.networks.iter().any(|network| network.contains(&address))
    }

    pub(super) fn has_signed(&self, certificate: &Certificate) -> bool {
        certificate.signed_by == self.fingerprint
    }

    /// A server certificate with a key of its own. Small: it crosses a modem at every first visit.
    pub(super) fn sign(&self, names: &Names, now: Timestamp) -> Result<Certificate, Error> {
        let (from, until) = (whole_second(now - BACKDATED), whole_second(now + LIFE));
        let mut params = CertificateParams::new(vec![names.name.clone()])?;
        params.subject_alt_names.extend(names.addresses.iter().copied().map(SanType::IpAddress));
        params.distinguished_name = named(&names.name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970(from);
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(until);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Certificate {
            addresses: names.addresses.clone(),
            from,
            until,
            signed_by: self.fingerprint,
            certificate: certificate.der().to_vec(),
            key: key.serialize_der(),
        })
    }
}

/// The networks inside the tunnel, the machine itself, and where the admin page listens.
fn permitted(wanted: &Wanted) -> Vec<IpNet> {
    let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let configured = wanted.admin.iter().copied().filter(|address| !address.is_unspecified());
    let alone = local.into_iter().chain(configured).map(IpNet::from);
    let mut networks: Vec<IpNet> = wanted.networks.iter().map(IpNet::trunc).chain(alone).collect();
    networks.sort_unstable();
    networks.dedup();
    networks
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// A clock before 1970 is as wrong as one that says 1970.
fn since_1970(at: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0))
}

/// As a certificate says it.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
