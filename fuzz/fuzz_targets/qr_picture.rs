//! Any bytes as a picture, an animation, a PDF, a stream, or as pixels: no panic, and nothing
//! larger than the limits.
#![no_main]

use countersign::qr::read::{Flow, Limits, Luma, picture, stream};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { pixels: 1 << 16, pictures: 10 };

fn look(luma: &Luma) -> Flow {
    let (width, height) = luma.size();
    assert!(width * height <= LIMITS.pixels);
    let _ = luma.codes();
    Flow::Continue(())
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(count) = picture(bytes, &LIMITS, look) {
        assert!(count <= LIMITS.pictures);
    }
    let _ = stream(bytes, &LIMITS, look);
    if let Some((width, pixels)) = bytes.split_first() {
        let width = usize::from(*width);
        let height = pixels.len().min(LIMITS.pixels).checked_div(width).unwrap_or_default();
        if let Some(luma) = Luma::new(width, height, pixels[..width * height].to_vec()) {
            let _ = look(&luma);
        }
    }
});
