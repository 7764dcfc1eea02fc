//! Addresses as a referent reads them, and writes them again.

use beffroi_protocol::serving::{Hosts, Span};

use crate::web::{t, t_with};

/// In one line.
pub(super) fn print(hosts: &Hosts) -> String {
    match hosts {
        Hosts::All => t("links-serving-all"),
        Hosts::Chosen(spans) => spans.iter().map(span).collect::<Vec<_>>().join(", "),
    }
}

/// One a line.
pub(super) fn lines(hosts: &Hosts) -> String {
    match hosts {
        Hosts::All => String::new(),
        Hosts::Chosen(spans) => spans.iter().map(span).collect::<Vec<_>>().join("\n"),
    }
}

fn span(span: &Span) -> String {
    if span.first == span.last {
        return span.first.to_string();
    }
    let (first, last) = (span.first.to_string(), span.last.to_string());
    t_with("links-serving-span", &[("first", &first), ("last", &last)])
}
