//! Pictures, animations, PDFs and streams as other programs write them.

use std::fs;
use std::io::Cursor;
use std::process::{Command, Stdio};

use countersign::qr::draw::{self, Rate, Scale};
use countersign::qr::read::{Flow, Limits, Luma, picture, stream};
use countersign_tests::pictures::{all_texts, jpeg, pdf_of, sender, streamed, texts, y4m};
use countersign_tests::skip;

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
