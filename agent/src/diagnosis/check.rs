//! The check address: a small page of the web that is always the same, by which one sees whether the web is
//! reached, or a portal that wants somebody to sign in first.

use hyper::Uri;

/// An `http` address; never `https`, because a portal cannot answer in another's name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: String,
}

impl Check {
    /// Debian's own, in the manner of NetworkManager.
    pub(crate) fn usual() -> Self {
        Self { host: "network-test.debian.org".into(), port: 80, path: "/nm".into() }
    }

    /// `None` for what is not an `http` address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        if uri.scheme_str() != Some("http") {
            return None;
        }
        Some(Self {
            host: uri.host().filter(|host| !host.is_empty())?.to_owned(),
            port: uri.port_u16().unwrap_or(80),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// As a browser names it in a request.
    pub(super) fn authority(&self) -> String {
        match self.port {
            80 => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_http_address_is_a_check() {
        fn check(text: &str, expected: Option<(&str, u16, &str)>) {
            let read = Check::parse(text);
            let read = read.as_ref().map(|read| (read.host.as_str(), read.port, read.path.as_str()));
            assert_eq!(read, expected, "{text}");
        }
        check("http://network-test.debian.org/nm", Some(("network-test.debian.org", 80, "/nm")));
        check("http://192.0.2.7:8080", Some(("192.0.2.7", 8080, "/")));
        check("http://exemple.fr/a?b=c", Some(("exemple.fr", 80, "/a?b=c")));
        check("https://exemple.fr/", None);
        check("exemple.fr", None);
        check("/nm", None);
        check("", None);
    }

    #[test]
    fn the_usual_port_is_not_named() {
        let authority = |text: &str| Check::parse(text).expect("an address").authority();
        assert_eq!(authority("http://exemple.fr/nm"), "exemple.fr");
        assert_eq!(authority("http://exemple.fr:8080/nm"), "exemple.fr:8080");
    }
}
