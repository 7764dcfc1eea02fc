//! "Something has changed": what lives outside the database follows it, and those who changed it can
//! wait until it has.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// For those who change machines or guests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Changes {
    /// How many changes were announced.
    announced: Arc<watch::Sender<u64>>,
    /// How many of them are carried out.
    done: watch::Receiver<u64>,
}

/// For the one who carries them out.
#[derive(Debug)]
pub struct Follower {
    announced: watch::Receiver<u64>,
    done: watch::Sender<u64>,
}

/// For those who look again whenever something has changed.
#[derive(Debug)]
pub struct Announcements(watch::Receiver<u64>);

/// Both ends.
pub fn changes() -> (Changes, Follower) {
    let (announced, announced_receiver) = watch::channel(0);
    let (done, done_receiver) = watch::channel(0);
    let changes = Changes { announced: Arc::new(announced), done: done_receiver };
    (changes, Follower { announced: announced_receiver, done })
}

/// Carries on to the end even when whoever waits for it goes away, as a handler does with the browser that
/// hangs up: what is written in the database and what has to follow it happen both or not at all.
pub async fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Only the end of the process stops it, which stops the one who waits as well.
            Err(_) => std::future::pending().await,
        },
    }
}

impl Changes {
    /// Those that are made from now on.
    pub fn announcements(&self) -> Announcements {
        Announcements(self.announced.subscribe())
    }

    /// Says that the database has changed, after the transaction.
    pub fn announce(&self) {
        self.announced.send_modify(|count| *count += 1);
    }

    /// The same, and waits until the change is carried out. `false` when it took too long: it will be
    /// carried out later.
    pub async fn carry_out(&self, patience: Duration) -> bool {
        let mut mine = 0;
        self.announced.send_modify(|count| {
            *count += 1;
            mine = *count;
        });
        let mut done = self.done.clone();
        matches!(tokio::time::timeout(patience, done.wait_for(|count| *count >= mine)).await, Ok(Ok(_)))
    }

    /// Writes a change and [carries it out](Changes::carry_out), [to the end](to_the_end).
    ///
    /// # Errors
    /// Those of the writing: there is nothing to carry out then.
    pub async fn make<E: Send + 'static>(
        &self,
        write: impl Future<Output = Result<(), E>> + Send + 'static,
        patience: Duration,
    ) -> Result<bool, E> {
        let changes = self.clone();
        to_the_end(async move {
            write.await?;
            Ok(changes.carry_out(patience).await)
        })
        .await
    }
}

impl Announcements {
    /// Waits for one that was not told yet. Never returns when nobody can announce any more.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Follower {
    /// Waits for a change that was not asked for yet. Never returns when nobody can announce any more.
    pub async fn changed(&mut self) {
        if self.announced.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What is announced by now: to be given to [`Follower::done`] when the database, read after this
    /// call, has been carried out.
    pub fn pending(&mut self) -> u64 {
        *self.announced.borrow_and_update()
    }

    pub fn done(&self, announced: u64) {
        self.done.send_replace(announced);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn whoever_announces_waits_for_its_own_change() {
        let (changes, mut follower) = changes();
        changes.announce();
        let before = follower.pending();
        let waiting = tokio::spawn({
            let changes = changes.clone();
            async move { changes.carry_out(PATIENCE).await }
        });
        follower.changed().await;
        follower.done(before);
        assert!(!waiting.is_finished(), "what was read before is not the change");
        follower.done(follower.announced.borrow().to_owned());
        assert!(waiting.await.expect("the task ends"));
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_although_nobody_waits() {
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = tokio::sync::oneshot::channel();
        let (changes, mut follower) = changes();
        let work = tokio::spawn(to_the_end(async move {
            begun.send(()).expect("the test waits");
            may_go_on.await.expect("the test says so");
            changes.announce();
        }));
        has_begun.await.expect("the work begins");
        work.abort();
        assert!(work.await.is_err_and(|error| error.is_cancelled()));
        go_on.send(()).expect("the work goes on");
        follower.changed().await;
        assert_eq!(follower.pending(), 1);
    }

    #[tokio::test]
    async fn waiting_ends() {
        let (changes, _follower) = changes();
        assert!(!changes.carry_out(Duration::ZERO).await);
    }
}
