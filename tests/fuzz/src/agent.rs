//! What the agent reads of its own making, which may have been damaged since, and of the computers that it lets in.

use beffroi_agent::serve::question::{self, Book, Reply};
use beffroi_agent::{state as file, status as socket};

/// The agent's state file.
pub fn state(bytes: &[u8]) {
    if let Ok(state) = file::parse(bytes) {
        let again = file::parse(&file::encode(state.clone()));
        assert_eq!(again.expect("what was just written"), state);
    }
}

/// What the agent's socket tells.
pub fn status(bytes: &[u8]) {
    if let Ok(report) = socket::parse(bytes) {
        assert!(!report.text().is_empty());
    }
}

/// A name that a computer asks for.
pub fn names(bytes: &[u8]) {
    let book = Book { names: vec!["intranet.coeur-de-caux.fr".to_owned()], address: [192, 168, 1, 5].into() };
    match question::reply(bytes, &book) {
        Reply::Answer(answer) => {
            assert!(question::is_answer_to(bytes, &answer));
            assert_eq!(question::reply(&answer, &book), Reply::Silence, "an answer is not answered");
        }
        Reply::PassOn => assert!(question::is_answer_to(bytes, &question::failure(bytes))),
        Reply::Silence => {}
    }
}
