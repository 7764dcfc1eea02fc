//! What the person at the terminal reads when joining did not end well: what happened, and what to do.

use beffroi_protocol::code::CodeError;

use super::Error;
use crate::texts::{reason, t, t_with, tunnel_reason};

impl Error {
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Code(error) => code_message(error) + " " + &t("join-nothing-sent"),
            Self::File { path, source } => t_with(
                "join-file",
                &[("path", path.display().to_string().into()), ("reason", reason(source).into())],
            ),
            Self::State(error) => error.message(),
            Self::Busy => t("busy"),
            Self::Already { commune } => t_with("join-already", &[("commune", commune.as_str().into())]),
            Self::Random(error) => t_with("broken", &[("reason", error.to_string().into())]),
            Self::Tunnel(error) => t_with("join-tunnel", &[("reason", tunnel_reason(error).into())]),
            Self::NoAddress { endpoint } => {
                t_with("join-no-address", &[("gateway", endpoint.to_string().into())])
            }
            Self::Unreachable { endpoint, tried, .. } => {
                let tried: Vec<String> = tried.iter().map(ToString::to_string).collect();
                let values = [("gateway", endpoint.to_string().into()), ("tried", tried.join(", ").into())];
                t_with("join-unreachable", &values)
            }
            Self::Refused(refused) => t_with("join-refused", &[("message", refused.message.as_str().into())]),
            Self::Probes(error) => t_with("broken", &[("reason", error.to_string().into())]),
        }
    }
}

fn code_message(error: &CodeError) -> String {
    match error {
        CodeError::Empty => t("code-empty"),
        CodeError::Symbol { number, text, symbol } => t_with(
            "code-symbol",
            &[
                ("number", (*number).into()),
                ("text", text.as_str().into()),
                ("symbol", symbol.to_string().into()),
            ],
        ),
        CodeError::Group { number, text } => {
            t_with("code-group", &[("number", (*number).into()), ("text", text.as_str().into())])
        }
        CodeError::Incomplete { groups, expected } => {
            t_with("code-incomplete", &[("groups", (*groups).into()), ("expected", (*expected).into())])
        }
        CodeError::TooLong { groups, expected } => {
            t_with("code-too-long", &[("groups", (*groups).into()), ("expected", (*expected).into())])
        }
        CodeError::Version(_) => t("code-version"),
        CodeError::Mixed => t("code-mixed"),
    }
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::code::Code;

    use super::*;

    #[test]
    fn a_mistyped_group_is_named_as_it_was_typed() {
        let error = Code::parse("04ACM9-V37C5E").expect_err("a mistyped code");
        let message = Error::Code(error).message();
        assert!(message.contains("n° 2") && message.contains("V37C5E"), "{message}");
        assert!(message.contains("Rien n’a été envoyé"), "{message}");
    }

    #[test]
    fn groups_are_counted_in_the_singular_and_in_the_plural() {
        fn check(groups: usize, told: &str) {
            let message = Error::Code(CodeError::Incomplete { groups, expected: 14 }).message();
            assert!(message.starts_with(told), "{message}");
        }
        check(1, "Le code n’est pas entier : 1 groupe sur 14.");
        check(13, "Le code n’est pas entier : 13 groupes sur 14.");
    }

    #[test]
    fn an_unreachable_gateway_is_told_with_what_was_tried() {
        let error = Error::Unreachable {
            endpoint: "gateway.example.fr:51820".parse().expect("an endpoint"),
            tried: [([192, 0, 2, 1], 51820).into()].into(),
            source: crate::channel::Error::Silent(std::io::ErrorKind::TimedOut.into()).into(),
        };
        let message = error.message();
        assert!(message.contains("192.0.2.1:51820"), "{message}");
    }
}
