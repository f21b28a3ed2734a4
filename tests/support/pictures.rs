//! Files with codes as other programs write them: pictures, streams, PDFs; and what is read there.

use std::io::Read;

use countersign::qr::read::{Flow, Limits, Luma, PictureError, picture, stream};
use countersign::qr::{Density, Parcel, Sender};
use jpeg_encoder::{ColorType, Encoder};

use crate::photo::Random;

/// A message of a few codes of version 10.
pub fn sender() -> Sender {
    let mut random = Random(7);
    let content = (0..900).map(|_| (random.share() * 256.0) as u8).collect();
    let parcel = Parcel::new(vec![("x".to_owned(), content)]).expect("a parcel");
    Sender::new(&parcel, Density::Low).expect("few codes")
}

/// The texts of all codes of one round.
pub fn all_texts(sender: &Sender) -> Vec<String> {
    (0..sender.round()).map(|number| sender.text(number)).collect()
}

/// The picture of a code in grey: side, pixels.
fn grey(sender: &Sender, number: u32, scale: usize) -> (usize, Vec<u8>) {
    let symbol = sender.frame(number);
    let side = (symbol.width() + 8) * scale;
    let module = |at: usize| (at / scale).checked_sub(4);
    let dark = |x, y| matches!((module(x), module(y)), (Some(x), Some(y)) if symbol.is_dark(x, y));
    let pixel = |at: usize| if dark(at % side, at / side) { 20 } else { 230 };
    (side, (0..side * side).map(pixel).collect())
}

/// The picture of a code as a JPEG.
pub fn jpeg(sender: &Sender, number: u32) -> Vec<u8> {
    let (side, pixels) = grey(sender, number, 4);
    let mut out = Vec::new();
    let encoder = Encoder::new(&mut out, 80);
    encoder.encode(&pixels, side as u16, side as u16, ColorType::Luma).expect("memory");
    out
}

/// The texts on all pictures of a file, and how many pictures there were.
pub fn texts(file: &[u8]) -> (Vec<String>, usize) {
    let mut texts = Vec::new();
    let count = picture(file, &Limits::default(), collect(&mut texts)).expect("a picture");
    (texts, count)
}

fn collect(texts: &mut Vec<String>) -> impl FnMut(&Luma) -> Flow {
    |luma| {
        texts.extend(luma.codes());
        Flow::Continue(())
    }
}

/// A stream that comes a few bytes at a time, as pipes do.
struct Slowly<'a>(&'a [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let some = self.1.min(buffer.len());
        self.0.read(&mut buffer[..some])
    }
}

/// The texts on all pictures of a stream that comes `step` bytes at a time.
///
/// # Errors
/// What the reader of streams says.
pub fn streamed(bytes: &[u8], step: usize) -> Result<Vec<String>, PictureError> {
    let mut texts = Vec::new();
    stream(Slowly(bytes, step), &Limits::default(), collect(&mut texts)).map(|_| texts)
}

/// A video of every code of a round, with these words at the end of its head.
pub fn y4m(sender: &Sender, head: &str) -> Vec<u8> {
    let (side, _) = grey(sender, 0, 3);
    let mut out = format!("YUV4MPEG2 W{side} H{side} F30:1 {head}\n").into_bytes();
    for number in 0..sender.round() {
        out.extend(b"FRAME\n");
        let (_, pixels) = grey(sender, number, 3);
        let chroma = side.div_ceil(2) * side.div_ceil(2) * 2;
        match head {
            "C420p10" => {
                out.extend(pixels.iter().flat_map(|p| (u16::from(*p) << 2).to_le_bytes()));
                out.extend(vec![0; 2 * chroma]);
            }
            "Cmono" => out.extend(pixels),
            _ => {
                out.extend(pixels);
                out.extend(vec![128; chroma]);
            }
        }
    }
    out
}

/// A PDF with this dictionary and these data as its one image.
pub fn pdf_of(dict: &str, data: &[u8]) -> Vec<u8> {
    let mut pdf =
        format!("%PDF-1.7\n4 0 obj\n<< /Type /XObject /Subtype /Image {dict} ").into_bytes();
    // The length stands elsewhere, as many programs write it.
    pdf.extend(b"/Length 5 0 R >>\nstream\r\n");
    pdf.extend(data);
    pdf.extend(format!("\nendstream\nendobj\n5 0 obj\n{}\nendobj\n", data.len()).into_bytes());
    pdf
}
