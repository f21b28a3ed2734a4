//! Codes on paper: sheets of A4, each of which says what it is and how to read it back.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str};

use super::{QUIET, Scale, bits};
use crate::qr::{Sender, Symbol};
use crate::safe::Safe;

/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 36.0;
/// The least side of a module, in points: 0.7 mm, which is four pixels for a scanner at 150 dpi.
const MODULE: f32 = 2.0;
/// The most: a larger one is no easier to read.
const LARGEST_MODULE: f32 = 3.6;
/// Room for the line under a code, and between codes.
const CAPTION: f32 = 16.0;
/// Text is set in Courier, whose characters are all 0.6 of its size wide.
const SIZE: f32 = 9.0;
const LEADING: f32 = 12.0;
const HEADING: f32 = 16.0;
/// Characters of a line of text.
const COLUMNS: usize = 96;
const FONT: Name<'_> = Name(b"F");
const BOLD: Name<'_> = Name(b"B");

/// What the sheets say besides their codes.
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// What this is, in plain words: one line.
    pub heading: &'a str,
    /// Names of the files, and whatever else a person should know: a line each. Those beyond
    /// [`Self::MOST_LINES`] are counted, not shown.
    pub lines: &'a [String],
    /// The command that reads the sheets back.
    pub command: &'a str,
}

/// How the codes stand on a sheet.
struct Grid {
    columns: usize,
    rows: usize,
    /// Side of a code with its quiet zone, in points.
    side: f32,
    /// Where the first row begins, in points from the top.
    top: f32,
}

impl Sheet<'_> {
    /// Lines that are shown.
    pub const MOST_LINES: usize = 12;

    /// The text under the heading.
    fn text(&self, sender: &Sender, page: usize, pages: usize, codes: usize) -> Vec<String> {
        let mut text = vec![match (sender.is_still(), sender.needed()) {
            (true, _) => format!("Sheet {page} of {pages}. One code carries everything."),
            (false, needed) => format!(
                "Sheet {page} of {pages}. Any {needed} of the {codes} codes are enough, in any order."
            ),
        }];
        let shown = self.lines.iter().take(Self::MOST_LINES).flat_map(|line| wrap(line));
        text.extend(shown);
        if self.lines.len() > Self::MOST_LINES {
            text.push(format!("… and {} more", self.lines.len() - Self::MOST_LINES));
        }
        text.push(String::new());
        text.push("SHA-256, in hex and in words; the reader shows the same:".to_owned());
        text.push(sender.digest().spaced());
        text.extend(sender.digest().words().chunks(8).map(|words| words.join(" ")));
        text.push(String::new());
        text.push(
            "To read it back, scan the sheets (150 dpi or more) or photograph them, and run:"
                .to_owned(),
        );
        text.extend(wrap(self.command));
        text
    }
}

/// The message on sheets of A4, as PDF. There are some codes more than needed: those that a stain
/// or a fold spoils are not missed.
pub fn pdf(sender: &Sender, sheet: &Sheet<'_>) -> Vec<u8> {
    let lines = sheet.text(sender, 1, 1, 1).len();
    let grid = Grid::new(sender.width() + 2 * QUIET, lines);
    let spare = if sender.is_still() { 0 } else { sender.needed().div_ceil(8) };
    let wanted = usize::try_from(sender.needed() + spare).expect("a few thousand");
    let per_page = grid.columns * grid.rows;
    let pages = wanted.div_ceil(per_page);
    let codes = if sender.is_still() { 1 } else { pages * per_page };

    let mut pdf = Pdf::new();
    let mut refs = (1..).map(Ref::new);
    let mut new_ref = || refs.next().expect("the range is endless");
    let (catalog, tree, font, bold) = (new_ref(), new_ref(), new_ref(), new_ref());
    let page_refs: Vec<Ref> = (0..pages).map(|_| new_ref()).collect();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids(page_refs.iter().copied()).count(count(pages));
    pdf.type1_font(font).base_font(Name(b"Courier")).encoding_predefined(Name(b"WinAnsiEncoding"));
    pdf.type1_font(bold)
        .base_font(Name(b"Helvetica-Bold"))
        .encoding_predefined(Name(b"WinAnsiEncoding"));

    for (index, page_ref) in page_refs.iter().enumerate() {
        let numbers = index * per_page..codes.min((index + 1) * per_page);
        let mut content = Content::new();
        write_text(&mut content, sheet.heading, &sheet.text(sender, index + 1, pages, codes));
        let mut images = Vec::new();
        for (place, number) in numbers.enumerate() {
            let image = new_ref();
            let symbol = sender.frame(u32::try_from(number).expect("a few thousand"));
            write_image(&mut pdf, image, &symbol);
            let name = format!("C{place}");
            grid.place(&mut content, place, &name, &format!("code {} of {codes}", number + 1));
            images.push((name, image));
        }
        let contents = new_ref();
        pdf.stream(contents, &content.finish());
        let mut page = pdf.page(*page_ref);
        page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(contents);
        let mut resources = page.resources();
        resources.fonts().pair(FONT, font).pair(BOLD, bold);
        let mut x_objects = resources.x_objects();
        for (name, image) in &images {
            x_objects.pair(Name(name.as_bytes()), image);
        }
        x_objects.finish();
        resources.finish();
        page.finish();
    }
    pdf.finish()
}

impl Grid {
    /// As many codes as there is room for below `lines` of text.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred modules and lines")]
    fn new(outer: usize, lines: usize) -> Self {
        let modules = outer as f32;
        let width = PAGE.0 - 2.0 * MARGIN;
        let top = MARGIN + HEADING + LEADING * (lines as f32 + 1.0);
        let height = PAGE.1 - MARGIN - top;
        let columns = whole(width / (modules * MODULE));
        let side = (width / columns as f32).min(modules * LARGEST_MODULE).min(height - CAPTION);
        Self { columns, rows: whole(height / (side + CAPTION)), side, top }
    }

    /// Puts a code on the page.
    #[expect(clippy::cast_precision_loss, reason = "a few codes on a page")]
    fn place(&self, content: &mut Content, place: usize, name: &str, caption: &str) {
        let (column, row) = ((place % self.columns) as f32, (place / self.columns) as f32);
        let x = MARGIN + column * self.side;
        let y = PAGE.1 - self.top - row * (self.side + CAPTION) - self.side;
        content.save_state();
        content.transform([self.side, 0.0, 0.0, self.side, x, y]);
        content.x_object(Name(name.as_bytes()));
        content.restore_state();
        // Under the code itself, which begins after its quiet zone.
        line(content, FONT, 7.0, (x + 8.0, y - 4.0), caption);
    }
}

fn write_text(content: &mut Content, heading: &str, text: &[String]) {
    let mut y = PAGE.1 - MARGIN - HEADING;
    line(content, BOLD, HEADING, (MARGIN, y), heading);
    y -= LEADING / 2.0;
    for text in text {
        y -= LEADING;
        line(content, FONT, SIZE, (MARGIN, y), text);
    }
}

fn line(content: &mut Content, font: Name<'_>, size: f32, (x, y): (f32, f32), text: &str) {
    content.begin_text();
    content.set_font(font, size);
    content.next_line(x, y);
    content.show(Str(&win_ansi(text)));
    content.end_text();
}

/// A code as an image of one pixel a module.
fn write_image(pdf: &mut Pdf, image: Ref, symbol: &Symbol) {
    let pixel = Scale::new(1).expect("1 is a scale");
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(&bits(symbol, pixel)).expect("memory takes everything");
    let bytes = deflate.finish().expect("memory takes everything");
    let side = count(symbol.width() + 2 * QUIET);
    let mut image = pdf.image_xobject(image, &bytes);
    image.filter(Filter::FlateDecode);
    image.width(side).height(side).bits_per_component(1).color_space().device_gray();
    image.finish();
}

/// Breaks a line that is too long for the page.
fn wrap(text: &str) -> Vec<String> {
    let characters: Vec<char> = Safe(text).to_string().chars().collect();
    characters.chunks(COLUMNS).map(|line| line.iter().collect()).collect()
}

/// Text in the fonts' encoding, which is Latin-1 but for a few characters. What it lacks is `?`.
fn win_ansi(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '…' => 0x85,
        '–' => 0x96,
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(c).unwrap_or(b'?'),
        _ => b'?',
    };
    text.chars().map(byte).collect()
}

/// Rounds down, to one at least.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few, and positive")]
fn whole(number: f32) -> usize {
    (number as usize).max(1)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).expect("a few thousand")
}
