//! The text on an invitation's paper: where the gateway is, who it is, and the secret.
//!
//! It is read by people and typed by hand, so it is written in groups of five Crockford base32
//! symbols and a check character, and a mistake is named with its group before anything is sent.
//!
//! The check character is a weighted sum over GF(32), the field of 32 elements, to which the group's
//! number is added. The six weights are different and none is zero, so that one wrong symbol, or two
//! symbols of a group that changed places, always show; the number makes groups that changed places
//! show. A 16-bit check over everything finds what remains.
//!
//! ```text
//! version (1) | length of the endpoint (1) | endpoint | gateway's key (32) | secret (16) | check (2)
//! ```

use std::net::SocketAddr;

use sha2::{Digest, Sha256};

use crate::PublicKey;
pub use crate::endpoint::{Endpoint, HostName, InvalidEndpoint};
use crate::temporary::Secret;

/// The name of the file that carries a code, see [`Code::file`].
pub const FILE_NAME: &str = "bon.beffroi";
/// Symbols of a group, without and with its check character.
const DATA: usize = 5;
const GROUP: usize = DATA + 1;
const VERSION: u8 = 1;
/// What is not the endpoint, in bytes.
const FIXED: usize = 1 + 1 + 32 + 16 + 2;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is not a code. Groups are numbered from 1, as they are on the paper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error("there is no code")]
    Empty,
    #[error("group {number} ({text}) holds “{symbol}”, which no code has")]
    Symbol { number: usize, text: String, symbol: char },
    #[error("group {number} ({text}) is mistyped")]
    Group { number: usize, text: String },
    #[error("the code has {groups} groups of {expected}")]
    Incomplete { groups: usize, expected: usize },
    #[error("the code has {groups} groups, more than {expected}")]
    TooLong { groups: usize, expected: usize },
    #[error("the code is of version {0}, which only a later program understands")]
    Version(u8),
    #[error("every group is right, but not all of them belong to the same code")]
    Mixed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub gateway: Endpoint,
    pub key: PublicKey,
    pub secret: Secret,
}

impl Code {
    /// Groups of six symbols joined by hyphens, all upper case.
    pub fn text(&self) -> String {
        self.groups().join("-")
    }

    /// The groups, for who sets them out on paper.
    pub fn groups(&self) -> Vec<String> {
        symbols(&self.bytes()).chunks(DATA).zip(1..).map(|(data, number)| close_group(data, number)).collect()
    }

    /// The same as a small text file: `comment` in lines that start with `#`, then the code.
    pub fn file(&self, comment: &str) -> String {
        let comment: String =
            comment.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
        let rows: Vec<String> = self.groups().chunks(5).map(|row| row.join("-")).collect();
        format!("{comment}\n{}\n", rows.join("-\n"))
    }

    /// Reads what [`Code::text`] or [`Code::file`] wrote, as people type it: case, spaces, line ends
    /// and hyphens do not matter, O is read as 0, I and L as 1, lines that start with `#` are skipped.
    ///
    /// # Errors
    /// Names the first group that is wrong.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let typed: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(|line| [line, "\n"])
            .collect();
        let groups = regroup(&typed);
        match Self::from_groups(&groups) {
            Err(CodeError::Group { number, text }) => {
                Err(as_typed(&typed).unwrap_or(CodeError::Group { number, text }))
            }
            other => other,
        }
    }

    fn from_groups(groups: &[String]) -> Result<Self, CodeError> {
        let mut data = Vec::with_capacity(groups.len() * DATA);
        for (group, number) in groups.iter().zip(1..) {
            data.extend(open_group(group, number)?);
        }
        if data.is_empty() {
            return Err(CodeError::Empty);
        }
        let bytes = bytes(&data);
        // One group holds three bytes: version and length are there.
        if bytes[0] != VERSION {
            return Err(CodeError::Version(bytes[0]));
        }
        let length = FIXED + usize::from(bytes[1]);
        let expected = (length * 8).div_ceil(DATA * 5);
        if groups.len() < expected {
            return Err(CodeError::Incomplete { groups: groups.len(), expected });
        }
        if groups.len() > expected {
            return Err(CodeError::TooLong { groups: groups.len(), expected });
        }
        Self::from_bytes(&bytes[..length]).ok_or(CodeError::Mixed)
    }

    fn bytes(&self) -> Vec<u8> {
        let endpoint = endpoint_bytes(&self.gateway);
        let length =
            u8::try_from(endpoint.len()).expect("a host name has 253 bytes at most, and its port two");
        let mut bytes = vec![VERSION, length];
        bytes.extend(endpoint);
        bytes.extend(self.key.as_bytes());
        bytes.extend(self.secret.as_bytes());
        bytes.extend(whole_check(&bytes));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, check) = bytes.split_last_chunk::<2>()?;
        if *check != whole_check(body) {
            return None;
        }
        let (rest, secret) = body.split_last_chunk::<16>()?;
        let (rest, key) = rest.split_last_chunk::<32>()?;
        let gateway = endpoint(rest.get(2..)?)?;
        Some(Self { gateway, key: PublicKey::from_bytes(*key), secret: Secret::from_bytes(*secret) })
    }
}

/// The port, then a name as it is, or the byte 4 or 6 (no name starts so) and the address.
fn endpoint_bytes(endpoint: &Endpoint) -> Vec<u8> {
    let (port, host) = match endpoint {
        Endpoint::Name { host, port } => (port, host.as_str().as_bytes().to_vec()),
        Endpoint::Address(SocketAddr::V4(address)) => {
            (&address.port(), [&[4][..], &address.ip().octets()].concat())
        }
        Endpoint::Address(SocketAddr::V6(address)) => {
            (&address.port(), [&[6][..], &address.ip().octets()].concat())
        }
    };
    [&port.to_be_bytes()[..], &host].concat()
}

fn endpoint(bytes: &[u8]) -> Option<Endpoint> {
    let (port, host) = bytes.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    match host {
        [4, ip @ ..] => Some(Endpoint::Address((<[u8; 4]>::try_from(ip).ok()?, port).into())),
        [6, ip @ ..] => Some(Endpoint::Address((<[u8; 16]>::try_from(ip).ok()?, port).into())),
        name => Some(Endpoint::Name { host: std::str::from_utf8(name).ok()?.parse().ok()?, port }),
    }
}

fn whole_check(body: &[u8]) -> [u8; 2] {
    let digest = Sha256::new().chain_update(b"beffroi/code/1").chain_update(body).finalize();
    [digest[0], digest[1]]
}

/// What was typed, without separators, cut again into groups.
fn regroup(typed: &str) -> Vec<String> {
    let symbols: Vec<char> = typed.chars().filter(|symbol| !is_separator(*symbol)).collect();
    symbols.chunks(GROUP).map(|group| group.iter().collect()).collect()
}

/// The first wrong group of someone who kept the groups of the paper: a symbol that is missing or
/// doubled shifts all that follow, and only the separators tell where it happened.
fn as_typed(typed: &str) -> Option<CodeError> {
    let groups: Vec<&str> = typed.split(is_separator).filter(|group| !group.is_empty()).collect();
    let whole = groups.iter().filter(|group| group.chars().count() == GROUP).count();
    if whole * 2 < groups.len() {
        return None;
    }
    groups.iter().zip(1..).find_map(|(group, number)| open_group(group, number).err())
}

fn is_separator(symbol: char) -> bool {
    // The hyphens and dashes that word processors put in the place of a hyphen are hyphens too.
    symbol.is_whitespace() || matches!(symbol, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{feff}')
}

fn close_group(data: &[u8], number: usize) -> String {
    data.iter().chain([&check(data, number)]).map(|&symbol| letter(symbol)).collect()
}

/// The five symbols of a group whose check character is right.
fn open_group(group: &str, number: usize) -> Result<[u8; DATA], CodeError> {
    let text = || group.to_uppercase();
    let symbols: Vec<u8> = group
        .chars()
        .map(|symbol| value(symbol).ok_or_else(|| CodeError::Symbol { number, text: text(), symbol }))
        .collect::<Result<_, _>>()?;
    match symbols.split_last_chunk::<1>() {
        Some((data, [last])) if data.len() == DATA && check(data, number) == *last => {
            Ok(data.try_into().expect("the length was just compared"))
        }
        _ => Err(CodeError::Group { number, text: text() }),
    }
}

/// The check character of a group: weights x⁵ to x (Horner's rule) for the symbols, 1 for itself,
/// plus the group's number.
fn check(data: &[u8], number: usize) -> u8 {
    let sum = data.iter().fold(0, |sum, &symbol| double(sum ^ symbol));
    sum ^ (number & 31) as u8
}

/// Multiplies by x in GF(32) = GF(2)[x] / (x⁵ + x² + 1).
fn double(element: u8) -> u8 {
    let doubled = element << 1;
    if doubled & 32 == 0 { doubled } else { doubled ^ 0b10_0101 }
}

fn letter(symbol: u8) -> char {
    char::from(ALPHABET[usize::from(symbol)])
}

fn value(symbol: char) -> Option<u8> {
    let symbol = match symbol.to_ascii_uppercase() {
        'O' => b'0',
        'I' | 'L' => b'1',
        other => u8::try_from(other).ok()?,
    };
    ALPHABET.iter().position(|&known| known == symbol).map(|index| index as u8)
}

/// Five bits each, filled with zeros to whole groups.
fn symbols(bytes: &[u8]) -> Vec<u8> {
    let count = (bytes.len() * 8).div_ceil(DATA * 5) * DATA;
    let bit = |index: usize| bytes.get(index / 8).map_or(0, |byte| byte >> (7 - index % 8) & 1);
    (0..count).map(|symbol| (0..5).fold(0, |value, offset| value << 1 | bit(symbol * 5 + offset))).collect()
}

/// The reverse of [`symbols`], with the bits that fill the last byte.
fn bytes(symbols: &[u8]) -> Vec<u8> {
    let bit = |index: usize| symbols.get(index / 5).map_or(0, |symbol| symbol >> (4 - index % 5) & 1);
    (0..symbols.len() * 5 / 8)
        .map(|byte| (0..8).fold(0, |value, offset| value << 1 | bit(byte * 8 + offset)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(endpoint: &str) -> Code {
        Code {
            gateway: endpoint.parse().expect("the tests' endpoints are well formed"),
            key: PublicKey::from_bytes(std::array::from_fn(|i| i as u8 * 7)),
            secret: Secret::from_bytes(std::array::from_fn(|i| 255 - i as u8 * 3)),
        }
    }

    fn groups_with(groups: &[String], index: usize, group: &[u8]) -> String {
        let mut groups = groups.to_vec();
        groups[index] = String::from_utf8_lossy(group).into_owned();
        groups.join("-")
    }

    fn named(text: &str) -> Option<usize> {
        match Code::parse(text) {
            Err(CodeError::Group { number, .. } | CodeError::Symbol { number, .. }) => Some(number),
            _ => None,
        }
    }

    /// Printed sheets stay valid through every version: this never changes.
    #[test]
    fn the_text_is_frozen() {
        let frozen = "04ACM9-V37C5D-T6AXV3-1F4Q6N-AY31DJ-NR6RSS-9ECSS7-001REK-2ME26Z-AHH70G-ZMCKAX-MBDH66-\
            JW3QFY-T2RS4B-WTM6MM-AZDNXQ-RK5X52-PFZZKE-WZDWZN-GXQNE6-FS71V0-VDXHNJ-EJV4BC-G00002";
        assert_eq!(code("gateway.example.fr:51820").text(), frozen);
    }

    #[test]
    fn every_endpoint_comes_back() {
        for endpoint in [
            "192.0.2.1:51820",
            "[2001:db8::1]:443",
            "a:1",
            "abcd:51820",
            "gateway.cote-albatre.example.fr:65535",
            &format!("{0}.{0}.{0}.fr:1", "a".repeat(63)),
        ] {
            let code = code(endpoint);
            assert_eq!(Code::parse(&code.text()), Ok(code), "{endpoint}");
        }
    }

    #[test]
    fn people_type_it_as_they_like() {
        let code = code("gateway.example.fr:51820");
        let text = code.text();
        for typed in [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('-', "\n"),
            text.replace('-', " – "),
            text.replace('0', "O").replace('1', "l"),
            text.replace('0', "o").replace('1', "I"),
            format!("  {text}\r\n"),
            format!("{} {}", &text[..3], &text[3..]),
            code.file("Bon de raccordement\n\nMairie d'Alvimare"),
        ] {
            assert_eq!(Code::parse(&typed).as_ref(), Ok(&code), "{typed}");
        }
    }

    #[test]
    fn a_file_is_a_comment_and_rows_of_groups() {
        let file = code("a:1").file("Mairie d'Alvimare\n\nSecret.");
        let lines: Vec<&str> = file.lines().collect();
        assert_eq!(lines[..4], ["# Mairie d'Alvimare", "#", "# Secret.", ""]);
        assert!(lines[4..].iter().all(|line| line.len() <= 5 * (GROUP + 1)), "{file}");
    }

    #[test]
    fn every_wrong_symbol_is_found_in_its_group() {
        let groups = code("gateway.example.fr:51820").groups();
        for (index, group) in groups.iter().enumerate() {
            for position in 0..GROUP {
                for wrong in ALPHABET.iter().filter(|&&wrong| wrong != group.as_bytes()[position]) {
                    let mut group = group.clone().into_bytes();
                    group[position] = *wrong;
                    assert_eq!(named(&groups_with(&groups, index, &group)), Some(index + 1));
                }
            }
        }
    }

    #[test]
    fn symbols_that_changed_places_in_a_group_are_found() {
        let groups = code("gateway.example.fr:51820").groups();
        for (index, group) in groups.iter().enumerate() {
            for (a, b) in (0..GROUP).flat_map(|a| (a + 1..GROUP).map(move |b| (a, b))) {
                let mut swapped = group.clone().into_bytes();
                swapped.swap(a, b);
                if swapped != group.as_bytes() {
                    assert_eq!(named(&groups_with(&groups, index, &swapped)), Some(index + 1));
                }
            }
        }
    }

    #[test]
    fn neighbours_that_changed_places_between_two_groups_are_found() {
        let text: String = code("gateway.example.fr:51820").groups().concat();
        for edge in (GROUP..text.len()).step_by(GROUP) {
            let mut swapped = text.clone().into_bytes();
            swapped.swap(edge - 1, edge);
            if swapped != text.as_bytes() {
                assert_eq!(named(&String::from_utf8_lossy(&swapped)), Some(edge / GROUP));
            }
        }
    }

    #[test]
    fn groups_that_changed_places_are_found() {
        let groups = code("gateway.example.fr:51820").groups();
        for (a, b) in (0..groups.len()).flat_map(|a| (a + 1..groups.len()).map(move |b| (a, b))) {
            let mut swapped = groups.clone();
            swapped.swap(a, b);
            assert_eq!(named(&swapped.join("-")), Some(a + 1), "{a} and {b}");
        }
    }

    #[test]
    fn a_missing_or_doubled_group_is_found() {
        let groups = code("gateway.example.fr:51820").groups();
        for index in 0..groups.len() - 1 {
            let mut missing = groups.clone();
            missing.remove(index);
            assert_eq!(named(&missing.join("-")), Some(index + 1));
            let mut doubled = groups.clone();
            doubled.insert(index, groups[index].clone());
            assert_eq!(named(&doubled.join("-")), Some(index + 2));
        }
        let expected = groups.len();
        let cut = groups[..expected - 1].join("-");
        assert_eq!(Code::parse(&cut), Err(CodeError::Incomplete { groups: expected - 1, expected }));
        assert_eq!(named(&groups[..1].join("-")), None);
    }

    #[test]
    fn a_missing_or_doubled_symbol_is_found_where_the_groups_were_kept() {
        let groups = code("gateway.example.fr:51820").groups();
        for (index, group) in groups.iter().enumerate() {
            for position in 0..GROUP {
                let mut missing = group.clone();
                missing.remove(position);
                assert_eq!(named(&groups_with(&groups, index, missing.as_bytes())), Some(index + 1));
                let mut doubled = group.clone();
                doubled.insert(position, 'Z');
                assert_eq!(named(&groups_with(&groups, index, doubled.as_bytes())), Some(index + 1));
            }
        }
    }

    #[test]
    fn what_is_not_a_code_is_explained() {
        fn check(text: &str, expected: &CodeError) {
            assert_eq!(Code::parse(text).as_ref(), Err(expected), "{text}");
        }
        let number = 1;
        check("", &CodeError::Empty);
        check(" -\n# Bon de raccordement\n", &CodeError::Empty);
        check("ABCDEU", &CodeError::Symbol { number, text: "ABCDEU".into(), symbol: 'U' });
        check("ABCé", &CodeError::Symbol { number, text: "ABCÉ".into(), symbol: 'é' });
        check("ABC", &CodeError::Group { number, text: "ABC".into() });

        let mut later = code("a:1").bytes();
        later[0] = 2;
        let text: String =
            symbols(&later).chunks(DATA).zip(1..).map(|(data, number)| close_group(data, number)).collect();
        check(&text, &CodeError::Version(2));
    }

    #[test]
    fn groups_of_two_sheets_are_not_a_code() {
        let one = code("gateway.example.fr:51820");
        let other = Code { secret: Secret::from_bytes([9; 16]), ..one.clone() };
        let half = one.groups().len() - 3;
        let mixed = [&one.groups()[..half], &other.groups()[half..]].concat();
        assert_eq!(Code::parse(&mixed.join("-")), Err(CodeError::Mixed));
    }

    #[test]
    fn a_code_that_goes_on_is_too_long() {
        let code = code("a:1");
        let expected = code.groups().len();
        let number = expected + 1;
        let text = format!("{}-{}", code.text(), close_group(&[0; DATA], number));
        assert_eq!(Code::parse(&text), Err(CodeError::TooLong { groups: number, expected }));
    }
}
