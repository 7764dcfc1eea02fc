//! Invitations as sheets of paper: one PDF (ISO 32000-1), a page of A4 a commune, black on white.
//!
//! It makes bytes and nothing else: who may have them, and that they are not kept, is for those who ask.

mod font;
mod page;

use std::io::Write;

use beffroi_protocol::code::Code;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, TextStr};
use qrcode::types::QrError;

use super::InvitationId;
use crate::web::{Drawing, t, t_with};
use font::Font;
use page::{HEIGHT, WIDTH, page};

/// What stands on every sheet.
#[derive(Debug, Clone)]
pub struct Letterhead {
    pub community: String,
    /// What a person in need rings or writes to; may be empty.
    pub help: String,
}

/// One page of paper.
#[derive(Debug, Clone)]
pub struct PaperSheet {
    pub number: InvitationId,
    /// "Mairie d’Alvimare".
    pub town_hall: String,
    /// The machine whose place the new one takes.
    pub replaces: Option<String>,
    pub code: Code,
    /// Until when, as people read it.
    pub until: String,
}

/// All sheets as one file.
///
/// # Errors
/// When a code is longer than a drawing can hold, which no code is.
pub fn paper(head: &Letterhead, sheets: &[PaperSheet]) -> Result<Vec<u8>, QrError> {
    let mut pdf = Pdf::new();
    let mut last = 0;
    let mut next = || {
        last += 1;
        Ref::new(last)
    };
    let (catalog, about, tree) = (next(), next(), next());
    let fonts = Font::ALL.map(|font| (font, next()));
    let pages: Vec<(Ref, Ref)> = sheets.iter().map(|_| (next(), next())).collect();

    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("fr"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    let title = t_with("enrolment-sheets", &[("count", &sheets.len())]);
    let mut information = pdf.document_info(about);
    information
        .title(TextStr(&title))
        .author(TextStr(&head.community))
        .subject(TextStr(&t("enrolment-title")));
    information.finish();
    let count = i32::try_from(sheets.len()).expect("a communauté has fewer communes than that");
    pdf.pages(tree).kids(pages.iter().map(|(page, _)| *page)).count(count);
    for (font, id) in fonts {
        pdf.type1_font(id).base_font(font.base()).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (sheet, (page_id, content_id)) in sheets.iter().zip(pages) {
        let mut written = pdf.page(page_id);
        written.parent(tree).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).contents(content_id);
        written.resources().fonts().pairs(fonts.map(|(font, id)| (font.name(), id)));
        written.finish();
        let content = packed(&page(head, sheet, &Drawing::of(&sheet.code.text())?));
        pdf.stream(content_id, &content).filter(Filter::FlateDecode);
    }
    Ok(pdf.finish())
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}

#[cfg(test)]
mod tests;
