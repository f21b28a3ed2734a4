//! A camera (Video4Linux). The kernel's driver and this file are all there is between a camera
//! and the reader of pictures.

use std::io;
use std::path::Path;
use std::time::Duration;

use linuxvideo::format::{PixFormat, PixelFormat};
use linuxvideo::{BufType, Device};

use super::super::{Exit, Failure};
use super::tty::{Key, Keys};
use crate::qr::read::{self, Flow, Limits, Luma};

/// The size that is asked for; drivers take the nearest that they have.
const SIZE: (u32, u32) = (1280, 720);
/// How long a key waits while no picture comes.
const PATIENCE: Duration = Duration::from_millis(10);

/// The forms of pictures that are understood, the best first: a USB 2 camera has 30 pictures of
/// this size in a second as JPEG, and 10 as YUYV.
const FORMS: [PixelFormat; 3] = [PixelFormat::MJPG, PixelFormat::JPEG, PixelFormat::YUYV];

/// How a camera's bytes are a picture.
struct Layout {
    form: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
}

/// Hands every picture of a camera to `each`, until that says stop or a person has enough.
///
/// # Errors
/// [`Failure`] where it is no camera, has no form of pictures that is understood, or fails.
pub(super) fn watch(
    device: &Path,
    keys: &Keys,
    each: &mut dyn FnMut(&Luma) -> Flow,
) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let text = format!("the camera {} cannot be used", device.display());
        Failure::new(Exit::Failed, anyhow::Error::new(error).context(text))
            .hint("is another program using it? may you? (group video)")
    };
    let camera = Device::open(device).map_err(failed)?;
    let offered: Vec<PixelFormat> = camera
        .formats(BufType::VIDEO_CAPTURE)
        .map(|form| form.map(|form| form.pixel_format()))
        .collect::<io::Result<_>>()
        .map_err(failed)?;
    let Some(form) = choose(&offered) else {
        let text = format!("the camera {} gives neither MJPEG nor YUYV", device.display());
        return Err(Failure::say(Exit::Failed, text)
            .hint("ffmpeg -f v4l2 -i DEVICE -f yuv4mpegpipe - | … qr scan -"));
    };
    let asked = PixFormat::new(SIZE.0, SIZE.1, form);
    let camera = camera.video_capture(asked).map_err(failed)?;
    let layout = Layout::of(camera.format());
    let mut stream = camera.into_stream().map_err(failed)?;
    loop {
        let patience = if stream.will_block().map_err(failed)? { PATIENCE } else { Duration::ZERO };
        if keys.press(patience)? == Some(Key::Quit) {
            return Ok(());
        }
        if stream.will_block().map_err(failed)? {
            continue;
        }
        let picture = stream
            .dequeue(|bytes| Ok(if bytes.is_error() { None } else { layout.picture(&bytes) }))
            .map_err(failed)?;
        if picture.is_some_and(|picture| each(&picture).is_break()) {
            return Ok(());
        }
    }
}

fn choose(offered: &[PixelFormat]) -> Option<PixelFormat> {
    FORMS.into_iter().find(|form| offered.contains(form))
}

impl Layout {
    fn of(format: &PixFormat) -> Self {
        let number = |n: u32| usize::try_from(n).unwrap_or_default();
        Self {
            form: format.pixel_format(),
            width: number(format.width()),
            height: number(format.height()),
            stride: number(format.bytes_per_line()),
        }
    }

    /// The picture; none where the bytes are not what the driver announced: cameras drop some.
    fn picture(&self, bytes: &[u8]) -> Option<Luma> {
        let Self { form, width, height, stride } = *self;
        if form == PixelFormat::YUYV {
            Luma::from_yuyv(width, height, stride, bytes)
        } else {
            read::jpeg(bytes, &Limits::default()).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::draw::{self, Scale};
    use crate::qr::{Density, Parcel, Sender};

    /// A code, as grey pixels.
    fn code() -> (String, Luma) {
        let parcel = Parcel::new(vec![("a".into(), b"hello".to_vec())]).expect("a parcel");
        let sender = Sender::new(&parcel, Density::Low).expect("a sender");
        let png = draw::png(&sender.frame(0), Scale::new(6).expect("6 pixels"));
        let mut grey = None;
        read::picture(&png, &Limits::default(), |picture| {
            grey = Some(picture.clone());
            std::ops::ControlFlow::Break(())
        })
        .expect("a picture");
        (sender.text(0), grey.expect("one"))
    }

    #[test]
    fn the_bytes_of_cameras_become_pictures() {
        let (text, grey) = code();
        let (width, height) = grey.size();
        let row = |row: &[u8]| {
            let row: Vec<u8> = row.iter().flat_map(|y| [*y, 128]).collect();
            [row, vec![7; 10]].concat()
        };
        let yuyv: Vec<u8> = grey.pixels().chunks(width).flat_map(row).collect();
        let layout = Layout { form: PixelFormat::YUYV, width, height, stride: 2 * width + 10 };
        assert_eq!(layout.picture(&yuyv).expect("whole").codes(), [text]);
        assert!(layout.picture(&yuyv[..yuyv.len() / 2]).is_none(), "half a picture");
        let layout = Layout { form: PixelFormat::MJPG, width, height, stride: 0 };
        assert!(layout.picture(b"no picture").is_none());
    }

    #[test]
    fn of_what_a_camera_offers_the_fastest_is_chosen() {
        assert_eq!(choose(&[PixelFormat::YUYV, PixelFormat::MJPG]), Some(PixelFormat::MJPG));
        assert_eq!(choose(&[PixelFormat::YUYV]), Some(PixelFormat::YUYV));
        assert_eq!(choose(&[]), None);
    }
}
