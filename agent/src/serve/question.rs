//! One DNS message of a computer that is let in: what to do with it, and the answer where it is ours (RFC 1035).
//! Pure. The bytes are a stranger's; of a message that is not about our names, only the beginning is looked at.

use std::net::Ipv4Addr;

const HEADER: usize = 12;
/// Longest name, in bytes (RFC 1035, section 2.3.4).
const NAME_MAX: usize = 255;
const TYPE_A: u16 = 1;
const TYPE_ANY: u16 = 255;
const CLASS_IN: u16 = 1;
/// How long an answer may be kept, in seconds: the machine may get another address.
const LIFETIME: u32 = 60;
/// A pointer to the name in the question, which begins behind the header (RFC 1035, section 4.1.4).
const SAME_NAME: [u8; 2] = [0xc0, HEADER as u8];
/// The fixed beginning of an OPT record: the root's name, the type (RFC 6891, section 6.1.2).
const OPT: [u8; 3] = [0, 0, 41];
/// Ours: no version but 0, no option, and datagrams that pass everywhere, in bytes.
const OWN_OPT: [u8; 11] = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0];

/// What is ours to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub names: Vec<String>,
    /// Where they all lead.
    pub address: Ipv4Addr,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Answer(Vec<u8>),
    /// To be asked of a resolver.
    PassOn,
    /// Nobody asked anything.
    Silence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Fine = 0,
    /// It is not understood.
    FormatError = 1,
    /// Nobody knows.
    Failure = 2,
    /// It is understood, and not done here.
    NotDone = 4,
}

/// What to do with a message.
pub fn reply(message: &[u8], book: &Book) -> Reply {
    let Some(header) = Header::of(message) else { return Reply::Silence };
    // Two that answer each other's answers would go on for ever.
    if header.is_answer {
        return Reply::Silence;
    }
    if header.operation != 0 {
        return Reply::Answer(bare(message, Code::NotDone));
    }
    let Some(question) = Question::of(message).filter(|_| header.questions == 1) else {
        return Reply::Answer(bare(message, Code::FormatError));
    };
    let is_ours = book.names.iter().any(|name| name.eq_ignore_ascii_case(&question.name));
    if !is_ours || question.class != CLASS_IN {
        return Reply::PassOn;
    }
    let address = matches!(question.kind, TYPE_A | TYPE_ANY).then_some(book.address);
    Reply::Answer(answer(message, &question, address))
}

/// To a question that no resolver answers.
pub fn failure(message: &[u8]) -> Vec<u8> {
    bare(message, Code::Failure)
}

/// Whether these bytes are an answer to that message.
pub fn is_answer_to(message: &[u8], answer: &[u8]) -> bool {
    let (Some(asked), Some(answered)) = (Header::of(message), Header::of(answer)) else { return false };
    answered.is_answer && message[..2] == answer[..2] && asked.operation == answered.operation
}

struct Header {
    is_answer: bool,
    operation: u8,
    questions: u16,
}

impl Header {
    fn of(message: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER] = message.first_chunk()?;
        Some(Self {
            is_answer: header[2] & 0x80 != 0,
            operation: header[2] >> 3 & 0x0f,
            questions: u16::from_be_bytes([header[4], header[5]]),
        })
    }
}

struct Question {
    /// Its labels with dots between.
    name: String,
    kind: u16,
    class: u16,
    /// Where it ends.
    end: usize,
}

impl Question {
    /// The first question. There is nothing before it that its name could point to.
    fn of(message: &[u8]) -> Option<Self> {
        let mut labels = Vec::new();
        let mut at = HEADER;
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            if length > 63 || at + length - HEADER >= NAME_MAX {
                return None;
            }
            // What is no text is no name of ours.
            labels.push(String::from_utf8_lossy(message.get(at..at + length)?));
            at += length;
        }
        let [a, b, c, d] = *message.get(at..)?.first_chunk()?;
        let (kind, class) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Some(Self { name: labels.join("."), kind, class, end: at + 4 })
    }
}

/// With the question as it was asked: some look at the case of its letters.
fn answer(message: &[u8], question: &Question, address: Option<Ipv4Addr>) -> Vec<u8> {
    let has_opt = message[question.end..].starts_with(&OPT);
    let mut answer = header(message, Code::Fine, 1, address.is_some().into(), has_opt.into());
    answer.extend_from_slice(&message[HEADER..question.end]);
    if let Some(address) = address {
        answer.extend_from_slice(&SAME_NAME);
        answer.extend_from_slice(&TYPE_A.to_be_bytes());
        answer.extend_from_slice(&CLASS_IN.to_be_bytes());
        answer.extend_from_slice(&LIFETIME.to_be_bytes());
        answer.extend_from_slice(&4_u16.to_be_bytes());
        answer.extend_from_slice(&address.octets());
    }
    if has_opt {
        answer.extend_from_slice(&OWN_OPT);
    }
    answer
}

/// With the question, where there is one that can be read: some take no other answer.
fn bare(message: &[u8], code: Code) -> Vec<u8> {
    let question = Question::of(message).map(|question| HEADER..question.end);
    let mut answer = header(message, code, question.is_some().into(), 0, 0);
    answer.extend_from_slice(question.map_or(&[], |place| &message[place]));
    answer
}

/// An answer's, to this message, which has a header.
fn header(message: &[u8], code: Code, questions: u8, answers: u8, others: u8) -> Vec<u8> {
    let kept = message[2] & 0x79; // the operation, and that recursion is wanted
    let mut header = vec![message[0], message[1], 0x80 | kept, 0x80 | code as u8];
    header.extend([0, questions, 0, answers, 0, 0, 0, others]);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 5);

    fn book() -> Book {
        Book { names: vec!["intranet.caux.fr".into()], address: ADDRESS }
    }

    /// As a resolver asks it, with recursion wanted.
    fn asked(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(label.len() as u8);
            message.extend_from_slice(label.as_bytes());
        }
        message.push(0);
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&CLASS_IN.to_be_bytes());
        message
    }

    #[test]
    fn our_names_lead_to_the_machine_and_the_others_are_passed_on() {
        // How many answers, or none of ours.
        fn check(name: &str, kind: u16, expected: Option<u8>) {
            match reply(&asked(name, kind), &book()) {
                Reply::Answer(bytes) => {
                    assert_eq!((bytes[3] & 0x0f, Some(bytes[7])), (0, expected), "{name} {kind}");
                    assert_eq!(bytes.ends_with(&ADDRESS.octets()), expected == Some(1), "{name} {kind}");
                    assert!(is_answer_to(&asked(name, kind), &bytes));
                }
                other => assert_eq!((other, None), (Reply::PassOn, expected), "{name} {kind}"),
            }
        }
        check("intranet.caux.fr", TYPE_A, Some(1));
        check("INTRANET.Caux.fr", TYPE_A, Some(1));
        check("intranet.caux.fr", TYPE_ANY, Some(1));
        check("intranet.caux.fr", 28, Some(0));
        check("intranet.caux.fr", 65, Some(0));
        check("intranet.caux.fr", 65_400, Some(0));
        check("admin.caux.fr", TYPE_A, None);
        check("caux.fr", TYPE_A, None);
        check("intranet.caux.fr.exemple.fr", TYPE_A, None);
        check("debian.org", TYPE_A, None);
    }

    #[test]
    fn an_answer_has_the_question_as_it_was_asked() {
        let message = asked("InTraNet.caux.fr", TYPE_A);
        let Reply::Answer(bytes) = reply(&message, &book()) else { panic!("it is ours") };
        assert_eq!(bytes[HEADER..message.len()], message[HEADER..]);
        let with_opt = [&message[..10], &[0, 1], &message[HEADER..], &OWN_OPT].concat();
        let Reply::Answer(bytes) = reply(&with_opt, &book()) else { panic!("it is ours") };
        assert!(bytes.ends_with(&OWN_OPT) && bytes[11] == 1);
    }

    #[test]
    fn what_is_no_question_is_no_trouble() {
        fn check(message: &[u8], expected: Option<u8>) {
            let code = match reply(message, &book()) {
                Reply::Answer(bytes) => Some(bytes[3] & 0x0f),
                Reply::PassOn => panic!("it is passed on: {message:?}"),
                Reply::Silence => None,
            };
            assert_eq!(code, expected, "{message:?}");
        }
        let good = asked("intranet.caux.fr", TYPE_A);
        for cut in 0..HEADER {
            check(&good[..cut], None);
        }
        for cut in HEADER..good.len() {
            check(&good[..cut], Some(Code::FormatError as u8));
        }
        let changed = |at: usize, byte: u8| {
            let mut message = good.clone();
            message[at] = byte;
            message
        };
        check(&changed(2, 0x81), None);
        check(&changed(2, 0x29), Some(Code::NotDone as u8));
        check(&changed(5, 2), Some(Code::FormatError as u8));
        check(&changed(5, 0), Some(Code::FormatError as u8));
        // A name that points to itself, and one that is longer than a name may be.
        check(&changed(HEADER, 0xc0), Some(Code::FormatError as u8));
        check(&asked(&vec!["a".repeat(63); 5].join("."), TYPE_A), Some(Code::FormatError as u8));
    }

    #[test]
    fn an_answer_is_told_from_another_s() {
        let message = asked("debian.org", TYPE_A);
        assert!(is_answer_to(&message, &failure(&message)));
        assert!(!is_answer_to(&message, &message));
        assert!(!is_answer_to(&asked("debian.org", TYPE_A), &[]));
        let mut other = failure(&message);
        other[0] ^= 1;
        assert!(!is_answer_to(&message, &other));
    }
}
