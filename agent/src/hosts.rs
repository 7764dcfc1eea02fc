//! The intranet's names in `/etc/hosts`: a block of lines at the end that each carry a mark.
//!
//! Everything without the mark belongs to someone else and stays as it is, byte for byte, whatever
//! people do to the lines around it.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use beffroi_protocol::code::HostName;
use beffroi_protocol::enrolment::Name;

use crate::replace;
use crate::texts::t;

const MARK: &[u8] = b"# beffroi-agent";
/// Ends the block's first line where the text before it did not end its own line.
const MARK_AFTER_OPEN_LINE: &[u8] = b"# beffroi-agent +";

/// Writes the block if it is not there just so. Says whether it wrote.
///
/// # Errors
/// When the file cannot be read or written.
pub(crate) fn keep(path: &Path, names: &[Name]) -> io::Result<bool> {
    let present = match fs::read(path) {
        Ok(present) => present,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    write_if_different(path, &present, &with_block(&present, names))
}

/// Takes the block away. Says whether it was there.
///
/// # Errors
/// When the file cannot be read or written.
pub(crate) fn clear(path: &Path) -> io::Result<bool> {
    // Where the folder is read-only nothing can have been left in it.
    if let Err(error) = replace::tidy(path) {
        log::debug!("{}: {error}", path.display());
    }
    match fs::read(path) {
        Ok(present) => write_if_different(path, &present, &without_block(&present)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_if_different(path: &Path, present: &[u8], wanted: &[u8]) -> io::Result<bool> {
    if present == wanted {
        return Ok(false);
    }
    replace::replace_or_rewrite(path, wanted, 0o644)?;
    Ok(true)
}

fn with_block(text: &[u8], names: &[Name]) -> Vec<u8> {
    let mut text = without_block(text);
    let lines: Vec<String> = names.iter().flat_map(lines).collect();
    if lines.is_empty() {
        return text;
    }
    let open = text.last().is_some_and(|&last| last != b'\n');
    if open {
        text.push(b'\n');
    }
    let mark = if open { MARK_AFTER_OPEN_LINE } else { MARK };
    text.extend([format!("# {} ", t("hosts-heading")).as_bytes(), mark, b"\n"].concat());
    for line in lines {
        text.extend([line.as_bytes(), b" ", MARK, b"\n"].concat());
    }
    text
}

/// What is not a host name could smuggle in a line of its own: it is left out.
fn lines(name: &Name) -> impl Iterator<Item = String> {
    let host = name.name.parse::<HostName>().ok();
    name.addresses.iter().filter_map(move |ip: &IpAddr| Some(format!("{ip} {}", host.as_ref()?)))
}

fn without_block(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let content = line.trim_ascii_end();
        if content.ends_with(MARK_AFTER_OPEN_LINE) {
            kept.pop_if(|last| *last == b'\n');
        } else if !content.ends_with(MARK) {
            kept.extend(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<Name> {
        let addresses =
            vec!["10.66.0.1".parse().expect("an address"), "fd00::1".parse().expect("an address")];
        names.iter().map(|&name| Name { name: name.into(), addresses: addresses.clone() }).collect()
    }

    const FILES: [&str; 8] = [
        "",
        "\n",
        "127.0.0.1 localhost\n",
        "127.0.0.1 localhost",
        "127.0.0.1 localhost\n\n\n",
        "127.0.0.1 localhost\r\n::1 localhost\r\n",
        "# é accent\n",
        "127.0.0.1\tlocalhost # local\n# the printer, see beffroi-agent\n192.0.2.7 printer\n",
    ];

    #[test]
    fn what_is_not_ours_comes_back_byte_for_byte() {
        let latin1 = b"# commune d'Angerville-l'Orcher, b\xE2timent\n".to_vec();
        for file in FILES.iter().map(|file| file.as_bytes().to_vec()).chain([latin1]) {
            let with = with_block(&file, &names(&["intranet.example.fr"]));
            assert!(with.starts_with(&file));
            assert_eq!(without_block(&with), file);
            assert_eq!(
                with_block(&with, &names(&["intranet.example.fr"])),
                with,
                "a second time writes nothing"
            );
        }
    }

    #[test]
    fn the_block_names_every_address() {
        let text = with_block(b"127.0.0.1 localhost\n", &names(&["intranet.example.fr", "admin.example.fr"]));
        let text = String::from_utf8(text).expect("all is text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "127.0.0.1 localhost");
        assert!(lines[1].starts_with('#') && lines[1].ends_with("# beffroi-agent"));
        assert_eq!(lines[2], "10.66.0.1 intranet.example.fr # beffroi-agent");
        assert_eq!(lines[3], "fd00::1 intranet.example.fr # beffroi-agent");
        assert_eq!(lines[4], "10.66.0.1 admin.example.fr # beffroi-agent");
        assert_eq!(lines.len(), 6);
    }

    #[test]
    fn other_names_replace_the_block_and_later_lines_stay() {
        let before = with_block(b"127.0.0.1 localhost\n", &names(&["intranet.old.fr"]));
        let edited = [&before[..], b"192.0.2.7 printer\n"].concat();
        let after =
            String::from_utf8(with_block(&edited, &names(&["intranet.new.fr"]))).expect("all is text");
        assert!(after.starts_with("127.0.0.1 localhost\n192.0.2.7 printer\n#"), "{after}");
        assert!(!after.contains("old") && after.contains("10.66.0.1 intranet.new.fr"), "{after}");
    }

    #[test]
    fn a_name_cannot_bring_a_line_of_its_own() {
        let text = with_block(b"", &names(&["intranet.fr\n192.0.2.66 bank.example", "a b", ""]));
        assert_eq!(text, b"");
    }

    #[test]
    fn the_file_is_written_only_when_it_differs() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("hosts");
        fs::write(&path, "127.0.0.1 localhost\n").expect("a writable folder");
        let names = names(&["intranet.example.fr"]);
        assert!(keep(&path, &names).expect("a writable file"));
        assert!(!keep(&path, &names).expect("a writable file"));
        assert!(clear(&path).expect("a writable file"));
        assert!(!clear(&path).expect("a writable file"));
        assert_eq!(fs::read(&path).expect("it is there"), b"127.0.0.1 localhost\n");
        assert!(!clear(&dir.path().join("nowhere")).expect("nothing to clear"));
    }
}
