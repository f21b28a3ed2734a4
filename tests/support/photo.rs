//! Photographs of codes, made by calculation: what a camera of 720 lines sees of a screen that is
//! tilted, out of focus, badly lit. The same seed gives the same picture.

use countersign::qr::read::{Limits, Luma, jpeg};
use countersign::qr::{Symbol, draw};
use jpeg_encoder::{ColorType, Encoder};

/// Width and height of a photograph, in pixels.
pub const SIZE: (usize, usize) = (1280, 720);

/// Under which conditions a photograph is made.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// What they are called.
    pub name: &'static str,
    /// Share of the picture's height that the code fills.
    pub fill: f64,
    /// Turn in the plane, in degrees; each picture up to this, either way.
    pub turn: f64,
    /// Tilt out of the plane, in degrees; each picture just this, in any direction.
    pub tilt: f64,
    /// Blur: standard deviation, in pixels.
    pub blur: f64,
    /// Brightness of black and of white, 0 to 255.
    pub black_white: (f64, f64),
    /// Noise: standard deviation, in steps of brightness.
    pub noise: f64,
    /// Quality of the JPEG, 1 to 100.
    pub quality: u8,
    /// Brightness of a lamp's reflection.
    pub glare: f64,
    /// How deep the screen's own pixels are seen, 0 to 1.
    pub moire: f64,
}

/// A good picture; the others differ from it by what their name says.
const GOOD: Conditions = Conditions {
    name: "good",
    fill: 0.9,
    turn: 3.0,
    tilt: 5.0,
    blur: 0.6,
    black_white: (30.0, 225.0),
    noise: 4.0,
    quality: 90,
    glare: 0.0,
    moire: 0.0,
};

/// What is measured.
pub const ALL: [Conditions; 12] = [
    GOOD,
    Conditions {
        name: "medium",
        turn: 8.0,
        tilt: 12.0,
        blur: 1.2,
        noise: 10.0,
        quality: 75,
        ..GOOD
    },
    Conditions {
        name: "poor",
        turn: 15.0,
        tilt: 20.0,
        blur: 1.9,
        noise: 20.0,
        quality: 50,
        black_white: (50.0, 190.0),
        ..GOOD
    },
    Conditions { name: "rotated", fill: 0.68, turn: 180.0, ..GOOD },
    Conditions { name: "skewed", tilt: 35.0, fill: 0.8, ..GOOD },
    Conditions { name: "blurred", blur: 2.2, ..GOOD },
    Conditions { name: "low contrast", black_white: (100.0, 145.0), ..GOOD },
    Conditions { name: "noise", noise: 40.0, ..GOOD },
    Conditions { name: "JPEG", quality: 12, ..GOOD },
    Conditions { name: "glare", glare: 170.0, ..GOOD },
    Conditions { name: "moiré", moire: 0.6, ..GOOD },
    Conditions { name: "small", fill: 0.5, ..GOOD },
];

impl Conditions {
    /// The conditions of this name.
    ///
    /// # Panics
    /// Where there are none.
    pub fn named(name: &str) -> Self {
        ALL.into_iter().find(|c| c.name == name).expect("conditions of that name")
    }

    /// A photograph of the code, as the JPEG that the camera gives.
    ///
    /// # Panics
    /// Never: the sizes are fixed.
    pub fn jpeg(&self, symbol: &Symbol, seed: u64) -> Vec<u8> {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut light = self.expose(symbol, &mut random);
        blur(&mut light, self.blur);
        let lamp = (random.up_to(SIZE.0 as f64 * 0.2), random.up_to(SIZE.1 as f64 * 0.3));
        let pixels: Vec<u8> = (0..SIZE.0 * SIZE.1)
            .map(|at| {
                let (x, y) = ((at % SIZE.0) as f64, (at / SIZE.0) as f64);
                let (dx, dy) = (x - SIZE.0 as f64 / 2.0 - lamp.0, y - SIZE.1 as f64 / 2.0 - lamp.1);
                let glare = self.glare * (-(dx * dx + dy * dy) / (2.0 * 110.0 * 110.0)).exp();
                (light[at] + glare + self.noise * random.normal()).clamp(0.0, 255.0) as u8
            })
            .collect();
        let mut out = Vec::new();
        Encoder::new(&mut out, self.quality)
            .encode(&pixels, SIZE.0 as u16, SIZE.1 as u16, ColorType::Luma)
            .expect("memory takes everything");
        out
    }

    /// The same, decoded.
    ///
    /// # Panics
    /// Where our own reader does not read the JPEG.
    pub fn photograph(&self, symbol: &Symbol, seed: u64) -> Luma {
        jpeg(&self.jpeg(symbol, seed), &Limits::default()).expect("a JPEG")
    }

    /// The light that falls on each pixel.
    fn expose(&self, symbol: &Symbol, random: &mut Random) -> Vec<f64> {
        let outer = (symbol.width() + 2 * draw::QUIET) as f64;
        let to_screen = self.view(random);
        let at = |x: f64, y: f64| {
            let (u, v) = to_screen.apply(x, y);
            let (u, v) = ((u + 1.0) / 2.0 * outer, (v + 1.0) / 2.0 * outer);
            let module = |w: f64| (w >= 4.0).then_some((w - 4.0) as usize);
            let dark = matches!((module(u), module(v)), (Some(x), Some(y)) if symbol.is_dark(x, y));
            let light = if dark { self.black_white.0 } else { self.black_white.1 };
            // Four pixels of the screen to a module, with dark lines between them.
            let line = |w: f64| 0.5 + 0.5 * (w * 4.0 * std::f64::consts::TAU).cos();
            light * (1.0 - self.moire * (line(u) + line(v)) / 2.0)
        };
        let mut light = Vec::with_capacity(SIZE.0 * SIZE.1);
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let part = |dx: f64, dy: f64| at(x as f64 + dx, y as f64 + dy);
                light.push(
                    (part(0.25, 0.25) + part(0.75, 0.25) + part(0.25, 0.75) + part(0.75, 0.75))
                        / 4.0,
                );
            }
        }
        light
    }

    /// From a pixel to a place on the screen, whose code reaches from -1 to 1.
    fn view(&self, random: &mut Random) -> Projection {
        const DISTANCE: f64 = 4.0;
        let turn = random.up_to(self.turn).to_radians();
        let (tilt, direction) = (self.tilt.to_radians(), random.up_to(180.0).to_radians());
        // Turn in the plane, then tilt about an axis in it (Rodrigues' rotation formula).
        let (ax, ay) = (direction.cos(), direction.sin());
        let (c, s) = (tilt.cos(), tilt.sin());
        let rotate = |x: f64, y: f64| {
            let along = ax * x + ay * y;
            let out = ax * y - ay * x;
            (x * c + ax * along * (1.0 - c), y * c + ay * along * (1.0 - c), out * s)
        };
        let first = rotate(turn.cos(), turn.sin());
        let second = rotate(-turn.sin(), turn.cos());
        let focal = self.fill * SIZE.1 as f64 / 2.0 * DISTANCE;
        let (cx, cy) =
            (SIZE.0 as f64 / 2.0 + random.up_to(9.0), SIZE.1 as f64 / 2.0 + random.up_to(9.0));
        let row = |a: f64, b: f64, t: f64, centre: (f64, f64, f64)| {
            [focal * a + centre.0, focal * b + centre.1, focal * t + centre.2]
        };
        let depth = (first.2, second.2, DISTANCE);
        let scaled = |by: f64| (depth.0 * by, depth.1 * by, depth.2 * by);
        Projection([
            row(first.0, second.0, 0.0, scaled(cx)),
            row(first.1, second.1, 0.0, scaled(cy)),
            [depth.0, depth.1, depth.2],
        ])
        .inverse()
    }
}

/// A projective map of the plane.
struct Projection([[f64; 3]; 3]);

impl Projection {
    fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let row = |r: &[f64; 3]| r[0] * x + r[1] * y + r[2];
        let [a, b, c] = &self.0;
        (row(a) / row(c), row(b) / row(c))
    }

    /// The inverse, up to a factor, which a projective map does not have.
    fn inverse(&self) -> Self {
        let m = &self.0;
        let minor = |r: usize, c: usize| {
            let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
            m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
        };
        Self(std::array::from_fn(|r| std::array::from_fn(|c| minor(c, r))))
    }
}

/// Blurs in both directions.
fn blur(light: &mut [f64], deviation: f64) {
    let reach = (3.0 * deviation).ceil() as isize;
    let weight = |d: isize| (-(d * d) as f64 / (2.0 * deviation * deviation)).exp();
    let weights: Vec<f64> = (-reach..=reach).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    let (width, height) = (SIZE.0 as isize, SIZE.1 as isize);
    for (dx, dy) in [(1, 0), (0, 1)] {
        let before = light.to_vec();
        for y in 0..height {
            for x in 0..width {
                let near = weights.iter().zip(-reach..=reach).map(|(weight, d)| {
                    let (x, y) =
                        ((x + d * dx).clamp(0, width - 1), (y + d * dy).clamp(0, height - 1));
                    weight * before[(y * width + x) as usize]
                });
                light[(y * width + x) as usize] = near.sum::<f64>() / sum;
            }
        }
    }
}

/// Numbers that only look random (xorshift64*).
pub struct Random(pub u64);

impl Random {
    /// The next number, 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Between minus and plus `most`.
    fn up_to(&mut self, most: f64) -> f64 {
        (2.0 * self.share() - 1.0) * most
    }

    /// Close to a normal distribution: the sum of twelve even ones.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}
