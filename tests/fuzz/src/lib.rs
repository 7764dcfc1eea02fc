//! Every reader of bytes that come from another machine, another process or a file that someone may have damaged.
//!
//! Each takes any bytes. It must not panic, and what it has understood must survive being written and read again.
//! cargo-fuzz looks for bytes that break this (`make fuzz`); the kept ones are read again at every `make test`, by
//! the test `corpora` of the package to which the reader belongs. A target and its corpus are named after the reader.

pub mod agent;
pub mod gateway;
pub mod protocol;
