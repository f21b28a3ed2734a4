//! One image of a PDF (ISO 32000-2 §8.9.5).

use std::io::Read as _;

use ::png::chunk::IDAT;
use ::png::{BitDepth, ColorType, Encoder};
use flate2::bufread::ZlibDecoder;
use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};
use hayro_syntax::object::{Array, Dict, Name, Object, String as Text};

use super::super::canvas::brightness;
use super::super::{Flow, Limits, Luma, PictureError, jpeg, png};
use super::broken;

/// What an image says about itself.
struct Head {
    width: usize,
    height: usize,
    bits: usize,
    /// Whether the largest value is black.
    inverted: bool,
    /// The grey of each value, where values are no greys.
    palette: Option<Vec<u8>>,
}

/// Reads the image. Its data are unpacked up to the limit.
pub(super) fn read(
    dict: &Dict<'_>,
    untrusted: &[u8],
    limits: &Limits,
) -> Result<Luma, PictureError> {
    let head = Head::read(dict)?;
    limits.check(head.width, head.height)?;
    let mut names = filters(dict);
    let last = names.pop();
    let mut data = untrusted.to_vec();
    for name in names {
        match name.as_slice() {
            b"FlateDecode" | b"Fl" => data = inflate(&data, limits)?,
            other => return Err(unknown(other)),
        }
    }
    let luma = match last.as_deref() {
        None => head.samples(&data),
        Some(b"DCTDecode" | b"DCT") => jpeg(&data, limits),
        Some(b"FlateDecode" | b"Fl") if is_predicted(dict) => head.predicted(dict, &data, limits),
        Some(b"FlateDecode" | b"Fl") => head.samples(&inflate(&data, limits)?),
        Some(b"CCITTFaxDecode" | b"CCF") => head.fax(dict, &data),
        Some(other) => Err(unknown(other)),
    }?;
    let luma = match &head.palette {
        Some(palette) => luma.map(|sample| head.grey(palette, sample)),
        None => luma,
    };
    Ok(if head.inverted { luma.inverted() } else { luma })
}

fn unknown(filter: &[u8]) -> PictureError {
    broken(format!(
        "its images are packed with {}: turn the sheets into PNG first, with pdftoppm -r 200 -png",
        String::from_utf8_lossy(filter)
    ))
}

/// The names of the filters, in the order in which they unpack.
fn filters(dict: &Dict<'_>) -> Vec<Vec<u8>> {
    match dict.get::<Object<'_>>("Filter") {
        Some(Object::Name(name)) => vec![name.to_vec()],
        Some(Object::Array(array)) => array.iter::<Name<'_>>().map(|name| name.to_vec()).collect(),
        _ => Vec::new(),
    }
}

/// The parameters of the last filter.
fn parameters<'a>(dict: &Dict<'a>) -> Option<Dict<'a>> {
    match dict.get::<Object<'a>>("DecodeParms")? {
        Object::Dict(parameters) => Some(parameters),
        Object::Array(array) => array.iter::<Object<'a>>().last()?.into_dict(),
        _ => None,
    }
}

/// The greys of an indexed colour space whose table stands in the dictionary (ISO 32000-2
/// §8.6.6.3).
fn palette(dict: &Dict<'_>) -> Option<Vec<u8>> {
    let space = dict.get::<Array<'_>>("ColorSpace")?;
    let mut parts = space.flex_iter();
    if !matches!(&*parts.next::<Name<'_>>()?, b"Indexed" | b"I") {
        return None;
    }
    parts.next::<Object<'_>>()?;
    let last = usize::try_from(parts.next::<u32>()?).ok()?;
    let table = parts.next::<Text<'_>>()?.to_vec();
    match table.len() / (last + 1) {
        1 => Some(table),
        3 => Some(table.chunks_exact(3).map(|c| brightness(c[0], c[1], c[2])).collect()),
        _ => None,
    }
}

/// Whether the rows were predicted as PNG does it (ISO 32000-2 §7.4.4.4).
fn is_predicted(dict: &Dict<'_>) -> bool {
    parameters(dict)
        .and_then(|p| p.get::<u32>("Predictor"))
        .is_some_and(|predictor| predictor >= 10)
}

fn inflate(untrusted: &[u8], limits: &Limits) -> Result<Vec<u8>, PictureError> {
    let most = limits.pixels.saturating_mul(4);
    let mut bytes = Vec::new();
    // What can be unpacked of a damaged image may still show its codes.
    let _ = ZlibDecoder::new(untrusted).take(most as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > most {
        return Err(PictureError::TooLarge {
            what: "bytes of an image",
            actual: bytes.len(),
            most,
        });
    }
    Ok(bytes)
}

impl Head {
    fn read(dict: &Dict<'_>) -> Result<Self, PictureError> {
        let number = |name| dict.get::<u32>(name).map(|n| n as usize);
        let decode = dict.get::<Array<'_>>("Decode").and_then(|d| d.iter::<f32>().next());
        let (Some(width @ 1..), Some(height @ 1..)) = (number("Width"), number("Height")) else {
            return Err(broken("an image without a size"));
        };
        Ok(Self {
            width,
            height,
            bits: number("BitsPerComponent").unwrap_or(1),
            inverted: decode.is_some_and(|first| first > 0.5),
            palette: palette(dict),
        })
    }

    /// The grey that a sample stands for, which was scaled to eight bits.
    fn grey(&self, palette: &[u8], sample: u8) -> u8 {
        let index = match self.bits {
            bits @ (1 | 2 | 4) => sample / (0xff / ((1 << bits) - 1)),
            _ => sample,
        };
        palette.get(usize::from(index)).copied().unwrap_or(0xff)
    }

    /// Rows of samples, each row from a new byte. How many samples make a pixel is seen from how
    /// many there are.
    fn samples(&self, bytes: &[u8]) -> Result<Luma, PictureError> {
        let row = |samples: usize| (self.width * samples * self.bits).div_ceil(8);
        let fits = |samples: &usize| bytes.len() >= row(*samples) * self.height;
        if !matches!(self.bits, 1 | 2 | 4 | 8 | 16) {
            return Err(broken("samples of an unknown size"));
        }
        let samples =
            [4, 3, 1].into_iter().find(fits).ok_or_else(|| broken("an image that was cut"))?;
        let sample = |bytes: &[u8], index: usize| match self.bits {
            8 => bytes[index],
            16 => bytes[2 * index],
            bits => {
                let most = (1u8 << bits) - 1;
                let byte = bytes[index * bits / 8] >> (8 - bits - index * bits % 8);
                (byte & most) * (0xff / most)
            }
        };
        let pixel = |row: &[u8], x: usize| match samples {
            1 => sample(row, x),
            3 => brightness(sample(row, 3 * x), sample(row, 3 * x + 1), sample(row, 3 * x + 2)),
            // Cyan, magenta, yellow, black: the more, the darker.
            _ => 0xff - (0..4).map(|i| sample(row, 4 * x + i)).max().unwrap_or_default(),
        };
        let rows = bytes.chunks(row(samples)).take(self.height);
        let pixels = rows.flat_map(|row| (0..self.width).map(move |x| pixel(row, x))).collect();
        Luma::new(self.width, self.height, pixels).ok_or_else(|| broken("an image that was cut"))
    }

    /// Data as in a PNG, whose reader takes them once they have its head.
    fn predicted(
        &self,
        dict: &Dict<'_>,
        untrusted: &[u8],
        limits: &Limits,
    ) -> Result<Luma, PictureError> {
        let colors = parameters(dict).and_then(|p| p.get::<u8>("Colors")).unwrap_or(1);
        let side = |n: usize| u32::try_from(n).map_err(broken);
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, side(self.width)?, side(self.height)?);
        encoder.set_color(match colors {
            1 => ColorType::Grayscale,
            3 => ColorType::Rgb,
            other => return Err(broken(format!("predicted images of {other} colours"))),
        });
        let depth = u8::try_from(self.bits).ok().and_then(BitDepth::from_u8);
        encoder.set_depth(depth.ok_or_else(|| broken("samples of an unknown size"))?);
        let mut writer = encoder.write_header().map_err(broken)?;
        writer.write_chunk(IDAT, untrusted).map_err(broken)?;
        drop(writer);
        let mut picture = None;
        png::pictures(&file, limits, |luma| {
            picture = Some(luma.clone());
            Flow::Break(())
        })?;
        picture.ok_or_else(|| broken("an image that was cut"))
    }

    /// Group 3 and 4 fax (ITU-T T.4, T.6): scanners, in black and white.
    fn fax(&self, dict: &Dict<'_>, untrusted: &[u8]) -> Result<Luma, PictureError> {
        let parameters = parameters(dict).unwrap_or_default();
        let is = |name, otherwise| parameters.get::<bool>(name).unwrap_or(otherwise);
        let columns = parameters.get::<u32>("Columns").unwrap_or(1728);
        if columns as usize != self.width {
            return Err(broken("a fax of another width than its image"));
        }
        let settings = DecodeSettings {
            columns,
            rows: u32::try_from(self.height).map_err(broken)?,
            end_of_block: is("EndOfBlock", true),
            end_of_line: is("EndOfLine", false),
            rows_are_byte_aligned: is("EncodedByteAlign", false),
            encoding: match parameters.get::<i32>("K").unwrap_or(0) {
                ..0 => EncodingMode::Group4,
                0 => EncodingMode::Group3_1D,
                1.. => EncodingMode::Group3_2D,
            },
            strict: false,
        };
        let mut page = Page { width: self.width, height: self.height, pixels: Vec::new() };
        // What was read of a damaged page may still show its codes.
        let _ = hayro_ccitt::decode(untrusted, &mut page, &mut DecoderContext::new(settings));
        page.pixels.resize(self.width * self.height, 0xff);
        let luma = Luma::new(self.width, self.height, page.pixels).expect("it was made this long");
        // Here black is what is drawn; `BlackIs1` says that the image is to be seen inverted.
        Ok(if is("BlackIs1", false) { luma.inverted() } else { luma })
    }
}

/// The rows of a fax.
struct Page {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Decoder for Page {
    fn push_row(&mut self, changes: &[u32]) {
        let start = self.pixels.len();
        if start >= self.width * self.height {
            return;
        }
        self.pixels.resize(start + self.width, 0xff);
        for black in changes.chunks(2) {
            let end = black.get(1).map_or(self.width, |end| *end as usize).min(self.width);
            let begin = (black[0] as usize).min(end);
            self.pixels[start + begin..start + end].fill(0);
        }
    }
}
