//! Something that is done beside, one at a time. What it is, and when it is begun again, is the business of who
//! begins it.

use tokio::task::JoinHandle;

/// What is under way, if anything; it ends with this.
#[derive(Debug)]
pub(crate) struct UnderWay<T>(Option<JoinHandle<T>>);

impl<T> Default for UnderWay<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> UnderWay<T> {
    /// In place of what is under way.
    pub(crate) fn begin(&mut self, task: impl Future<Output = T> + Send + 'static)
    where
        T: Send + 'static,
    {
        self.give_up();
        self.0 = Some(tokio::spawn(task));
    }

    pub(crate) const fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// What has come of it since it was last asked; `None` while it goes on, too.
    pub(crate) async fn outcome(&mut self) -> Option<T> {
        let ended = self.0.take_if(|task| task.is_finished())?;
        ended.await.ok()
    }

    pub(crate) fn give_up(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
    }
}

impl<T> Drop for UnderWay<T> {
    fn drop(&mut self) {
        self.give_up();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn what_came_of_it_is_told_once() {
        let mut under_way = UnderWay::default();
        assert_eq!(under_way.outcome().await, None);
        let (go_on, waits) = oneshot::channel();
        under_way.begin(waits);
        assert_eq!(under_way.outcome().await, None);
        assert!(under_way.is_any());
        go_on.send(7).expect("it waits");
        let outcome = loop {
            match under_way.outcome().await {
                Some(outcome) => break outcome,
                None => yield_now().await,
            }
        };
        assert_eq!(outcome, Ok(7));
        assert!(!under_way.is_any());
        assert_eq!(under_way.outcome().await, None);
    }

    #[tokio::test]
    async fn it_ends_when_it_is_wanted_no_more() {
        let begun = |under_way: &mut UnderWay<()>| {
            let (held, ended) = oneshot::channel::<()>();
            under_way.begin(async move {
                let _held = held;
                std::future::pending::<()>().await;
            });
            ended
        };
        let mut under_way = UnderWay::default();
        let replaced = begun(&mut under_way);
        let given_up = begun(&mut under_way);
        assert!(replaced.await.is_err());
        under_way.give_up();
        assert!(given_up.await.is_err());
        let dropped = begun(&mut under_way);
        drop(under_way);
        assert!(dropped.await.is_err());
    }
}
