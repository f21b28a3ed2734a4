//! Codes on a grey picture, by rxing (a port of ZXing-C++); docs/qr.md has what was measured.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::{GlobalHistogramBinarizer, HybridBinarizer};
use rxing::multi::MultipleBarcodeReader as _;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BarcodeFormat, Binarizer, BinaryBitmap, DecodeHints, Luma8Source};

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Look another way only where nothing was found: one picture of many.
    Quick,
    /// Look in every way: a sheet with several codes, of which there is no second picture.
    Thorough,
}

/// The texts of all codes on the picture.
///
/// As it is, the picture is right nearly always. A softer one, black and white told apart at one
/// brightness, helps against noise and low contrast; a sharper one against blur.
pub(super) fn codes((width, height): (usize, usize), pixels: &[u8], effort: Effort) -> Vec<String> {
    let (Ok(w), Ok(h)) = (u32::try_from(width), u32::try_from(height)) else { return Vec::new() };
    let source = |pixels: Vec<u8>| Luma8Source::new(pixels, w, h).ok();
    let ways: [&dyn Fn() -> Option<Vec<String>>; 3] = [
        &|| Some(look(HybridBinarizer::new(source(pixels.to_vec())?))),
        &|| Some(look(GlobalHistogramBinarizer::new(source(softer(width, pixels))?))),
        &|| Some(look(HybridBinarizer::new(source(sharper(width, pixels))?))),
    ];
    let mut texts = Vec::new();
    for way in ways {
        for text in way().unwrap_or_default() {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if effort == Effort::Quick && !texts.is_empty() {
            break;
        }
    }
    texts
}

/// Whatever stands before a camera comes in here, many times a second. Should the crate panic on
/// one picture, that one has no codes, and the next one comes.
fn look(binarizer: impl Binarizer) -> Vec<String> {
    catch_unwind(AssertUnwindSafe(|| decode(binarizer))).unwrap_or_default()
}

fn decode(binarizer: impl Binarizer) -> Vec<String> {
    let hints = DecodeHints {
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    let mut bitmap = BinaryBitmap::new(binarizer);
    let found = QrReader.decode_multiple_with_hints(&mut bitmap, &hints).unwrap_or_default();
    found.iter().map(|code| code.getText().to_owned()).collect()
}

/// Each pixel with its neighbours, in the proportions 1 2 1 both ways.
fn softer(width: usize, pixels: &[u8]) -> Vec<u8> {
    let across = smooth(pixels, 1);
    smooth(&across, width)
}

/// Each pixel as far beyond a soft picture as it differs from it, and half as far again.
fn sharper(width: usize, pixels: &[u8]) -> Vec<u8> {
    let soft = softer(width, &softer(width, pixels));
    let pairs = pixels.iter().zip(&soft).map(|(p, s)| (i32::from(*p), i32::from(*s)));
    pairs.map(|(p, s)| u8::try_from((5 * p - 3 * s).clamp(0, 510) / 2).unwrap_or(0)).collect()
}

/// Each pixel with those `step` before and after it. At the edges others come in, where no code
/// is, and its quiet zone hardly.
fn smooth(pixels: &[u8], step: usize) -> Vec<u8> {
    let mut out = pixels.to_vec();
    for (out, near) in out.iter_mut().skip(step).zip(pixels.windows(2 * step + 1)) {
        let sum = u16::from(near[0]) + 2 * u16::from(near[step]) + u16::from(near[2 * step]);
        *out = u8::try_from(sum / 4).expect("a mean of bytes");
    }
    out
}
