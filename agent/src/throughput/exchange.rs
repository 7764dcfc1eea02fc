//! What passes on the connection: this end counts first and sends then, as [`beffroi_protocol::throughput`] says.

use std::time::Instant;

use beffroi_protocol::throughput::{Count, Receiving, Sending, Step};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::{Error, Throughput};

/// Of one read from the socket, in bytes.
const BUFFER: usize = 64 << 10;
/// The length of a frame, in front of it.
const HEADER: usize = 2;

pub(super) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<Throughput, Error> {
    let mut stream = BufReader::with_capacity(BUFFER, stream);
    let received = receive(&mut stream).await?;
    send(&mut stream).await?;
    stream.write_all(&received.to_bytes()).await?;
    stream.flush().await?;
    let mut sent = [0; Count::LENGTH];
    stream.read_exact(&mut sent).await?;
    let rate = |count: Count| count.bits_per_second().ok_or(Error::TooLittle);
    Ok(Throughput { received: rate(received)?, sent: rate(Count::from_bytes(sent))? })
}

async fn receive(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Count, Error> {
    let mut receiving = Receiving::default();
    let mut frame = vec![0; usize::from(u16::MAX)];
    loop {
        let length = stream.read_u16().await?;
        if length == 0 {
            return receiving.count().ok_or(Error::TooLittle);
        }
        stream.read_exact(&mut frame[..usize::from(length)]).await?;
        let total = receiving.arrived(length, Instant::now())?;
        stream.write_u64(total).await?;
        stream.flush().await?;
    }
}

/// The same bytes again and again: in the tunnel they are as good as random, and nobody can pack them.
async fn send(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), Error> {
    let mut sending = Sending::new(Instant::now());
    let mut frame = vec![0; HEADER + usize::from(u16::MAX)];
    loop {
        match sending.step(Instant::now()) {
            Step::Send(length) => {
                frame[..HEADER].copy_from_slice(&length.to_be_bytes());
                stream.write_all(&frame[..HEADER + usize::from(length)]).await?;
                stream.flush().await?;
            }
            Step::Listen => {
                let total = stream.read_u64().await?;
                sending.heard(total, Instant::now())?;
            }
            Step::End => {
                stream.write_u16(0).await?;
                stream.flush().await?;
                return Ok(());
            }
        }
    }
}
