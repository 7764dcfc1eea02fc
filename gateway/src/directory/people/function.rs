//! What somebody is elected or employed to do.

use serde::Serialize;

use crate::directory::name::fold;

/// In the order in which a list names them within a commune. What is stored and exported is [`Function::word`], so
/// that one more can stand where it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Function {
    President,
    VicePresident,
    Mayor,
    DeputyMayor,
    Delegate,
    Councillor,
    Secretary,
    ProjectOfficer,
    Referent,
}

impl Function {
    pub const ALL: [Self; 9] = [
        Self::President,
        Self::VicePresident,
        Self::Mayor,
        Self::DeputyMayor,
        Self::Delegate,
        Self::Councillor,
        Self::Secretary,
        Self::ProjectOfficer,
        Self::Referent,
    ];

    /// Takes what stands in a town hall's list: "1er adjoint", "Adjointe au maire", "conseillère communautaire".
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text);
        let words: Vec<&str> = folded.split(' ').skip_while(|word| is_rank(word)).collect();
        Some(match words.join(" ").as_str() {
            "president" | "presidente" => Self::President,
            "vice president" | "vice presidente" => Self::VicePresident,
            "maire" => Self::Mayor,
            "adjoint" | "adjointe" | "adjoint au maire" | "adjointe au maire" | "maire adjoint"
            | "maire adjointe" => Self::DeputyMayor,
            "delegue"
            | "deleguee"
            | "delegue communautaire"
            | "deleguee communautaire"
            | "conseiller communautaire"
            | "conseillere communautaire" => Self::Delegate,
            "conseiller" | "conseillere" | "conseiller municipal" | "conseillere municipale" => {
                Self::Councillor
            }
            "secretaire"
            | "secretaire de mairie"
            | "secretaire general de mairie"
            | "secretaire generale de mairie" => Self::Secretary,
            "charge de mission" | "chargee de mission" => Self::ProjectOfficer,
            "referent" | "referente" => Self::Referent,
            _ => return None,
        })
    }

    /// The name of the text that names it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::President => "directory-function-president",
            Self::VicePresident => "directory-function-vice-president",
            Self::Mayor => "directory-function-mayor",
            Self::DeputyMayor => "directory-function-deputy-mayor",
            Self::Delegate => "directory-function-delegate",
            Self::Councillor => "directory-function-councillor",
            Self::Secretary => "directory-function-secretary",
            Self::ProjectOfficer => "directory-function-project-officer",
            Self::Referent => "directory-function-referent",
        }
    }

    /// The name of the text that names all who hold it.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::President => "directory-functions-president",
            Self::VicePresident => "directory-functions-vice-president",
            Self::Mayor => "directory-functions-mayor",
            Self::DeputyMayor => "directory-functions-deputy-mayor",
            Self::Delegate => "directory-functions-delegate",
            Self::Councillor => "directory-functions-councillor",
            Self::Secretary => "directory-functions-secretary",
            Self::ProjectOfficer => "directory-functions-project-officer",
            Self::Referent => "directory-functions-referent",
        }
    }

    /// As it is stored, and as a form and an address of a page carry it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::President => "president",
            Self::VicePresident => "vice-president",
            Self::Mayor => "maire",
            Self::DeputyMayor => "adjoint",
            Self::Delegate => "delegue",
            Self::Councillor => "conseiller",
            Self::Secretary => "secretaire",
            Self::ProjectOfficer => "charge-de-mission",
            Self::Referent => "referent",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.word() == word)
    }

    /// Whether it is held in one commune. The others are held at the communauté; a commune beside them says where
    /// somebody comes from.
    pub const fn needs_commune(self) -> bool {
        matches!(self, Self::Mayor | Self::DeputyMayor | Self::Delegate | Self::Councillor | Self::Secretary)
    }
}

/// "1er", "2e", "deuxieme": the place in a list, which is not kept.
fn is_rank(word: &str) -> bool {
    let is_number = word.starts_with(|letter: char| letter.is_ascii_digit())
        && ["er", "re", "ere", "e", "eme", "nd", "nde"].iter().any(|end| {
            word.strip_suffix(end).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        });
    is_number || matches!(word, "premier" | "premiere" | "second" | "seconde") || word.ends_with("ieme")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::t;

    #[test]
    fn functions_are_read_as_lists_write_them() {
        fn check(text: &str, expected: Option<Function>) {
            assert_eq!(Function::parse(text), expected, "{text}");
        }
        check("Maire", Some(Function::Mayor));
        check("1er adjoint", Some(Function::DeputyMayor));
        check("2ème Adjointe au maire", Some(Function::DeputyMayor));
        check("Troisième adjoint", Some(Function::DeputyMayor));
        check("conseillère communautaire", Some(Function::Delegate));
        check("Délégué communautaire", Some(Function::Delegate));
        check("CONSEILLERE MUNICIPALE", Some(Function::Councillor));
        check("1re vice-présidente", Some(Function::VicePresident));
        check("1ère vice-présidente", Some(Function::VicePresident));
        check("chargé de mission", Some(Function::ProjectOfficer));
        check("maire, délégué", None);
        check("", None);
    }

    #[test]
    fn what_is_shown_and_what_is_stored_are_read_back() {
        for function in Function::ALL {
            assert_eq!(Function::parse(&t(function.text())), Some(function));
            assert_eq!(Function::of_word(function.word()), Some(function));
        }
    }
}
