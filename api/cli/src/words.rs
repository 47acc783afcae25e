//! Lines and their words: separated by blanks, quoted where they contain some.

/// The words of a line; none if a quote has no end.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (letter, Some(end)) if letter == end => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(letters.next()),
            (letter, Some(_)) => word.get_or_insert_default().push(letter),
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, None) if letter.is_whitespace() => words.extend(word.take()),
            (letter, None) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// A text as one word of a line.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |letter: char| !letter.is_whitespace() && !matches!(letter, '"' | '\'' | '\\');
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let escaped: String = text
        .chars()
        .flat_map(|letter| matches!(letter, '"' | '\\').then_some('\\').into_iter().chain([letter]))
        .collect();
    format!("\"{escaped}\"")
}

/// Whether a line goes on in the next one.
pub(crate) fn goes_on(line: &str) -> bool {
    let backslashes = line.chars().rev().take_while(|letter| *letter == '\\').count();
    backslashes % 2 == 1
}

/// Words in as few rows as fit a width, down the columns: two blanks between them.
pub(crate) fn columns(words: &[&str], width: usize) -> Vec<String> {
    (1..=words.len()).map(|rows| arrange(words, rows)).find(|rows| fits(rows, width)).unwrap_or_default()
}

/// Whether rows fit a width, or cannot be made narrower.
fn fits(rows: &[String], width: usize) -> bool {
    rows.iter().all(|row| row.chars().count() <= width || !row.contains("  "))
}

fn arrange(words: &[&str], rows: usize) -> Vec<String> {
    let columns: Vec<&[&str]> = words.chunks(rows).collect();
    let widths =
        columns.iter().map(|column| column.iter().map(|word| word.chars().count()).max().unwrap_or(0));
    let widths: Vec<usize> = widths.collect();
    (0..rows)
        .map(|row| {
            let cells = columns.iter().zip(&widths);
            let cells = cells.filter_map(|(column, width)| Some(format!("{:width$}", column.get(row)?)));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap()
    }

    #[test]
    fn blanks_separate_words_unless_quoted() {
        assert_eq!(words("  bridge create\tname 'red wine'"), ["bridge", "create", "name", "red wine"]);
        assert_eq!(words(r#"name "it's" empty """#), ["name", "it's", "empty", ""]);
        assert_eq!(words(r#"a\ b "\"" '\'"#), ["a b", "\"", "\\"]);
        assert_eq!(split("name 'red"), None);
    }

    #[test]
    fn a_backslash_at_the_end_asks_for_more() {
        assert!(goes_on("bridge create \\"));
        assert!(!goes_on("bridge create \\\\"));
        assert!(!goes_on(""));
    }

    #[test]
    fn words_go_down_the_columns() {
        assert_eq!(columns(&["a", "bb", "c"], 76), ["a  bb  c"]);
        assert_eq!(columns(&["a", "bb", "c"], 5), ["a   c", "bb"]);
        assert_eq!(columns(&["abc", "d"], 2), ["abc", "d"]);
        assert!(columns(&[], 76).is_empty());
    }

    proptest! {
        #[test]
        fn quoted_texts_come_back(texts in prop::collection::vec(".*", 0..5)) {
            let line = texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(split(&line), Some(texts));
        }
    }
}
