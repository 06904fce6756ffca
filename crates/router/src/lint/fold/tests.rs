use super::fold;

#[test]
fn texts_are_equal_but_for_case_punctuation_and_blanks() {
    let mut wrong = Vec::new();
    for (a, b, equal) in [
        ("Where is my bill?", "where is my bill", true),
        ("  where  is\tmy bill ", "where is my bill", true),
        ("I can't log in.", "i cant log in", true),
        ("I can’t log in", "I can't log in!", true),
        ("(where) \"is\" my – bill…", "where is my bill", true),
        ("ÄRGER", "ärger", true),
        ("¿dónde está?", "dónde está", true),
        ("cancel", "cancel it", false),
        ("is it 3.5", "is it 35", false),
        ("learn c++", "learn c#", false),
        ("what is 2+2", "what is 2-2", false),
        ("well-known", "well known", false),
        ("?", "!", false),
        ("?", "?", true),
    ] {
        if (fold(a) == fold(b)) != equal {
            wrong.push(format!("{a:?} {b:?}: {:?} {:?}", fold(a), fold(b)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
