//! How a sheet is laid out: whose it is, the drawing beside three steps, the code to type, the place for the four
//! words, until when, and whom to ring.

use pdf_writer::{Content, Str};

use super::font::{Font, encode};
use super::{Letterhead, PaperSheet};
use crate::web::{Drawing, t, t_with};

/// A4, in points.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
/// 20 mm, which every printer can leave white.
const MARGIN: f32 = 56.7;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
/// 62 mm: a camera reads it at arm's length.
const DRAWING: f32 = 176.0;
const GAP: f32 = 20.0;
const BODY: f32 = 11.5;
/// From one line of the body to the next.
const LEAD: f32 = 16.0;
/// Groups of the code on one line.
const GROUPS: usize = 4;

/// The drawing instructions of one page.
pub(super) fn page(head: &Letterhead, sheet: &PaperSheet, drawing: &Drawing) -> Vec<u8> {
    let mut pen = Pen { content: Content::new(), y: HEIGHT - MARGIN };
    pen.head(head, sheet);
    let top = pen.y;
    draw(&mut pen.content, drawing, WIDTH - MARGIN - DRAWING, top - DRAWING);
    pen.steps();
    pen.y = pen.y.min(top - DRAWING);
    pen.code(sheet);
    pen.words();
    pen.foot(head, sheet);
    pen.content.finish().to_vec()
}

/// Writes from the top down; `y` is where the last line ended.
struct Pen {
    content: Content,
    y: f32,
}

impl Pen {
    fn head(&mut self, head: &Letterhead, sheet: &PaperSheet) {
        let number = t_with("enrolment-sheet-number", &[("number", &sheet.number.to_string())]);
        let right = Font::Plain.width(&number, BODY);
        self.y -= BODY;
        self.write(Font::Plain, BODY, WIDTH - MARGIN - right, &number);
        let name = Font::Bold.lines(&head.community, BODY, INNER - right - GAP);
        for (place, line) in name.iter().enumerate() {
            self.y -= if place == 0 { 0.0 } else { LEAD };
            self.write(Font::Bold, BODY, MARGIN, line);
        }
        self.y -= 10.0;
        self.rule(MARGIN, INNER, 1.2);
        self.y -= 18.0;
        self.paragraph(Font::Bold, 26.0, 31.0, INNER, &sheet.town_hall);
        self.y -= 4.0;
        let purpose = match &sheet.replaces {
            Some(machine) => t_with("enrolment-sheet-replaces", &[("machine", machine)]),
            None => t("enrolment-sheet-new"),
        };
        self.paragraph(Font::Plain, BODY, LEAD, INNER, &purpose);
        self.y -= GAP;
    }

    fn steps(&mut self) {
        let command = t("enrolment-step-2-command");
        let width = INNER - DRAWING - GAP - 26.0;
        let steps = ["enrolment-step-1", "enrolment-step-2", "enrolment-step-3"];
        for (number, step) in (1..).zip(steps) {
            for (place, line) in Font::Plain.lines(&t(step), BODY, width).iter().enumerate() {
                self.y -= LEAD;
                self.write(Font::Plain, BODY, MARGIN + 26.0, line);
                if place == 0 {
                    self.write(Font::Bold, 20.0, MARGIN, &number.to_string());
                }
            }
            if step == "enrolment-step-2" {
                self.y -= LEAD + 3.0;
                self.write(Font::Typed, BODY, MARGIN + 26.0, &command);
            }
            self.y -= 9.0;
        }
    }

    /// Numbered, so that the agent's "the third group is wrong" can be found.
    fn code(&mut self, sheet: &PaperSheet) {
        self.title(&t("enrolment-sheet-code"));
        let column = INNER / 4.0;
        for (row, groups) in sheet.code.groups().chunks(GROUPS).enumerate() {
            self.y -= 20.0;
            let mut x = MARGIN;
            for (place, group) in groups.iter().enumerate() {
                self.write(Font::Plain, 8.0, x, &(row * GROUPS + place + 1).to_string());
                self.write(Font::Typed, 15.0, x + 14.0, group);
                x += column;
            }
        }
    }

    /// Four lines to write on.
    fn words(&mut self) {
        self.title(&t("enrolment-sheet-words"));
        let column = (INNER - 3.0 * GAP) / 4.0;
        self.y -= 34.0;
        let mut x = MARGIN;
        for number in 1..=4 {
            self.write(Font::Plain, 8.0, x, &number.to_string());
            self.y -= 4.0;
            self.rule(x, column, 0.8);
            self.y += 4.0;
            x += column + GAP;
        }
    }

    fn foot(&mut self, head: &Letterhead, sheet: &PaperSheet) {
        self.y -= 34.0;
        let until = t_with("enrolment-sheet-until", &[("until", &sheet.until)]);
        self.paragraph(Font::Plain, BODY, LEAD, INNER, &until);
        self.y -= 8.0;
        let help = match head.help.as_str() {
            "" => t("enrolment-sheet-help-referent"),
            help => t_with("enrolment-sheet-help", &[("help", &help)]),
        };
        self.paragraph(Font::Bold, BODY, LEAD, INNER, &help);
    }

    fn title(&mut self, text: &str) {
        self.y -= 30.0;
        self.paragraph(Font::Bold, 14.0, 16.0, INNER, text);
        self.y -= 2.0;
    }

    fn paragraph(&mut self, font: Font, size: f32, lead: f32, width: f32, text: &str) {
        for line in font.lines(text, size, width) {
            self.y -= lead;
            self.write(font, size, MARGIN, &line);
        }
    }

    fn write(&mut self, font: Font, size: f32, x: f32, text: &str) {
        let content = &mut self.content;
        content.begin_text().set_font(font.name(), size).next_line(x, self.y);
        content.show(Str(&encode(text))).end_text();
    }

    fn rule(&mut self, x: f32, width: f32, weight: f32) {
        self.content.set_line_width(weight);
        self.content.move_to(x, self.y).line_to(x + width, self.y).stroke();
    }
}

/// Rectangles in one path: no line of white can show between two of them.
#[expect(clippy::cast_precision_loss, reason = "a drawing has 177 modules a side at most")]
fn draw(content: &mut Content, drawing: &Drawing, x: f32, y: f32) {
    let module = DRAWING / drawing.side() as f32;
    for run in drawing.runs() {
        let bottom = y + DRAWING - (run.y + 1) as f32 * module;
        content.rect(x + run.x as f32 * module, bottom, run.length as f32 * module, module);
    }
    content.fill_nonzero();
}
