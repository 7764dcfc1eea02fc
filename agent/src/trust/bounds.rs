//! What an authority may vouch for. Whoever has its key could otherwise stand for any site of the web, in the browsers
//! of every town hall.

use x509_parser::extensions::{GeneralName, NameConstraints};
use x509_parser::parse_x509_certificate;

/// Whether this is one certificate, with name constraints (RFC 5280, section 4.2.1.10) that are critical and permit
/// names of this domain and no others.
pub(crate) fn is_bound(pem: &str, domain: &str) -> bool {
    // Who reads the file would trust each of several.
    let is_one = pem.matches("-----BEGIN").count() == 1;
    let Some(der) = super::der(pem).filter(|_| is_one) else { return false };
    let Ok(([], certificate)) = parse_x509_certificate(&der) else { return false };
    match certificate.name_constraints() {
        Ok(Some(constraints)) => constraints.critical && permits_only(constraints.value, domain),
        Ok(None) | Err(_) => false,
    }
}

/// A kind of name of which none is permitted is not constrained: there has to be one.
fn permits_only(constraints: &NameConstraints<'_>, domain: &str) -> bool {
    let permitted = constraints.permitted_subtrees.iter().flatten();
    let mut names = permitted.filter_map(|subtree| match subtree.base {
        GeneralName::DNSName(name) => Some(name),
        _ => None,
    });
    let is_ours = |name: &str| name.eq_ignore_ascii_case(domain);
    names.next().is_some_and(is_ours) && names.all(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_authority_of_one_domain_is_bound() {
        let check = |pem: &str, domain: &str, expected: bool| {
            assert_eq!(is_bound(pem, domain), expected, "{domain} {pem}");
        };
        let bound = include_str!("../fixtures/authorities/bound.pem");
        check(bound, "example.fr", true);
        check(bound, "exemple.fr", false);
        check(bound, "fr", false);
        check(include_str!("../fixtures/authorities/not-critical.pem"), "example.fr", false);
        check(include_str!("../fixtures/authorities/wider.pem"), "example.fr", false);
        check(include_str!("../fixtures/authorities/only-addresses.pem"), "example.fr", false);
        check(include_str!("../fixtures/authorities/unbound.pem"), "example.fr", false);
        check(include_str!("../fixtures/authorities/two.pem"), "example.fr", false);
        check("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n", "example.fr", false);
        check("", "example.fr", false);
    }
}
