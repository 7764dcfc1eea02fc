//! What the gateway reads of the programs and the people around it.

use beffroi_gateway::directory::CommuneName;
use beffroi_gateway::netd::message;
use beffroi_gateway::{control as commands, enrolment, people};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The list of communes, as a spreadsheet wrote it or as someone typed it.
pub fn list(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for listing in [enrolment::read_list(bytes), enrolment::read_typed(&text)] {
        for mistake in &listing.mistakes {
            assert!(mistake.line > 0, "lines are counted from 1: {mistake:?}");
            assert!(!mistake.wrong.explain().is_empty());
        }
        for line in &listing.lines {
            assert_eq!(CommuneName::parse(line.name.as_str()).as_ref(), Ok(&line.name));
        }
    }
}

/// The list of people, in whatever form a spreadsheet saved it.
pub fn people(bytes: &[u8]) {
    match people::read(bytes) {
        Ok(listing) => assert!(listing.lines.iter().all(|line| line.number > 0), "{listing:?}"),
        Err(unfit) => assert!(!unfit.explain().is_empty(), "{unfit:?}"),
    }
}

/// What gateway and netd say to each other.
pub fn netd(bytes: &[u8]) {
    netd_message::<message::Request>(bytes);
    netd_message::<message::Reply>(bytes);
}

/// What a command asks of the running gateway.
pub fn control(bytes: &[u8]) {
    if let Ok(Some(request)) = commands::parse(bytes) {
        assert_eq!(request.encode().as_deref(), Ok(bytes));
        assert_eq!(commands::parse(&bytes[..bytes.len() - 1]), Ok(None));
    }
}

fn netd_message<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(Some(message)) = message::parse::<T>(bytes) {
        assert!(matches!(message::parse::<T>(&bytes[..bytes.len() - 1]), Ok(None)));
        let text = message::encode(&message).expect("it is hardly longer than what came");
        assert_eq!(message::parse::<T>(&text).expect("what was just written"), Some(message));
    }
}
