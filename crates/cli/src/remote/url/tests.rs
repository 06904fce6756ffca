use super::ServerUrl;

#[test]
fn addresses_are_taken_or_refused_with_advice() {
    let taken = [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://router.internal:8443/", "https://router.internal:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTP://router.internal", "HTTP://router.internal"),
        ("http://gateway/routing/", "http://gateway/routing"),
    ];
    for (given, shown) in taken {
        let url: ServerUrl = given.parse().unwrap_or_else(|why| panic!("{given}: {why}"));
        assert_eq!(url.to_string(), shown);
    }
    let refused = [
        ("", "http://HOST:PORT"),
        ("localhost:8080", "http://HOST:PORT"),
        ("127.0.0.1:8080", "http://HOST:PORT"),
        ("ftp://host", "http://HOST:PORT"),
        ("http://", "http://HOST:PORT"),
        ("http://host:8080/?a=b", "http://HOST:PORT"),
        ("http://ho st", "http://HOST:PORT"),
    ];
    for (given, advice) in refused {
        let why = given.parse::<ServerUrl>().expect_err(given);
        assert!(why.contains(advice), "{given}: {why}");
    }
}
