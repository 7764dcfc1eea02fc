//! Addresses of a local network as a referent types them: one, a range, or a whole small network at a time.

use std::net::Ipv4Addr;

use beffroi_protocol::serving::Span;
use ipnet::Ipv4Net;

/// The longest text that is read, in characters.
const LONGEST: usize = 4_000;
/// After what overlaps is joined.
const AT_MOST: usize = 64;
/// The widest range, in addresses: who means more means all.
const WIDEST: u32 = 256;
/// Between the two ends of a range.
const UNTIL: [&str; 4] = [" à ", " - ", "–", "-"];

/// What cannot be understood, in the words of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum WrongHosts {
    #[error("nobody is named")]
    Nobody,
    #[error("more than {AT_MOST} ranges are named")]
    TooMany,
    #[error("“{0}” is no address")]
    NoAddress(String),
    #[error("{0} is not of a private network")]
    NotLocal(String),
    #[error("“{0}” ends before it begins")]
    Backwards(String),
    #[error("“{0}” is wider than {WIDEST} addresses")]
    TooWide(String),
}

/// In their order, and each once.
pub(super) fn parse(text: &str) -> Result<Vec<Span>, WrongHosts> {
    if text.chars().count() > LONGEST {
        return Err(WrongHosts::TooMany);
    }
    let said = text.split(['\n', ',', ';']).map(str::trim).filter(|said| !said.is_empty());
    let mut spans = said.map(span).collect::<Result<Vec<_>, _>>()?;
    spans.sort();
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut().filter(|last| u32::from(last.last).saturating_add(1) >= span.first.into()) {
            Some(last) => last.last = last.last.max(span.last),
            None => joined.push(span),
        }
    }
    match joined.len() {
        0 => Err(WrongHosts::Nobody),
        1..=AT_MOST => Ok(joined),
        _ => Err(WrongHosts::TooMany),
    }
}

fn span(said: &str) -> Result<Span, WrongHosts> {
    let (first, last) = ends(said).ok_or_else(|| WrongHosts::NoAddress(said.to_owned()))?;
    if let Some(other) = [first, last].iter().find(|address| !address.is_private()) {
        return Err(WrongHosts::NotLocal(other.to_string()));
    }
    if last < first {
        return Err(WrongHosts::Backwards(said.to_owned()));
    }
    if u32::from(last) - u32::from(first) >= WIDEST {
        return Err(WrongHosts::TooWide(said.to_owned()));
    }
    Ok(Span { first, last })
}

fn ends(said: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    if let Ok(net) = said.parse::<Ipv4Net>() {
        return Some((net.network(), net.broadcast()));
    }
    let between = UNTIL.iter().find_map(|until| said.split_once(until));
    let Some((first, last)) = between else {
        let address = said.parse().ok()?;
        return Some((address, address));
    };
    let (first, last): (Ipv4Addr, _) = (first.trim().parse().ok()?, last.trim());
    // "192.168.1.30-39"
    let short = last.parse::<u8>().map(|number| {
        let [a, b, c, _] = first.octets();
        Ipv4Addr::from([a, b, c, number])
    });
    Some((first, short.or_else(|_| last.parse()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        fn check(text: &str, expected: &[(&str, &str)]) {
            let address = |text: &str| text.parse().expect("an address");
            let expected: Vec<_> = expected
                .iter()
                .map(|(first, last)| Span { first: address(first), last: address(last) })
                .collect();
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        let one = ("192.168.1.20", "192.168.1.20");
        let range = ("192.168.1.30", "192.168.1.39");
        check("192.168.1.20", &[one]);
        check(" 192.168.1.20 \r\n\r\n", &[one]);
        for text in [
            "192.168.1.30 à 192.168.1.39",
            "192.168.1.30-192.168.1.39",
            "192.168.1.30 - 39",
            "192.168.1.30–39",
            "192.168.1.30-34, 192.168.1.35 à 39",
            "192.168.1.32-39; 192.168.1.30-36",
        ] {
            check(text, &[range]);
        }
        check("192.168.1.30-39\n192.168.1.20\n192.168.1.20", &[one, range]);
        check("10.0.0.0/30", &[("10.0.0.0", "10.0.0.3")]);
        check("192.168.1.0/24", &[("192.168.1.0", "192.168.1.255")]);
    }

    #[test]
    fn what_is_wrong_is_told_in_the_words_of_the_text() {
        fn check(text: &str, expected: WrongHosts) {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
        check("", WrongHosts::Nobody);
        check(" \n , ", WrongHosts::Nobody);
        check("192.168.1", WrongHosts::NoAddress("192.168.1".into()));
        check("192.168.1.20\nimprimante", WrongHosts::NoAddress("imprimante".into()));
        check("192.168.1.20-300", WrongHosts::NoAddress("192.168.1.20-300".into()));
        check("fe80::1", WrongHosts::NoAddress("fe80::1".into()));
        check("8.8.8.8", WrongHosts::NotLocal("8.8.8.8".into()));
        check("192.168.1.20 à 8.8.8.8", WrongHosts::NotLocal("8.8.8.8".into()));
        check("192.168.1.39-30", WrongHosts::Backwards("192.168.1.39-30".into()));
        check("192.168.0.0/16", WrongHosts::TooWide("192.168.0.0/16".into()));
        check("192.168.1.0 à 192.168.2.0", WrongHosts::TooWide("192.168.1.0 à 192.168.2.0".into()));
        let many: Vec<_> = (0..=64).map(|number| format!("192.168.1.{}", number * 2)).collect();
        check(&many.join("\n"), WrongHosts::TooMany);
        check(&"1".repeat(5_000), WrongHosts::TooMany);
    }
}
