//! Bytes that the readers of this package have met, or may meet: what `make fuzz` looks for, without looking.

#[path = "../../tests/fuzz/src/corpus.rs"]
mod corpus;
#[expect(unreachable_pub, reason = "another workspace uses it as a library")]
#[path = "../../tests/fuzz/src/gateway.rs"]
mod readers;

#[test]
fn every_reader_bears_what_is_kept() {
    corpus::replay("list", readers::list);
    corpus::replay("people", readers::people);
    corpus::replay("netd", readers::netd);
    corpus::replay("control", readers::control);
}
