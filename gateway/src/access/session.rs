//! Sessions: a random token in a cookie, its hash in the store.

use std::fmt;

use axum::http::HeaderMap;
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};

use super::store::{ACCOUNTS, Account, SESSIONS, Session};
use super::{AccountId, Error};
use crate::store::{Read, Write};
use crate::web;

const COOKIE: &str = "__Host-session";
/// Without a request.
const IDLE: SignedDuration = SignedDuration::from_hours(2);
/// With whatever many.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// A session is written again when it was last seen longer ago than this.
const NOTED: SignedDuration = SignedDuration::from_mins(5);

/// What the browser holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    pub fn random() -> Token {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the kernel gives random bytes once the machine has started");
        Token(bytes)
    }

    pub(super) fn sent(headers: &HeaderMap) -> Option<Token> {
        let bytes = BASE64URL_NOPAD.decode(web::cookie(headers, COOKIE)?.as_bytes()).ok()?;
        bytes.try_into().ok().map(Token)
    }

    /// The cookie that signs in. It goes when the browser is closed.
    pub fn cookie(&self) -> String {
        let text = BASE64URL_NOPAD.encode(&self.0);
        format!("{COOKIE}={text}; Path=/; Secure; HttpOnly; SameSite=Strict")
    }

    /// The cookie that signs out.
    pub fn gone() -> String {
        format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    fn key(&self) -> [u8; 32] {
        *blake3::hash(&self.0).as_bytes()
    }
}

/// A secret: never shown by accident.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Begins a session, and forgets those that are over.
pub async fn open_session(
    tx: &mut impl Write,
    token: &Token,
    person: AccountId,
    now: Timestamp,
) -> Result<(), Error> {
    for (key, session) in tx.all(&SESSIONS).await? {
        if session.is_over(now) {
            tx.remove(&SESSIONS, &key).await?;
        }
    }
    tx.put(&SESSIONS, &token.key(), &Session { person, started: now, seen: now }).await?;
    Ok(())
}

/// Ends a session; one that is over already is no error.
pub async fn close_session(tx: &mut impl Write, token: &Token) -> Result<(), Error> {
    tx.remove(&SESSIONS, &token.key()).await?;
    Ok(())
}

/// Ends every session of a person, on whatever machine.
pub async fn close_sessions_of(tx: &mut impl Write, person: AccountId) -> Result<(), Error> {
    for (key, session) in tx.all(&SESSIONS).await? {
        if session.person == person {
            tx.remove(&SESSIONS, &key).await?;
        }
    }
    Ok(())
}

/// Whose session it is, and whether [`touch`] is due.
pub(super) async fn holder(
    tx: &impl Read,
    token: &Token,
    now: Timestamp,
) -> Result<Option<(AccountId, Account, bool)>, Error> {
    let session = tx.get(&SESSIONS, &token.key()).await?.filter(|session| !session.is_over(now));
    let Some(session) = session else { return Ok(None) };
    let stale = now.duration_since(session.seen) > NOTED;
    Ok(tx.get(&ACCOUNTS, &session.person).await?.map(|account| (session.person, account, stale)))
}

/// Notes that the session is in use. One that was closed meanwhile stays closed.
pub(super) async fn touch(tx: &mut impl Write, token: &Token, now: Timestamp) -> Result<(), Error> {
    if let Some(session) = tx.get(&SESSIONS, &token.key()).await? {
        tx.put(&SESSIONS, &token.key(), &Session { seen: now, ..session }).await?;
    }
    Ok(())
}

impl Session {
    /// A session of the future was begun while the clock was wrong.
    fn is_over(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.started);
        now.duration_since(self.seen) > IDLE || age > LONGEST || age < -LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end() {
        let check = |started: &str, seen: &str, expected: bool| {
            let time = |text: &str| format!("2026-11-{text}:00Z").parse().expect("a timestamp");
            let session = Session { person: AccountId(1), started: time(started), seen: time(seen) };
            assert_eq!(session.is_over(time("24T20:00")), expected, "from {started}, seen {seen}");
        };
        check("24T19:00", "24T19:59", false);
        check("24T12:00", "24T17:59", true);
        check("24T07:59", "24T19:59", true);
        check("24T20:30", "24T20:30", false);
        check("28T20:30", "28T20:30", true);
    }

    #[test]
    fn a_cookie_carries_the_token_and_nothing_else_is_one() {
        let token = Token::random();
        let sent = |cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("cookie", cookie.parse().expect("a header value"));
            Token::sent(&headers)
        };
        let cookie = token.cookie();
        assert_eq!(sent(cookie.split(';').next().expect("a first part")), Some(token));
        assert_eq!(sent("__Host-session=abc"), None);
        assert_eq!(sent(""), None);
    }
}
