//! An archive on its way through the socket, in chunks, so that its end differs from a broken connection.
//!
//! A chunk is its length (4 bytes, big-endian) and as many bytes. Length 0 is the end of a whole archive.
//! The largest length says that the archive could not be finished; a sentence for the journal follows.

use std::io::{self, Read, Write};

/// Bytes of a chunk at most.
const CHUNK: usize = 64 * 1024;
const END: u32 = 0;
const FAILED: u32 = u32::MAX;
/// Bytes of the sentence at most.
const SENTENCE: u64 = 4096;

/// Writes what is written to it as chunks.
pub(super) struct Sender<W: Write> {
    out: W,
    chunk: Vec<u8>,
}

impl<W: Write> Sender<W> {
    pub(super) fn new(out: W) -> Sender<W> {
        Sender { out, chunk: Vec::with_capacity(CHUNK) }
    }

    /// Says that this was all.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.flush()?;
        self.out.write_all(&END.to_be_bytes())
    }

    /// Says that there is more, which cannot be had.
    pub(super) fn fail(mut self, sentence: &str) -> io::Result<()> {
        self.out.write_all(&FAILED.to_be_bytes())?;
        self.out.write_all(sentence.as_bytes())
    }
}

impl<W: Write> Write for Sender<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.len() == CHUNK {
            self.flush()?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let length = u32::try_from(self.chunk.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

/// Copies a whole archive, or fails with what the other side said.
pub(super) fn receive(mut from: impl Read, to: &mut dyn Write) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let length = match u32::from_be_bytes(length) {
            END => return Ok(()),
            FAILED => {
                let mut sentence = Vec::new();
                from.take(SENTENCE).read_to_end(&mut sentence)?;
                return Err(io::Error::other(String::from_utf8_lossy(&sentence)));
            }
            length => length as usize,
        };
        let chunk = chunk.get_mut(..length).ok_or(io::ErrorKind::InvalidData)?;
        from.read_exact(chunk)?;
        to.write_all(chunk)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(stream: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        receive(stream, &mut out).map(|()| out).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_sent_is_received() {
        fn check(length: usize) {
            let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut stream = Vec::new();
            let mut sender = Sender::new(&mut stream);
            sender.write_all(&content).expect("memory takes it");
            sender.end().expect("memory takes it");
            assert!(received(&stream).as_ref() == Ok(&content), "{length} bytes");
            for cut in [stream.len() - 1, stream.len() - 4] {
                assert!(received(&stream[..cut]).is_err(), "{cut} of {}", stream.len());
            }
        }
        check(0);
        check(1);
        check(CHUNK);
        check(CHUNK + 1);
        check(3 * CHUNK);
    }

    #[test]
    fn what_cannot_be_finished_is_said() {
        let mut stream = Vec::new();
        let mut sender = Sender::new(&mut stream);
        sender.write_all(b"the beginning").expect("memory takes it");
        sender.fail("the tower fell").expect("memory takes it");
        assert_eq!(received(&stream), Err("the tower fell".to_owned()));
    }

    #[test]
    fn a_chunk_that_is_too_long_is_refused() {
        assert!(received(&[0, 1, 0, 1, 9, 9]).is_err());
    }
}
