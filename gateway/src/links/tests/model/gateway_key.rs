//! The part of the model in which the gateway changes its key: what the referent decides, what netd does of it, and what
//! machines hear.

use beffroi_tunnel::Change;

use super::Community;
use crate::directory::{self, KeyChange, Machine, MachineId};
use crate::store::{ReadTx, WriteTx};

impl Community {
    /// netd does as it was told last, and tells the gateway when it runs.
    pub(super) async fn follow_key(&mut self) {
        let Some(wish) = self.kept.as_ref().map(|kept| kept.key) else { return };
        if self.gateway_keys.follow(wish) {
            self.device.meddle(&Change::RestoreKey);
            self.key_changed = true;
        }
        let (key, next) = self.gateway_keys.told();
        if self.gateway_runs {
            let noted =
                self.store.write(async move |tx| directory::note_gateway_keys(tx, &key, next).await).await;
            noted.expect("it is written");
        }
    }

    pub(super) async fn key_change(&self) -> Option<KeyChange> {
        self.store.read(async |tx| directory::key_change(tx).await).await.expect("it is read")
    }

    /// With a sheet that was printed a moment ago.
    pub(super) async fn join(&mut self, id: MachineId) {
        let coming = self.store.read(async |tx| directory::coming_gateway_key(tx).await).await;
        let (in_use, _) = self.gateway_keys.told();
        self.gateway_keys.joins(id, coming.expect("it is read").unwrap_or(in_use));
    }

    pub(super) async fn prepare_key(&mut self) {
        let now = self.now;
        if self.gateway_runs {
            let prepare =
                async move |tx: &mut WriteTx| directory::prepare_key_change(tx, "Le référent", now).await;
            self.store.write(prepare).await.expect("it is written");
        }
    }

    pub(super) async fn give_up_key(&mut self) {
        if self.gateway_runs {
            let given_up = self.store.write(async |tx| directory::give_up_key_change(tx).await).await;
            assert!(matches!(given_up, Ok(_) | Err(directory::Error::KeyChangeOrdered)), "{given_up:?}");
        }
    }

    pub(super) async fn order_key(&mut self, anyway: bool, and_stops: bool) {
        let next = self.key_change().await.and_then(|change| change.next());
        let Some(next) = next.filter(|_| self.gateway_runs) else { return };
        let (behind, now) = (if anyway { usize::MAX } else { 0 }, self.now);
        let order = async move |tx: &mut WriteTx| {
            let unaware = directory::awareness(tx, &next).await?;
            directory::order_key_change(tx, &next, behind, "Le référent", now).await?;
            Ok(unaware.into_iter().filter(|(_, is_aware)| !is_aware).map(|(id, _)| id).collect::<Vec<_>>())
        };
        match self.store.write(order).await {
            Ok(unaware) => {
                self.gateway_keys.leave_behind(unaware);
                self.gateway_runs = !and_stops;
            }
            Err(directory::Error::Unaware(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether what a machine tells arrives is left to chance; it is told again at its next call.
    pub(super) async fn call(&mut self) {
        for Machine { id, .. } in self.machines().await {
            if self.chance.of(3) == 0 || !self.gateway_keys.calls(id) || !self.gateway_runs {
                continue;
            }
            let next = self.key_change().await.and_then(|change| change.next());
            self.gateway_keys.learns(id, next);
            if let Some(next) = next.filter(|_| self.chance.of(4) > 0) {
                let note = self.store.write(async move |tx| directory::note_aware(tx, id, &next).await).await;
                note.expect("it is the next key");
            }
        }
    }

    pub(super) async fn check_keys(&self, told: &str) {
        let read = async |tx: &ReadTx| {
            Ok((directory::gateway_key(tx).await?, directory::next_gateway_key(tx).await?))
        };
        let known: Result<_, directory::Error> = self.store.read(read).await;
        let (key, next) = self.gateway_keys.told();
        assert_eq!(known.expect("they are read"), (Some(key), next), "{told}: the gateway knows other keys");
    }
}
