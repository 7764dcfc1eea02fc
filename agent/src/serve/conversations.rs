//! Connections of the local network, each with a conversation of its own. What is said is not known here.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// After the system refused to receive or accept.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// For ever; what is under way ends with it.
pub(super) async fn converse_with_each<C>(
    listener: TcpListener,
    converse: impl Fn(TcpStream, SocketAddr) -> C,
) where
    C: Future<Output: Send> + Send + 'static,
{
    let mut conversations = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = conversations.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                conversations.spawn(converse(stream, peer));
            }
            Err(error) => {
                log::debug!("a connection could not be accepted: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}
