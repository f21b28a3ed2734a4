//! Pictures, animations, PDFs and streams as nobody should write them.

use std::time::Instant;

use countersign::qr::draw::{self, Rate, Scale};
use countersign::qr::read::{Flow, Limits, Luma, PictureError, picture, stream};
use countersign_tests::photo::Random;
use countersign_tests::pictures::{jpeg, pdf_of, sender, streamed, y4m};

#[test]
fn packings_that_are_not_known_are_named() {
    let file = pdf_of("/Width 9 /Height 9 /Filter /JBIG2Decode", b"any");
    let refused = picture(&file, &Limits::default(), |_| Flow::Continue(()));
    assert!(refused.expect_err("refused").to_string().contains("JBIG2Decode"));
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
