//! The next connection, whatever goes wrong between.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time;

/// The pause after the first failure; each further one is twice as long, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// Waits for it. A failure is no reason to end the service: those who are connected are
/// answered meanwhile, and it passes when one of them leaves.
pub(super) async fn next(listener: &TcpListener) -> TcpStream {
    let mut pause = SHORTEST;
    loop {
        match listener.accept().await {
            Ok((stream, _from)) => {
                // Answers are small, and nobody should wait for a second packet to fill.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its small packets back");
                }
                return stream;
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(
                    %error,
                    "no connection can be taken; if these are too many open files, raise their \
                     limit (ulimit -n) or lower --max-connections"
                );
                time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST);
            }
        }
    }
}

/// Whether it is about this one connection, which its client gave up before it was taken.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
