//! A form that is sent twice is carried out once: each form shown carries a token of its own, and the second
//! time leads where the first led.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer};

use super::store::{SENT, Sent};
use crate::store::{self, Read, Write};

/// A browser does not send a form again after that.
const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// Characters of a token.
const LENGTH: usize = 26;
/// Old rows that are looked at when a new one is written.
const SWEPT: usize = 100;

/// The hidden field `once` of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once(String);

impl Once {
    /// For a form that is shown.
    pub fn fresh() -> Once {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the kernel gives random bytes once the machine has started");
        Once(BASE32_NOPAD.encode(&bytes))
    }

    /// Where the form led when it was sent before.
    pub async fn led_to(&self, tx: &impl Read) -> Result<Option<String>, store::Error> {
        Ok(tx.get(&SENT, &self.0).await?.map(|sent| sent.led_to))
    }

    /// Notes where it leads, in the transaction that carries it out.
    pub async fn leads_to(
        &self,
        tx: &mut impl Write,
        path: &str,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        for (token, sent) in tx.page(&SENT, .., SWEPT).await?.rows {
            if now.duration_since(sent.at) > KEPT {
                tx.remove(&SENT, &token).await?;
            }
        }
        tx.put(&SENT, &self.0, &Sent { at: now, led_to: path.to_owned() }).await
    }
}

/// A missing or strange token is a fresh one: the form is carried out.
impl Default for Once {
    fn default() -> Once {
        Once::fresh()
    }
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Once, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_ours = text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Ok(if is_ours { Once(text) } else { Once::fresh() })
    }
}

impl fmt::Display for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
