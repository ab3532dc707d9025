//! Parses the supported part of AIP-160 filters: equality on text fields, joined by `AND`. Everything else
//! is refused. If it were ignored, the list would contain rows that the caller did not ask for.

use std::iter::Peekable;
use std::str::Chars;

/// How many conditions a filter may have. SQLite accepts about a thousand.
pub const MOST_CONDITIONS: usize = 100;

/// One condition: a field's path and the text that it must equal.
pub type Condition = (Vec<String>, String);

/// Parses a filter into its conditions, all of which must hold. Returns [`None`] if it is not supported.
pub fn parse(text: &str) -> Option<Vec<Condition>> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let mut conditions = Vec::new();
    while tokens.peek().is_some() {
        if !conditions.is_empty() && tokens.next()? != Token::Word("AND".into()) {
            return None;
        }
        let Token::Word(field) = tokens.next()? else {
            return None;
        };
        let mut path = vec![field];
        while tokens.next_if_eq(&Token::Dot).is_some() {
            let (Token::Word(field) | Token::Text(field)) = tokens.next()? else {
                return None;
            };
            path.push(field);
        }
        if tokens.next()? != Token::Equals {
            return None;
        }
        let value = match tokens.next()? {
            Token::Text(value) => value,
            Token::Word(value) if !is_reserved(&value) => value,
            _ => return None,
        };
        if conditions.len() == MOST_CONDITIONS {
            return None;
        }
        conditions.push((path, value));
    }
    Some(conditions)
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Dot,
    Equals,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut characters = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            ' ' | '\t' => continue,
            '.' => Token::Dot,
            '=' => Token::Equals,
            '"' | '\'' => Token::Text(quoted(&mut characters, character)?),
            _ if is_word(character) => {
                let mut word = String::from(character);
                while let Some(more) = characters.next_if(|next| is_word(*next)) {
                    word.push(more);
                }
                Token::Word(word)
            }
            _ => return None,
        });
    }
    Some(tokens)
}

/// Whether an unquoted word is not simply text, but a keyword or a negation.
fn is_reserved(word: &str) -> bool {
    matches!(word, "AND" | "OR" | "NOT") || word.starts_with('-')
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-')
}

fn quoted(characters: &mut Peekable<Chars<'_>>, quote: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match characters.next()? {
            '\\' => text.push(characters.next()?),
            character if character == quote => return Some(text),
            character => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equalities_are_parsed() {
        let one = |path: &[&str], value: &str| {
            let path = path.iter().map(|field| (*field).to_owned()).collect();
            (path, value.to_owned())
        };
        for (text, expected) in [
            ("", vec![]),
            ("displayName = \"a b\"", vec![one(&["displayName"], "a b")]),
            ("displayName=deploy", vec![one(&["displayName"], "deploy")]),
            (
                "annotations.team = 'infra' AND prefix=\"fw_\"",
                vec![
                    one(&["annotations", "team"], "infra"),
                    one(&["prefix"], "fw_"),
                ],
            ),
            (
                r#"annotations."a.b" = "say \"hi\" \\ AND""#,
                vec![one(&["annotations", "a.b"], r#"say "hi" \ AND"#)],
            ),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "displayName",
            "displayName =",
            "= x",
            "a = b c = d",
            "a = b OR c = d",
            "a = b AND",
            "AND a = b",
            "NOT a = b",
            "a != b",
            "a > b",
            "a : b",
            "(a = b)",
            "a = \"b",
            "a..b = c",
            "a. = c",
            "\"a\" = b",
            "a = *",
            "a = AND",
            "a = NOT b",
            "a = -b",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_number_of_conditions_is_limited() {
        let joined = |count: usize| vec!["a = b"; count].join(" AND ");
        assert!(parse(&joined(MOST_CONDITIONS)).is_some());
        assert_eq!(parse(&joined(MOST_CONDITIONS + 1)), None);
    }
}
