//! Pictures, animations, PDFs and streams as other programs write them, and as nobody should.

use std::fs;
use std::io::{Cursor, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

use countersign::qr::draw::{self, Rate, Scale};
use countersign::qr::read::{Flow, Limits, Luma, PictureError, picture, stream};
use countersign::qr::{Density, Parcel, Sender};
use countersign_tests::photo::Random;
use countersign_tests::skip;
use jpeg_encoder::{ColorType, Encoder};

/// A message of a few codes of version 10.
fn sender() -> Sender {
    let mut random = Random(7);
    let content = (0..900).map(|_| (random.share() * 256.0) as u8).collect();
    let parcel = Parcel::new(vec![("x".to_owned(), content)]).expect("a parcel");
    Sender::new(&parcel, Density::Low).expect("few codes")
}

fn all_texts(sender: &Sender) -> Vec<String> {
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

fn jpeg(sender: &Sender, number: u32) -> Vec<u8> {
    let (side, pixels) = grey(sender, number, 4);
    let mut out = Vec::new();
    let encoder = Encoder::new(&mut out, 80);
    encoder.encode(&pixels, side as u16, side as u16, ColorType::Luma).expect("memory");
    out
}

/// The texts on all pictures of a file, and how many pictures there were.
fn texts(file: &[u8]) -> (Vec<String>, usize) {
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

fn streamed(bytes: &[u8], step: usize) -> Result<Vec<String>, PictureError> {
    let mut texts = Vec::new();
    stream(Slowly(bytes, step), &Limits::default(), collect(&mut texts)).map(|_| texts)
}

fn y4m(sender: &Sender, head: &str) -> Vec<u8> {
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

#[test]
fn animations_show_every_picture() {
    let sender = sender();
    let (scale, rate) = (Scale::new(3).expect("a scale"), Rate::new(5).expect("a rate"));
    for file in [draw::gif(&sender, scale, rate), draw::apng(&sender, scale, rate)] {
        assert_eq!(texts(&file), (all_texts(&sender), sender.round() as usize));
    }
}

/// Other programs write only what changes from picture to picture.
#[test]
fn animations_that_only_write_changes_are_put_together() {
    if Command::new("convert").arg("-version").stdout(Stdio::null()).status().is_err() {
        return skip("convert (ImageMagick) is not installed");
    }
    let sender = sender();
    let place = tempfile::tempdir().expect("a folder");
    let path = |name: &str| place.path().join(name);
    let (scale, rate) = (Scale::new(3).expect("a scale"), Rate::new(5).expect("a rate"));
    fs::write(path("a.gif"), draw::gif(&sender, scale, rate)).expect("written");
    for layers in ["optimize-frame", "optimize-plus", "optimize-transparency"] {
        let mut convert = Command::new("convert");
        convert.arg(path("a.gif")).args(["-layers", layers]).arg(path("b.gif"));
        assert!(convert.status().expect("it runs").success());
        let optimized = fs::read(path("b.gif")).expect("written");
        assert_eq!(texts(&optimized).0, all_texts(&sender), "{layers}");
    }
}

/// Sheets that were scanned: fax for black and white, Flate or JPEG for grey and colour. poppler
/// plays the scanner, libtiff its software.
#[test]
fn scans_in_every_packing_are_read() {
    for program in ["pdftoppm", "tiffcp", "tiff2pdf"] {
        let mut command = Command::new(program);
        if command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .status()
            .is_err()
        {
            return skip(&format!("{program} is not installed"));
        }
    }
    let sender = sender();
    let place = tempfile::tempdir().expect("a folder");
    let run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(place.path()).stderr(Stdio::null());
        assert!(command.status().expect("it runs").success(), "{line}");
    };
    let sheet = draw::Sheet { heading: "A sheet", lines: &[], command: "" };
    fs::write(place.path().join("sheet.pdf"), draw::pdf(&sender, &sheet)).expect("written");
    run("pdftoppm -r 200 -mono -tiff -singlefile sheet.pdf mono");
    run("pdftoppm -r 150 -gray -tiff -singlefile sheet.pdf gray");
    run("pdftoppm -r 150 -tiff -singlefile sheet.pdf color");
    run("tiffcp -c g4 mono.tif g4.tif");
    run("tiffcp -c g3:1d mono.tif g3-1d.tif");
    run("tiffcp -c g3:2d mono.tif g3-2d.tif");
    for (options, tiff) in [
        ("-n", "g4"),
        ("-n", "g3-1d"),
        ("-n", "g3-2d"),
        ("-z", "mono"),
        ("-d", "mono"),
        ("-z", "gray"),
        ("-z", "color"),
        ("-j", "color"),
        ("-d", "gray"),
    ] {
        run(&format!("tiff2pdf {options} -o scan.pdf {tiff}.tif"));
        let found = texts(&fs::read(place.path().join("scan.pdf")).expect("written")).0;
        let all = all_texts(&sender);
        assert!(all.iter().all(|text| found.contains(text)), "{options} {tiff}: {}", found.len());
    }
}

/// A PDF with this dictionary and these data as its one image.
fn pdf_of(dict: &str, data: &[u8]) -> Vec<u8> {
    let mut pdf =
        format!("%PDF-1.7\n4 0 obj\n<< /Type /XObject /Subtype /Image {dict} ").into_bytes();
    // The length stands elsewhere, as many programs write it.
    pdf.extend(b"/Length 5 0 R >>\nstream\r\n");
    pdf.extend(data);
    pdf.extend(format!("\nendstream\nendobj\n5 0 obj\n{}\nendobj\n", data.len()).into_bytes());
    pdf
}

/// The data of a PNG as they are, with its predictor: how img2pdf puts them into a PDF.
#[test]
fn png_data_in_a_pdf_are_read() {
    let sender = sender();
    let png = draw::png(&sender.frame(0), Scale::new(4).expect("a scale"));
    let side = u32::from_be_bytes(png[16..20].try_into().expect("four bytes"));
    let at = png.windows(4).position(|w| w == b"IDAT").expect("one");
    let length = u32::from_be_bytes(png[at - 4..at].try_into().expect("four bytes")) as usize;
    let data = &png[at + 4..at + 4 + length];
    let size = format!("/Width {side} /Height {side} /BitsPerComponent 1 /Filter /FlateDecode");
    let parameters =
        format!("/DecodeParms << /Predictor 15 /Colors 1 /Columns {side} /BitsPerComponent 1 >>");
    for rest in [
        "/ColorSpace /DeviceGray",
        "/ColorSpace [/Indexed /DeviceRGB 1 <000000ffffff>]",
        "/ColorSpace [/Indexed /DeviceGray 1 <ff00>] /Decode [1 0]",
    ] {
        let found = texts(&pdf_of(&format!("{size} {parameters} {rest}"), data)).0;
        assert_eq!(found, [sender.text(0)], "{rest}");
    }
}

#[test]
fn packings_that_are_not_known_are_named() {
    let file = pdf_of("/Width 9 /Height 9 /Filter /JBIG2Decode", b"any");
    let refused = picture(&file, &Limits::default(), |_| Flow::Continue(()));
    assert!(refused.expect_err("refused").to_string().contains("JBIG2Decode"));
}

#[test]
fn streams_are_read_picture_by_picture() {
    let sender = sender();
    let jpegs: Vec<u8> = (0..sender.round()).flat_map(|n| jpeg(&sender, n)).collect();
    let multipart: Vec<u8> = (0..sender.round())
        .flat_map(|n| {
            let head = b"--next\r\nContent-Type: image/jpeg\r\n\r\n";
            [head.as_slice(), &jpeg(&sender, n), b"\r\n"].concat()
        })
        .collect();
    for bytes in
        [jpegs, multipart, y4m(&sender, "C420jpeg"), y4m(&sender, "C420p10"), y4m(&sender, "Cmono")]
    {
        for step in [7, 4096] {
            assert_eq!(streamed(&bytes, step).expect("a stream"), all_texts(&sender));
        }
        // Cut in the last picture, all others are there.
        let cut = streamed(&bytes[..bytes.len() - 3000], 4096).expect("a stream");
        assert_eq!(cut, all_texts(&sender)[..cut.len()]);
        assert_eq!(cut.len(), sender.round() as usize - 1);
    }
}

#[test]
fn a_damaged_picture_of_a_stream_is_passed_over() {
    let sender = sender();
    let mut bytes = jpeg(&sender, 0);
    let mut damaged = jpeg(&sender, 1);
    damaged[20..60].fill(7);
    bytes.extend(damaged);
    bytes.extend(jpeg(&sender, 2));
    let found = streamed(&bytes, 100).expect("a stream");
    assert!(found.contains(&sender.text(0)) && found.contains(&sender.text(2)));
}

#[test]
fn whoever_has_enough_stops() {
    let sender = sender();
    let (scale, rate) = (Scale::new(2).expect("a scale"), Rate::new(5).expect("a rate"));
    let mut seen = 0;
    let mut stop = |_: &Luma| {
        seen += 1;
        Flow::Break(())
    };
    for file in
        [draw::gif(&sender, scale, rate), draw::apng(&sender, scale, rate), jpeg(&sender, 0)]
    {
        assert_eq!(picture(&file, &Limits::default(), &mut stop).expect("a picture"), 1);
    }
    assert_eq!(
        stream(Cursor::new(y4m(&sender, "Cmono")), &Limits::default(), stop).expect("one"),
        1
    );
    assert_eq!(seen, 4);
}

#[test]
fn sizes_are_refused_before_memory_is_taken_for_them() {
    let sender = sender();
    let small = Limits { pixels: 10_000, pictures: 2 };
    let (scale, rate) = (Scale::new(3).expect("a scale"), Rate::new(5).expect("a rate"));
    let sheet = draw::Sheet { heading: "", lines: &[], command: "" };
    let files = [
        draw::png(&sender.frame(0), scale),
        draw::gif(&sender, scale, rate),
        draw::apng(&sender, scale, rate),
        jpeg(&sender, 0),
    ];
    let go = |_: &Luma| Flow::Continue(());
    for file in &files {
        let refused = picture(file, &small, go);
        assert!(
            matches!(refused, Err(PictureError::TooLarge { what: "pixels", .. })),
            "{refused:?}"
        );
    }
    let few = Limits { pictures: 2, ..Limits::default() };
    for file in [&files[1], &files[2], &draw::pdf(&sender, &sheet)] {
        let refused = picture(file, &few, go);
        assert!(
            matches!(refused, Err(PictureError::TooLarge { what: "pictures", .. })),
            "{refused:?}"
        );
    }
    for head in ["W100000 H100000", "W18446744073709551615 H18446744073709551615", "W9999999999 H2"]
    {
        let bytes = format!("YUV4MPEG2 {head} C420\nFRAME\n");
        let refused = stream(bytes.as_bytes(), &Limits::default(), go);
        assert!(
            matches!(refused, Err(PictureError::TooLarge { what: "pixels", .. })),
            "{refused:?}"
        );
    }
    // A PNG and a GIF that announce the largest picture there is.
    let mut png = files[0].clone();
    png[16..24].fill(0x7f);
    let mut gif = files[1].clone();
    gif[6..10].fill(0xff);
    for file in [png, gif] {
        let refused = picture(&file, &Limits::default(), go);
        assert!(refused.is_err(), "{refused:?}");
    }
}

#[test]
fn a_pdf_that_unpacks_to_gigabytes_is_refused() {
    use std::io::Write as _;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..600 {
        zlib.write_all(&vec![0xff; 1 << 20]).expect("memory");
    }
    let bomb = zlib.finish().expect("memory");
    let mut pdf = b"%PDF-1.7\n".to_vec();
    for number in 1..=20 {
        pdf.extend(
            format!(
                "{number} 0 obj\n<</Subtype/Image/Width 9/Height 9/BitsPerComponent 8\
             /Filter/FlateDecode/Length {}>>\nstream\n",
                bomb.len()
            )
            .into_bytes(),
        );
        pdf.extend(&bomb);
        pdf.extend(b"\nendstream\nendobj\n");
    }
    let limits = Limits { pixels: 1 << 20, pictures: 100 };
    let begin = Instant::now();
    let refused = picture(&pdf, &limits, |_| Flow::Continue(()));
    assert!(matches!(refused, Err(PictureError::TooLarge { .. })), "{refused:?}");
    assert!(begin.elapsed().as_secs() < 30);
}

#[test]
fn what_is_no_picture_is_said() {
    let go = |_: &Luma| Flow::Continue(());
    for bytes in [b"".as_slice(), b"text", b"BM\0\0", b"RIFF\0\0\0\0WEBP"] {
        assert!(matches!(picture(bytes, &Limits::default(), go), Err(PictureError::Unknown)));
    }
    assert!(matches!(
        stream(b"text".as_slice(), &Limits::default(), go),
        Err(PictureError::Unknown)
    ));
    assert_eq!(stream(b"".as_slice(), &Limits::default(), go).expect("the end"), 0);
    for bytes in [b"\x89PNG\r\n\x1a\n".as_slice(), b"GIF89a", b"\xff\xd8\xff\xe0", b"%PDF-1.7\n"] {
        let refused = picture(bytes, &Limits::default(), go);
        assert!(matches!(refused, Err(PictureError::Broken { .. })), "{refused:?}");
    }
}

/// Files and streams with some bytes changed: whatever becomes of them, it is an answer.
#[test]
fn damaged_files_end_in_an_answer() {
    let sender = sender();
    let (scale, rate) = (Scale::new(1).expect("a scale"), Rate::new(5).expect("a rate"));
    let sheet = draw::Sheet { heading: "", lines: &[], command: "" };
    let files = [
        draw::png(&sender.frame(0), scale),
        draw::gif(&sender, scale, rate),
        draw::apng(&sender, scale, rate),
        draw::pdf(&sender, &sheet),
        jpeg(&sender, 0),
        y4m(&sender, "C420jpeg"),
    ];
    let limits = Limits { pixels: 100_000, pictures: 4 };
    let mut random = Random(99);
    let mut below = |most: usize| (random.share() * most as f64) as usize;
    for file in files {
        for _ in 0..25 {
            let mut bytes = file.clone();
            for _ in 0..=below(4) {
                // Heads are short, and most of the harm can be done there.
                let at =
                    if below(2) == 0 { below(80.min(bytes.len())) } else { below(bytes.len()) };
                bytes[at] = [0, 0xff, 0x7f, 1, below(256) as u8][below(5)];
            }
            bytes.truncate(bytes.len() - [0, below(bytes.len())][below(2)]);
            let mut pictures = 0;
            let mut go = |luma: &Luma| {
                let (width, height) = luma.size();
                assert!(width * height <= limits.pixels);
                pictures += 1;
                if pictures < 3 { Flow::Continue(()) } else { Flow::Break(()) }
            };
            let _ = picture(&bytes, &limits, &mut go);
            let _ = stream(bytes.as_slice(), &limits, go);
        }
    }
}
