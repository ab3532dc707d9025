//! Descriptions, in which much crosses the boundary at once: letters, each followed by what it says.

use std::str::Chars;

/// A description, as far as it is not read yet.
pub struct Tape<'a>(Chars<'a>);

impl<'a> Tape<'a> {
    pub fn new(text: &'a str) -> Self {
        Self(text.chars())
    }

    /// The next letter.
    pub fn letter(&mut self) -> Option<char> {
        self.0.next()
    }

    /// Whether this letter comes next. It is skipped.
    pub fn skips(&mut self, letter: char) -> bool {
        let is_next = self.0.as_str().starts_with(letter);
        if is_next {
            self.0.next();
        }
        is_next
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a str {
        self.0.as_str()
    }

    /// Whether all is read.
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// A number and the colon after it.
    pub fn number(&mut self) -> usize {
        let digits = self.0.by_ref().map_while(|digit| digit.to_digit(10));
        digits.fold(0, |number, digit| number * 10 + digit as usize)
    }

    /// A text, after its length in UTF-16 units.
    pub fn text(&mut self) -> &'a str {
        let mut left = self.number();
        let rest = self.0.as_str();
        let mut end = left;
        if !rest.as_bytes().get(..left).is_some_and(<[u8]>::is_ascii) {
            end = 0;
            for next in rest.chars() {
                if left == 0 {
                    break;
                }
                left = left.saturating_sub(next.len_utf16());
                end += next.len_utf8();
            }
        }
        // No slice by an index here: what reports a wrong one would be a tenth of the module.
        let (text, rest) = rest.split_at_checked(end).unwrap_or_default();
        self.0 = rest.chars();
        text
    }
}

/// Adds a text, so that JavaScript can read it, or that there is none.
pub fn describe(text: Option<&str>, description: &mut String) {
    let Some(text) = text else {
        return description.push('u');
    };
    description.push('s');
    let units = if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    };
    description.push_str(&units.to_string());
    description.push(':');
    description.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_javascript_says() {
        let mut tape = Tape::new("s5:a😀é:s0:s2:10.");
        let mut texts = Vec::new();
        while tape.skips('s') {
            texts.push(tape.text());
        }
        assert_eq!(texts, ["a😀é:", "", "10"]);
        assert_eq!(tape.letter(), Some('.'));
        assert!(tape.is_empty());
    }

    #[test]
    fn what_is_described_is_read() {
        let mut description = String::new();
        for text in [Some("a😀"), None, Some("")] {
            describe(text, &mut description);
        }
        assert_eq!(description, "s3:a😀us0:");
    }

    #[test]
    fn what_breaks_off_is_read_as_far_as_it_goes() {
        assert_eq!(Tape::new("9:abc").text(), "abc");
        assert_eq!(Tape::new("9").text(), "");
        assert_eq!(Tape::new("").text(), "");
    }
}
