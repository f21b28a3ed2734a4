//! A backup's words on the screen, and typed back.

use std::io;

use countersign::qr::{Symbol, draw};
use zeroize::Zeroizing;

use crate::backup::{Collected, Collection, Passphrase, ShareError, Split, Typed};
use crate::console::Ceremony;

use super::CeremonyError;

/// Shows the words of a new backup, or of its shares one after another, and has each typed back:
/// what was not typed back is not written down. Returns the passphrase as it was typed.
pub(super) fn hand_out(
    console: &mut impl Ceremony,
    passphrase: &Passphrase,
    split: Option<Split>,
) -> Result<Passphrase, CeremonyError> {
    let mark = passphrase.mark();
    let Some(split) = split else {
        console.show(&format!(
            "\nThe words of backup {mark}. Write them down on paper, with this mark; whoever has \
             them and the file has the key.\n\n"
        ));
        return until_typed_back(console, &passphrase.words(), |typed| match typed {
            Typed::Passphrase(typed) if typed == *passphrase => Some(typed),
            Typed::Passphrase(_) | Typed::Share(_) => None,
        });
    };
    let mut collection = Collection::default();
    let mut whole = None;
    for share in split.split(passphrase)? {
        console.show(&format!(
            "\nShare {} of backup {mark}; any {split} shares open it. Only the one who keeps this \
             share should look: write it down, with mark and number.\n\n",
            share.number(),
        ));
        let typed = until_typed_back(console, &share.words(), |typed| match typed {
            Typed::Share(typed) if typed == share => Some(typed),
            Typed::Share(_) | Typed::Passphrase(_) => None,
        })?;
        if whole.is_none()
            && let Collected::Whole(passphrase) = collection.add(typed)?
        {
            whole = Some(passphrase);
        }
    }
    whole.ok_or(CeremonyError::Share(ShareError::Unfit))
}

fn until_typed_back<T>(
    console: &mut impl Ceremony,
    words: &str,
    mut same: impl FnMut(Typed) -> Option<T>,
) -> Result<T, CeremonyError> {
    if let Some(code) = code(words) {
        console
            .show("The same words for a printer or scanner that is offline, never a telephone:\n");
        console.show(&code);
    }
    console.show(&table(words));
    let result = loop {
        let typed = console.words("\nType them back: ")?.ok_or(CeremonyError::NotTypedBack)?;
        match Typed::read(&typed).map(&mut same) {
            Ok(Some(typed)) => break typed,
            Ok(None) => console.show("These are other words than those on the screen.\n"),
            Err(error) => console.show(&format!("{}.\n", upper(&error))),
        }
    };
    console.wipe();
    console.show("They are right.\n");
    Ok(result)
}

/// Asks for the words of a passphrase, or of as many shares as it takes.
pub(super) fn ask(console: &mut impl Ceremony) -> Result<Passphrase, CeremonyError> {
    let mut collection = Collection::default();
    let mut missing = None;
    loop {
        let question = match missing {
            None => "\nThe words of the backup, or of one share of them: ".to_owned(),
            Some(1) => "\nThe words of one more share: ".to_owned(),
            Some(n) => format!("\nThe words of another share, {n} are missing: "),
        };
        let Some(typed) = console.words(&question)? else {
            return Err(CeremonyError::NoWords { missing });
        };
        let share = match Typed::read(&typed) {
            Ok(Typed::Passphrase(passphrase)) => return Ok(passphrase),
            Ok(Typed::Share(share)) => share,
            Err(error) => {
                console.show(&format!("{}.\n", upper(&error)));
                continue;
            }
        };
        match collection.add(share) {
            Ok(Collected::Whole(passphrase)) => return Ok(passphrase),
            Ok(Collected::Missing(n)) => {
                console.show("It is right.\n");
                missing = Some(n);
            }
            Err(error) => console.show(&format!("{}.\n", upper(&error))),
        }
    }
}

/// Numbered words, four to a line.
fn table(words: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(40 * 24));
    for (at, word) in words.split(' ').enumerate() {
        text.push_str(&format!("{:>4} {word:<14}", at + 1));
        if at % 4 == 3 {
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

/// The words as a QR code, in capitals: so it is smallest, and readers take them like that.
fn code(words: &str) -> Option<Zeroizing<String>> {
    let capitals = Zeroizing::new(words.to_uppercase());
    Symbol::of_text(&capitals).map(|symbol| Zeroizing::new(draw::terminal(&symbol)))
}

fn upper(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

impl From<io::Error> for CeremonyError {
    fn from(error: io::Error) -> Self {
        Self::Console(error)
    }
}
