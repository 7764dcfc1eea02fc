//! The gateway's own key: what netd is asked for, what it tells, and the word to the machines before it changes.

use beffroi_protocol::PublicKey;

use super::Keeper;
use crate::directory::{self, KeyChange, News, Stage};
use crate::links::Error;
use crate::links::farewell::Word;
use crate::netd::{KeyWish, Present};
use crate::store::WriteTx;

/// The key in use, and the next.
pub(super) type Told = (PublicKey, Option<PublicKey>);

pub(in crate::links) fn wish(change: Option<&KeyChange>) -> KeyWish {
    match change.map(|change| change.stage) {
        Some(Stage::Prepared(_)) => KeyWish::Prepare,
        Some(Stage::Ordered(key)) => KeyWish::Become(key),
        Some(Stage::Done(_)) | None => KeyWish::Stay,
    }
}

impl Keeper {
    /// The machines change with the gateway instead of finding out by its silence.
    pub(super) async fn warn_of_change(&self, wish: KeyWish) {
        let KeyWish::Become(key) = wish else { return };
        if self.board.gateway_key() != Some(key) {
            self.farewells.say(Word::Changing, self.board.askers()).await;
        }
    }

    /// Writes down what is new.
    pub(super) async fn note_keys(&mut self, present: &Present) -> Result<(), Error> {
        let Some(key) = present.tunnel.key else { return Ok(()) };
        let told = (key, present.next_key);
        if self.told_keys == Some(told) {
            return Ok(());
        }
        let write = async move |tx: &mut WriteTx| directory::note_gateway_keys(tx, &told.0, told.1).await;
        let news = self.store.write(write).await?;
        self.told_keys = Some(told);
        match news {
            None => {}
            Some(News::First) => log::info!("the gateway's public key is {key}"),
            Some(News::Prepared(next)) => {
                log::info!("the gateway's next key is {next}: the machines are told");
            }
            Some(News::Changed) => log::info!("the gateway's key was changed: it is {key}"),
            Some(News::Lost) => {
                log::error!(
                    "the key that the gateway was to have is gone, and it keeps {key}: prepare another one"
                );
            }
            Some(News::Another) => {
                log::warn!("the gateway has another key, {key}: sheets printed before no longer lead here");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn netd_is_asked_for_what_was_decided() {
        let key = PublicKey::from_bytes([7; 32]);
        let check = |stage: Option<Stage>, expected: KeyWish| {
            let change = stage.map(|stage| KeyChange {
                stage,
                since: Timestamp::UNIX_EPOCH,
                by: "Le référent".to_owned(),
            });
            assert_eq!(wish(change.as_ref()), expected, "{stage:?}");
        };
        check(None, KeyWish::Stay);
        check(Some(Stage::Prepared(None)), KeyWish::Prepare);
        check(Some(Stage::Prepared(Some(key))), KeyWish::Prepare);
        check(Some(Stage::Ordered(key)), KeyWish::Become(key));
        check(Some(Stage::Done(key)), KeyWish::Stay);
    }
}
