//! The sheets as real programs read them: `pdfinfo`, `pdftotext`, and a camera in the place of `pdftoppm`.

use std::path::Path;
use std::process::Command;

use beffroi_protocol::PublicKey;
use beffroi_protocol::temporary::Secret;

use super::*;

/// Dots to the inch. A telephone sees more.
const FINENESS: &str = "100";

fn sheet(number: &str, town_hall: &str) -> PaperSheet {
    let seed = number.parse().expect("a small number");
    PaperSheet {
        number: number.parse().expect("a number"),
        town_hall: town_hall.to_owned(),
        replaces: None,
        code: Code {
            gateway: "passerelle.coeur-de-caux.example:51820".parse().expect("an endpoint"),
            key: PublicKey::from_bytes([1; 32]),
            secret: Secret::from_bytes([seed; 16]),
        },
        until: "8 décembre 2026 à 9\u{a0}h\u{a0}05".to_owned(),
    }
}

fn head() -> Letterhead {
    Letterhead {
        community: "Communauté de communes Cœur de Caux".to_owned(),
        help: "appelez le 02 35 00 00 00".to_owned(),
    }
}

fn file(path: &Path) -> std::fs::File {
    std::fs::File::open(path).expect("it was written")
}

fn said(program: &str, arguments: &[&str], path: &Path) -> Vec<u8> {
    let output = Command::new(program).args(arguments).stdin(file(path)).output();
    let output = output.unwrap_or_else(|error| panic!("{program} (package poppler-utils): {error}"));
    assert!(output.stderr.is_empty(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// As somebody reads the page: one space between words.
fn read(path: &Path, page: &str) -> String {
    let text = String::from_utf8(said("pdftotext", &["-layout", "-f", page, "-l", page, "-", "-"], path));
    text.expect("it is UTF-8").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a camera finds on the page.
fn seen(path: &Path, page: &str) -> String {
    let pixels = said("pdftoppm", &["-gray", "-r", FINENESS, "-f", page, "-l", page, "-"], path);
    let mut parts = pixels.splitn(4, |byte| byte.is_ascii_whitespace());
    let mut word = || std::str::from_utf8(parts.next().expect("a word")).expect("ASCII").to_owned();
    assert_eq!(word(), "P5");
    let [width, height] = [word(), word()].map(|side| side.parse::<usize>().expect("a side"));
    let pixels = &pixels[pixels.len() - width * height..];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one drawing a page");
    grids[0].decode().expect("the drawing is whole").1
}

#[test]
fn a_sheet_tells_everything_and_its_drawing_is_the_code() {
    let sheets = [
        sheet("7", "Mairie d’Yébleron"),
        PaperSheet {
            replaces: Some("accueil".to_owned()),
            ..sheet("8", "Mairie de Saint-Martin-de-l’Œuvre-sous-les-Églises-Neuves-en-Caux")
        },
    ];
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, paper(&head(), &sheets).expect("codes are short")).expect("it is written");
    for (page, sheet) in ["1", "2"].into_iter().zip(&sheets) {
        let text = read(file.path(), page);
        for words in [
            "Communauté de communes Cœur de Caux",
            &format!("Bon de raccordement nº {}", sheet.number),
            "ouvrez un terminal",
            "sudo beffroi-agent join",
            "Les quatre mots",
            "8 décembre 2026 à 9 h 05",
            "appelez le 02 35 00 00 00",
        ] {
            assert!(text.contains(words), "without {words:?}: {text}");
        }
        // A name that is longer than a line goes on in the next one.
        assert!(text.replace("- ", "-").contains(&sheet.town_hall), "{text}");
        let (_, typed) = text.split_once("Le code").expect("a title");
        let (typed, _) = typed.split_once("Les quatre mots").expect("a title");
        // Each group follows its number.
        let typed: Vec<&str> = typed.split_whitespace().skip(1).step_by(2).collect();
        assert_eq!(typed, sheet.code.groups());
        assert_eq!(seen(file.path(), page), sheet.code.text());
    }
    let text = read(file.path(), "2");
    assert!(text.contains("remplacer le poste « accueil »"), "{text}");
    assert!(!read(file.path(), "1").contains("remplacer"));
}

#[test]
fn readers_know_what_they_open() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let sheets = [sheet("1", "Mairie d’Alvimare"), sheet("2", "Mairie de Foucart")];
    std::fs::write(&file, paper(&head(), &sheets).expect("codes are short")).expect("it is written");
    let about = Command::new("pdfinfo").arg(file.path()).output().expect("pdfinfo (package poppler-utils)");
    assert!(about.stderr.is_empty(), "{about:?}");
    let about = String::from_utf8(about.stdout).expect("it is UTF-8");
    let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["Title: 2 bons à remettre", "Pages: 2", "(A4)", "Encrypted: no"] {
        assert!(about.contains(words), "without {words:?}: {about}");
    }
    let bytes = std::fs::read(&file).expect("it is read");
    assert!(bytes.windows(9).any(|window| window == b"/Lang(fr)" || window == b"/Lang (fr"), "no language");
}

#[test]
fn without_a_number_to_ring_it_is_the_referent() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let head = Letterhead { help: String::new(), ..head() };
    std::fs::write(&file, paper(&head, &[sheet("1", "Mairie d’Alvimare")]).expect("codes are short"))
        .expect("it is written");
    assert!(read(file.path(), "1").contains("appelez le référent"));
}
