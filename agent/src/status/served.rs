//! The other computers that this machine lets in, as the status tells it.

use beffroi_protocol::serving::{Hosts, Span};

use crate::serve::Standing;
use crate::texts::{t, t_with};

impl Standing {
    pub(super) fn text(&self) -> String {
        let hosts = match &self.hosts {
            Hosts::All => t("status-lets-in-all"),
            Hosts::Chosen(spans) => spans.iter().map(span).collect::<Vec<_>>().join(", "),
        };
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        match addresses.is_empty() {
            true => t_with("status-lets-in-nobody", &[("hosts", hosts.into())]),
            false => t_with(
                "status-lets-in-at",
                &[("hosts", hosts.into()), ("addresses", addresses.join(", ").into())],
            ),
        }
    }
}

fn span(span: &Span) -> String {
    if span.first == span.last {
        return span.first.to_string();
    }
    let [first, last] = [span.first, span.last].map(|address| address.to_string());
    t_with("status-span", &[("first", first.into()), ("last", last.into())])
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn who_is_let_in_is_told_with_where() {
        let address = |last| Ipv4Addr::from([192, 168, 1, last]);
        let check = |hosts, addresses, expected: &str| {
            assert_eq!(Standing { hosts, addresses, findings: Vec::new() }.text(), expected);
        };
        let one = Span { first: address(20), last: address(20) };
        let range = Span { first: address(30), last: address(39) };
        let two = Hosts::Chosen(vec![one, range]);
        let said = "192.168.1.20, 192.168.1.30 à 192.168.1.39 (adresse de ce poste : 192.168.1.5)";
        check(two, vec![address(5)], said);
        let said = "tout son réseau local, mais il ne le peut pas : tapez beffroi-agent doctor";
        check(Hosts::All, Vec::new(), said);
    }
}
