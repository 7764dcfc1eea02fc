//! What is known of a commune beside its name: its number, its inhabitants, where its town hall is and how it is rung.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::people::Phone;
use super::{CommuneId, Error, commune};
use crate::store::{Read, Record, Table, Write};

/// Of the communes of which something is known.
pub(super) const DETAILS: Table<CommuneId, DetailsRecord> = Table::new("directory.details");

/// Nothing of it has to be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommuneDetails {
    pub insee: Option<Insee>,
    /// Inhabitants.
    pub population: Option<u32>,
    /// Of the town hall, in lines as on a letter.
    pub address: Option<String>,
    /// Of the town hall.
    pub phone: Option<Phone>,
}

/// The number of a commune in the State's own list (INSEE, code officiel géographique): "76014", "2A004".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insee(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no INSEE code")]
pub struct InvalidInsee;

impl Insee {
    /// # Errors
    /// When it has not the form of one.
    pub fn parse(text: &str) -> Result<Self, InvalidInsee> {
        let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let text = text.to_uppercase();
        let digits = text.strip_prefix("2A").or_else(|| text.strip_prefix("2B"));
        let (digits, count) = digits.map_or((text.as_str(), 5), |digits| (digits, 3));
        let is_code = digits.len() == count && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_code { Ok(Self(text)) } else { Err(InvalidInsee) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Insee {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct DetailsRecord {
    insee: Option<String>,
    population: Option<u32>,
    address: Option<String>,
    phone: Option<String>,
}

impl Record for DetailsRecord {
    const VERSION: u8 = 1;
}

impl DetailsRecord {
    fn details(self, id: CommuneId) -> Result<CommuneDetails, Error> {
        let damaged = || Error::Damaged(format!("the details of commune {id}"));
        Ok(CommuneDetails {
            insee: self.insee.map(|text| Insee::parse(&text)).transpose().map_err(|_| damaged())?,
            population: self.population,
            address: self.address,
            phone: self.phone.map(|text| Phone::parse(&text)).transpose().map_err(|_| damaged())?,
        })
    }
}

impl From<&CommuneDetails> for DetailsRecord {
    fn from(details: &CommuneDetails) -> Self {
        Self {
            insee: details.insee.as_ref().map(Insee::to_string),
            population: details.population,
            address: details.address.clone(),
            phone: details.phone.as_ref().map(|phone| phone.international().to_owned()),
        }
    }
}

pub async fn details(tx: &impl Read, id: CommuneId) -> Result<CommuneDetails, Error> {
    let record = tx.get(&DETAILS, &id).await?;
    record.map_or_else(|| Ok(CommuneDetails::default()), |record| record.details(id))
}

/// # Errors
/// [`Error::NoSuchCommune`].
pub async fn set_details(tx: &mut impl Write, id: CommuneId, details: &CommuneDetails) -> Result<(), Error> {
    commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    tx.put(&DETAILS, &id, &DetailsRecord::from(details)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insee_codes_have_their_form() {
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(Insee::parse(text).ok().as_ref().map(Insee::as_str), expected, "{text}");
        }
        check("76014", Some("76014"));
        check(" 76 014 ", Some("76014"));
        check("2a004", Some("2A004"));
        check("7614", None);
        check("2C004", None);
        check("76O14", None);
        check("", None);
    }
}
